"""The store of lineage records: one hash chain per stream, append-only objects in the lake.

Record N is the object ``lineage/<stream>/<N, eight digits>.json``. It is created only if absent, so of many writers
exactly one takes each place and the others move on to the next: a chain cannot fork and no record is lost.
``head.json`` beside them remembers how far the chain had come. A removed record, the newest ones included, therefore
leaves a gap that ``verify`` sees, and an append does not have to list the stream.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import Store, lake
from driftgate.lineage.facets import own_facet
from driftgate.lineage.record import CHAIN, LineageRecord, content_hash
from driftgate.records import canonical_json

Head = tuple[int, str | None]
"""Sequence and hash of the newest record; (0, None) before the first."""

_STREAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_RECORD = re.compile(r"/(\d{8})\.json$")


def append(store: Store, stream: str, event: dict[str, Any]) -> LineageRecord:
    """Give ``event`` the next free place of the chain ``stream``.

    :raises ConfigError: ``stream`` cannot be a folder name
    """
    sequence, previous = head(store, stream) or _listed_head(store, stream)
    while True:
        sequence += 1
        record = _placed(event, stream, sequence, previous)
        if store.create(path_of(stream, sequence), canonical_json(record.event)):
            store.write(_head_path(stream), canonical_json({"sequence": sequence, "hash": record.hash}))
            return record
        taken = parsed(store, path_of(stream, sequence))  # another writer was first: follow it
        previous = (
            taken.hash if taken else None
        )  # an unreadable record breaks the chain visibly; it never stops the work


def streams() -> list[str]:
    """Return the names of all hash chains."""
    return sorted({path.split("/")[1] for path in lake().list("lineage")})


def read_stream(stream: str) -> list[LineageRecord]:
    """Return all readable records of a chain, oldest first; ``verify`` reports the unreadable ones."""
    store = lake()
    return [record for record in read_all(store, record_paths(store, stream)) if record]


def read_all(store: Store, paths: list[str]) -> list[LineageRecord | None]:
    """Return the record at each path, None where there is no readable one."""
    with ThreadPoolExecutor(16) as pool:  # for S3, where a read is mostly waiting
        return list(pool.map(lambda path: parsed(store, path), paths))


def parsed(store: Store, path: str) -> LineageRecord | None:
    """Return the record at ``path``, or None when there is no readable one."""
    try:
        record = LineageRecord(json.loads(store.read(path)))
        _ = (record.hash, record.previous_hash, record.sequence, record.stream, record.job, record.time)
        _ = (record.inputs, record.outputs)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return record


def head(store: Store, stream: str) -> Head | None:
    """Return how far the chain had come when it was last written, or None when that is not known."""
    try:
        known = json.loads(store.read(_head_path(stream)))
        return int(known["sequence"]), str(known["hash"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def record_paths(store: Store, stream: str) -> list[str]:
    """Return the paths of the records of a chain, oldest first."""
    return [path for path in store.list(_folder(stream)) if _RECORD.search(path)]


def sequence_of(path: str) -> int:
    """Return the place that a record's path names."""
    return int(path[-13:-5])


def path_of(stream: str, sequence: int) -> str:
    """Return the path of one record."""
    return f"{_folder(stream)}/{sequence:08d}.json"


def _listed_head(store: Store, stream: str) -> Head:
    paths = record_paths(store, stream)
    newest = parsed(store, paths[-1]) if paths else None
    return (sequence_of(paths[-1]) if paths else 0, newest.hash if newest else None)


def _placed(event: dict[str, Any], stream: str, sequence: int, previous: str | None) -> LineageRecord:
    facet = own_facet("chain", stream=stream, sequence=sequence, previous_hash=previous)
    run = event["run"]
    placed = {**event, "run": {**run, "facets": {**run["facets"], CHAIN: facet}}}
    facet["hash"] = content_hash(placed)
    return LineageRecord(placed)


def _head_path(stream: str) -> str:
    return f"{_folder(stream)}/head.json"


def _folder(stream: str) -> str:
    if not _STREAM.fullmatch(stream):
        raise ConfigError(f"The lineage stream {stream!r} is no folder name; use letters, digits, '_', '.' and '-'.")
    return uris.lineage(stream)
