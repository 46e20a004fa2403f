"""Which content of a partition was known when: late data and corrections add a revision, nothing is overwritten."""

import json
from collections.abc import Mapping
from datetime import datetime

from driftgate.errors import Conflict
from driftgate.lake.store import Store
from driftgate.records import Record, parse_record

ATTEMPTS = 5  # writers of one partition at once


class Revision(Record):
    """The content of a partition from ``known_at`` on (wall-clock of the project), until the next revision."""

    schema_version: int = 1
    number: int
    manifest: str
    known_at: datetime


def add_revision(store: Store, path: str, digest: str, known_at: datetime) -> Revision:
    """Record that the partition ``path`` has the content ``digest`` since ``known_at`` and return the record.

    Content that is the newest already keeps its first time: publishing it again is no news. Time never runs back from
    one revision to the next.

    :raises Conflict: other writers were faster again and again
    """
    for _ in range(ATTEMPTS):
        known = revisions(store, path)
        if known and known[-1].manifest == digest:
            return known[-1]
        since = max(known_at, known[-1].known_at) if known else known_at
        revision = Revision(number=known[-1].number + 1 if known else 1, manifest=digest, known_at=since)
        if store.create(f"{path}/revisions/{revision.number:06d}.json", revision.canonical()):
            return revision
    raise Conflict(f"{store.uri(path)} is being published by others; try again.")


def revisions(store: Store, path: str) -> list[Revision]:
    """Return the revisions of the partition ``path``, oldest first; none when nothing was published with a time."""
    return [
        parse_record(json.loads(store.read(name)), Revision, where=store.uri(name))
        for name in store.list(f"{path}/revisions")
    ]


def replace_revisions(store: Store, path: str, replaced: Mapping[str, str]) -> None:
    """Have the revisions of the partition ``path`` name other manifests, known since the same moments."""
    for revision in revisions(store, path):
        if revision.manifest in replaced:
            other = revision.model_copy(update={"manifest": replaced[revision.manifest]})
            store.write(f"{path}/revisions/{revision.number:06d}.json", other.canonical())


def as_of(store: Store, path: str, moment: datetime) -> Revision | None:
    """Return the revision of the partition ``path`` that was the newest one at ``moment``; None before the first."""
    return next((one for one in reversed(revisions(store, path)) if one.known_at <= moment), None)
