"""What a dataset version is made from: partitions of the lake, each pinned by the hash of a manifest.

A correction never changes what earlier requests saw, so one partition may be read in several contents: the newest for
the rows of its own day, an older one for the requests of the days before the correction came.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from driftgate.errors import SourceMissing
from driftgate.lake import Revision, Store, read_manifest, revisions
from driftgate.partition_keys import due
from driftgate.records import Record


class Pins(Record):
    """The manifests to read.

    ``requests``: by the path of a partition of the first dataset, the content whose rows are requests and labels.
    ``seen``: by the path of any partition and the day from whose requests on it is seen, the content that they see.
    ``reviewed``: by its path, the set of labels that people gave; not written where there is none.
    """

    requests: dict[str, str]
    seen: dict[str, dict[str, str]]
    reviewed: dict[str, str] = {}

    @model_serializer(mode="wrap")
    def _as_before_reviews(self, serialised: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = serialised(self)
        return written if self.reviewed else {name: written[name] for name in ("requests", "seen")}

    def seen_on(self, path: str, day: str) -> str | None:
        """Return the manifest of the partition ``path`` that the requests of ``day`` see; None where they see none."""
        begun = [first for first in self.seen.get(path, {}) if first <= day]
        return self.seen[path][max(begun)] if begun else None

    @property
    def newest(self) -> dict[str, str]:
        """The newest pinned manifest of every partition."""
        return {path: digests[-1] for path, digests in self._manifests()}

    @property
    def older(self) -> dict[str, tuple[str, ...]]:
        """The other pinned manifests of the partitions that have several, oldest first."""
        return {path: tuple(digests[:-1]) for path, digests in self._manifests() if len(digests) > 1}

    def _manifests(self) -> Iterator[tuple[str, list[str]]]:
        yield from ((path, [digest]) for path, digest in self.reviewed.items())
        for path in sorted({*self.requests, *self.seen}):
            found = [digest for _, digest in sorted(self.seen.get(path, {}).items())]
            newest = self.requests.get(path, found[-1] if found else "")
            yield path, [*dict.fromkeys(digest for digest in found if digest != newest), newest]


def known_revisions(store: Store, path: str, key: str, as_of: datetime | None) -> list[Revision]:
    """Return the contents of the partition ``path`` that were known at ``as_of``, oldest first; None is now.

    A partition that was published without a time counts as known since it was due.
    """
    known = revisions(store, path) or list(_without_time(store, path, key))
    return [one for one in known if as_of is None or one.known_at <= as_of]


def _without_time(store: Store, path: str, key: str) -> Iterator[Revision]:
    try:
        yield Revision(number=1, manifest=read_manifest(store, path).hash, known_at=due(key))
    except SourceMissing:
        return


def known_at(known: Iterable[Revision], moment: datetime) -> str | None:
    """Return the manifest of the newest content that was known at ``moment``."""
    return next((one.manifest for one in reversed(list(known)) if one.known_at <= moment), None)


def arriving(known: list[Revision], moment: datetime) -> str | None:
    """Return the manifest to see of rows that come one by one, each at its own time, as the partition's own day goes.

    It is the content at ``moment``, or the first one where that came later: the rows of a day that is not over.
    """
    return known_at(known, max(moment, known[0].known_at)) if known else None
