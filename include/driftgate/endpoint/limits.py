"""How much a consumer gets: calls per second, rows per day. Counted by each endpoint for itself."""

import asyncio
import math
import threading
import time
from collections.abc import Collection
from weakref import WeakSet

import msgspec

from driftgate.consumers import Consumer
from driftgate.endpoint.refusals import Refused

DAY_SECONDS = 86_400


class _Bucket(msgspec.Struct, gc=False):
    """Tokens: one per call, refilled with time."""

    tokens: float
    at: float


class Rates:
    """Calls per second, up to a burst; for one thread."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, consumer: Consumer, now: float) -> None:
        """Take one call.

        :param now: seconds of a clock that only goes forward
        :raises Refused: 429, with the seconds until there is one
        """
        bucket = self._buckets.get(consumer.id)
        if bucket is None:
            bucket = self._buckets[consumer.id] = _Bucket(consumer.burst, now)
        rate = consumer.requests_per_second
        tokens = min(consumer.burst, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if tokens < 1:
            bucket.tokens = tokens
            raise Refused(
                429,
                f"{consumer.id} may ask {rate:g} times a second; ask again when Retry-After has passed.",
                retry_after=math.ceil((1 - tokens) / rate),
            )
        bucket.tokens = tokens - 1


class DayQuota:
    """Rows per day (UTC); safe to use from several threads.

    :param rows: what was answered on the day of ``now`` so far, by consumer
    """

    def __init__(self, rows: dict[str, int], now: float) -> None:
        self._rows, self._ends_at = dict(rows), _midnight(now)
        self._lock = threading.Lock()

    def take(self, consumer: Consumer, rows: int, now: float | None = None) -> None:
        """Take ``rows``.

        :param now: seconds since 1970
        :raises Refused: 429, there are not so many left, with the seconds until the next day
        """
        bound = consumer.rows_per_day
        if bound is None:
            return
        now = time.time() if now is None else now
        with self._lock:
            if now >= self._ends_at:
                self._rows, self._ends_at = {}, _midnight(now)
            used = self._rows.get(consumer.id, 0)
            if used + rows <= bound:
                self._rows[consumer.id] = used + rows
                return
        raise Refused(
            429,
            f"{consumer.id} has asked {used} of its {bound} rows of this day (UTC), and {rows} more are too many.",
            retry_after=math.ceil(self._ends_at - now),
        )


def _midnight(now: float) -> float:
    """Return when the day of ``now`` ends in UTC."""
    return (now // DAY_SECONDS + 1) * DAY_SECONDS


class Waiting:
    """The requests that are under way, or wait to be looked at; for the event loop's thread."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._leaving = 0
        self.tasks: Collection[asyncio.Task[None]] = ()
        """The server's tasks, one of each request; it forgets one a moment after its answer."""
        self._seen: dict[asyncio.Task[None], float] = {}
        self._given_up: WeakSet[asyncio.Task[None]] = WeakSet()

    def require_room(self) -> None:
        """Raise 429 when too many wait; costs next to nothing while few do."""
        if len(self.tasks) > self._bound and len(self.tasks) - self._leaving > self._bound:
            raise Refused(
                429, f"More than {self._bound} requests wait; ask again when Retry-After has passed.", retry_after=1
            )

    def ended(self) -> None:
        """Note that a request was answered whose task is still among the server's."""
        if len(self.tasks) > self._bound:
            self._leaving += 1
            asyncio.get_running_loop().call_soon(self._left)

    def give_up(self, now: float, seconds: float, busy: "Collection[asyncio.Task[None] | None]") -> None:
        """End the requests that have been here for ``seconds`` and are not ``busy``: a body that does not come.

        Nothing is noted at a request itself, since it would be noted at every one.
        """
        self._seen = {task: self._seen.get(task, now) for task in list(self.tasks)}
        for task, since in self._seen.items():
            if now - since > seconds and task not in busy and task not in self._given_up:
                self._given_up.add(task)
                task.cancel()

    def gave_up_on(self, task: "asyncio.Task[None] | None") -> bool:
        """Return whether this is one that :meth:`give_up` ended; it may then send an answer."""
        if task is None or task not in self._given_up:
            return False
        task.uncancel()
        return True

    def _left(self) -> None:
        self._leaving -= 1
