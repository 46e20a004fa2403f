"""Compaction: the many small objects of a day that is over become few.

What is read stays the same at every instant: the new object comes first, and captures that lie in two objects are read
once. Killed in between, the next run writes the same object again, or leaves captures in two.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from driftgate import uris
from driftgate.captures.reading import capture_days
from driftgate.lake import Store, StoredObject, lake
from driftgate.records import sha256

COMPACTED = "compacted-"
MAX_BYTES = 64_000_000
# Writing an object anew restarts its retention; so only young ones are, and each only once.
MAX_DELAY_DAYS = 2


def compact_captures(use_case_name: str, now: datetime) -> int:
    """Put together what was captured yesterday and the day before, day by day; return how many objects are gone.

    :param now: in UTC
    """
    store, removed = lake(), 0
    for day in capture_days(use_case_name):
        folder = uris.captures(use_case_name, day)
        for group in _groups(item for item in store.objects(folder) if _is_due(item, now)):
            removed += _compact(store, folder, group)
    return removed


def _is_due(item: StoredObject, now: datetime) -> bool:
    loose = item.path.endswith(".jsonl") and not item.path.rpartition("/")[2].startswith(COMPACTED)
    return loose and timedelta(0) < now.date() - item.written_at.date() <= timedelta(days=MAX_DELAY_DAYS)


def _groups(items: Iterator[StoredObject]) -> Iterator[list[str]]:
    """Yield two objects or more, as many as are not too much together."""
    group, size = list[str](), 0
    for item in items:
        if group and size + item.bytes > MAX_BYTES:
            yield group
            group, size = [], 0
        group.append(item.path)
        size += item.bytes
    if len(group) > 1:
        yield group


def _compact(store: Store, folder: str, paths: list[str]) -> int:
    contents = {path: store.read(path) for path in paths}
    data = b"".join(contents.values())
    compacted = f"{folder}/{COMPACTED}{sha256(data)[:16]}.jsonl"
    store.write(compacted, data)
    if any(not store.exists(path) or store.read(path) != content for path, content in contents.items()):
        store.delete(compacted)  # somebody was erased meanwhile
        return 0
    for path in paths:
        store.delete(path)
    return len(paths)
