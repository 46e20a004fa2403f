"""Reading the online store for requests: cached where nothing can change, and never in the way of an answer."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

from driftgate.online.store import Key, OnlineStore, Snapshot, Values

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Result = Literal["exact", "older", "missing"]
MAX_SNAPSHOTS, MAX_VALUES = 1_000, 100_000
# What was known when a day began is final but for an erasure; older values are replaced as soon as newer ones come.
EXACT_SECONDS, OLDER_SECONDS = 30.0, 1.0
MAX_PAUSE_SECONDS = 30.0


class Found(NamedTuple):
    """What a view says of some keys.

    ``exact``: what was known when the day began, also for a key without values: it has none offline either. ``older``:
    the newest of it was known a day or more before. ``missing``: it is too old, or (``away``) the store did not answer.
    """

    result: Result
    values: dict[Key, Values]
    away: bool = False


class Lookups:
    """Reads for one process. Safe to use from several threads.

    :param observe: called with the seconds of every read of the store
    """

    def __init__(
        self,
        store: OnlineStore,
        *,
        observe: Callable[[float], Any] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._observe, self._clock = store, observe, clock
        self._snapshots: OrderedDict[tuple[str, str], tuple[Snapshot | None, float]] = OrderedDict()
        self._values: OrderedDict[tuple[str, str, str, Key], Values | None] = OrderedDict()
        self._lock = threading.Lock()
        self._pause_seconds, self._retry_at = 0.0, 0.0

    def find(self, view: str, day: str, keys: Sequence[Key], *, max_age_days: int) -> Found:
        """Return the values of ``keys`` in the newest snapshot up to ``day``, if it is at most so many days old."""
        try:
            snapshot = self._snapshot(view, day)
            if snapshot is None:
                return Found("missing", {})
            if snapshot.as_of == day:
                return Found("exact", self._values_of(snapshot, keys))
            if _days_between(snapshot.as_of, day) > max_age_days:
                return Found("missing", {})
            return Found("older", self._values_of(snapshot, keys))
        except _Away:
            return Found("missing", {}, away=True)

    def _snapshot(self, view: str, day: str) -> Snapshot | None:
        known = self._snapshots.get((view, day))
        if known is not None and self._clock() < known[1]:
            return known[0]
        try:
            snapshot = self._read(lambda: self._store.newest(view, day))
        except _Away:
            if known is None or known[0] is None:
                raise
            return known[0]
        fresh = EXACT_SECONDS if snapshot and snapshot.as_of == day else OLDER_SECONDS
        self._keep(self._snapshots, [((view, day), (snapshot, self._clock() + fresh))], MAX_SNAPSHOTS)
        return snapshot

    def _values_of(self, snapshot: Snapshot, keys: Sequence[Key]) -> dict[Key, Values]:
        found: dict[Key, Values] = {}
        unknown = []
        view, day, edition = snapshot.view, snapshot.for_day, snapshot.edition  # hashed faster than the snapshot
        for key in keys:
            try:
                values = self._values[view, day, edition, key]
            except KeyError:
                unknown.append(key)
            else:
                if values is not None:
                    found[key] = values
        if unknown:
            read = self._read(lambda: self._store.get_many(snapshot, unknown))
            self._keep(self._values, [((view, day, edition, key), read.get(key)) for key in unknown], MAX_VALUES)
            found |= read
        return found

    def _keep(self, cache: "OrderedDict[Any, Any]", items: Iterable[tuple[Any, Any]], most: int) -> None:
        with self._lock:
            for key, value in items:
                cache[key] = value
                cache.move_to_end(key)
            while len(cache) > most:
                cache.popitem(last=False)

    def _read(self, read: Callable[[], Answer]) -> Answer:
        """Return what the store answers; one that does not is left alone for a while, so that it delays no request."""
        started = self._clock()
        if started < self._retry_at:
            raise _Away
        try:
            answer = read()
        except Exception as error:  # whatever a store can throw: requests are answered without its values
            self._pause_seconds = min(max(2 * self._pause_seconds, 1.0), MAX_PAUSE_SECONDS)
            self._retry_at = self._clock() + self._pause_seconds
            log.warning("The online store does not answer (%s); next try in %.0f s.", error, self._pause_seconds)
            raise _Away from None
        self._pause_seconds = 0.0
        self._observe(self._clock() - started)
        return answer


class _Away(Exception):
    """The store does not answer."""


def _days_between(earlier: str, later: str) -> int:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days
