"""Where entity values live for the endpoint, behind one port: SQLite on a laptop, DynamoDB on AWS.

A *snapshot* is all rows of one view for one day, put as a whole: a reader sees the old one or the new one, never half.
Asking goes in two steps, so that a key without values is told from a day without a snapshot: find the newest snapshot
up to a day, then read keys of it. An older snapshot that is put later never hides a newer one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from driftgate.errors import ConfigError
from driftgate.settings import settings

KEEP_DAYS = 40  # snapshots of one view; the endpoint asks for today's, a skewed night is looked into within a month
Key = tuple[str | int, ...]
Values = dict[str, Any]  # plain JSON, which comes back exactly, floats to the last bit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of one view for one day. What it says of a key never changes: other rows are another ``edition``.

    ``as_of`` is the day at whose beginning the newest of its content was known: ``for_day`` itself, or an earlier one
    when nothing came since. ``digest`` is equal for equal rows, in every store.
    """

    view: str
    for_day: str
    as_of: str
    digest: str
    edition: str


class OnlineStore(Protocol):
    """Snapshots by view and day."""

    def put_many(
        self, view: str, for_day: str, rows: Iterable[tuple[Key, Values]], *, key: Sequence[str], as_of: str = ""
    ) -> Snapshot:
        """Replace the snapshot of ``view`` for ``for_day``, and return the one that is there then.

        The same rows again change nothing, nor do rows of an earlier ``as_of`` than those that are there. The newest
        ``KEEP_DAYS`` days of the view are kept.

        :param key: the names of the key's columns, for :meth:`forget`
        :param as_of: see :class:`Snapshot`; ``for_day`` when not given
        """

    def newest(self, view: str, day: str) -> Snapshot | None:
        """Return the newest snapshot of ``view`` for ``day`` or an earlier day."""

    def get_many(self, snapshot: Snapshot, keys: Sequence[Key]) -> dict[Key, Values]:
        """Return the values of those of ``keys`` that the snapshot has."""

    def forget(self, subject: Mapping[str, str | int]) -> int:
        """Remove the rows about ``subject`` from every snapshot of every view, and return how many there were.

        A row is about the subject when its key has all the subject's columns with these values; the next snapshot is
        made from a history without the subject.
        """

    def expire(self, before: str) -> int:
        """Remove the snapshots for days before ``before``, and return how many there were."""


def get(store: OnlineStore, view: str, key: Key, day: str) -> tuple[str, Values] | None:
    """Return the values of one key in the newest snapshot up to ``day``, with its day; None when it has none."""
    snapshot = store.newest(view, day)
    found = store.get_many(snapshot, [key]) if snapshot else {}
    return (snapshot.for_day, found[key]) if snapshot and key in found else None


def online_store() -> OnlineStore:
    """Return the online store of this environment."""
    return open_online_store(settings().online)


def open_online_store(url: str) -> OnlineStore:
    """Return the store at ``sqlite:///file`` or ``dynamodb://table``.

    :raises ConfigError: another kind of address
    """
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        from driftgate.online.sqlite import SqliteStore

        return SqliteStore(Path(url.removeprefix("sqlite:///")))
    if re.fullmatch(r"dynamodb://[A-Za-z0-9_.-]{3,255}", url):
        from driftgate.online.dynamodb import DynamoStore

        return DynamoStore(url.removeprefix("dynamodb://"))
    raise ConfigError(
        f"The online store {url!r} is neither sqlite:///file nor dynamodb://table; correct 'online' in the settings."
    )
