"""Segments: files of captures on their way into the lake.

A line of a segment is ``<use case>/<day><TAB><capture as JSON>``, so that a segment can be split by day without parsing
it. A segment becomes one object per day, named after the segment: publishing it twice writes the same bytes to the
same names.
"""

from collections import defaultdict
from collections.abc import Iterable

from driftgate import uris
from driftgate.captures.capture import Capture
from driftgate.errors import Tampered
from driftgate.lake import Store, lake
from driftgate.records import sha256


def segment_lines(captures: Iterable[Capture]) -> bytes:
    """Return ``captures`` as whole lines of a segment."""
    parts: list[bytes] = []
    for capture in captures:
        parts += (f"{capture.use_case}/{capture.day}\t".encode(), capture.line(), b"\n")
    return b"".join(parts)


def publish_segment(store: Store, name: str, data: bytes) -> list[str]:
    """Write a segment's lines into the lake and return the objects' paths.

    A last line without its end was torn by the death of the writer, before its answer left: it is dropped.

    :raises Tampered: a line is not one of a segment
    """
    days: dict[str, list[bytes]] = defaultdict(list)
    for line in data.split(b"\n")[:-1]:
        folder, tab, capture = line.partition(b"\t")
        if not tab or folder.count(b"/") != 1 or not capture.endswith(b"}"):
            raise Tampered(f"Segment {name} of the journal has a line that no endpoint wrote: {line[:80]!r}.")
        days[folder.decode()].append(capture)
    paths = []
    for day_folder, captures in sorted(days.items()):
        path = f"{uris.captures(*day_folder.split('/'))}/{name}.jsonl"
        store.write(path, b"\n".join(captures) + b"\n")
        paths.append(path)
    return paths


def write_captures(captures: Iterable[Capture]) -> list[str]:
    """Write captures straight into the lake, without a journal, and return the objects' paths.

    For what is not a request: scores of a whole partition, tests. The same captures give the same objects.
    """
    data = segment_lines(captures)
    return publish_segment(lake(), f"written-{sha256(data)[:16]}", data)
