"""Segments: files of captures on their way into the lake, one capture as JSON per line.

A segment becomes one object per use case and day, named after the segment: publishing it twice writes the same bytes to
the same names. Most segments are of one day, which their file's name says: ``<name>.<use case>.<day>``. They are
published as they are; the lines of the others say where they belong.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from driftgate import uris
from driftgate.captures.capture import Capture, day_of
from driftgate.errors import Tampered
from driftgate.lake import Store, lake
from driftgate.records import sha256


def segment_lines(captures: Iterable[Capture]) -> bytes:
    """Return ``captures`` as whole lines of a segment."""
    return b"".join([part for capture in captures for part in (capture.line(), b"\n")])


def place_of(use_case: str, days: Iterable[str]) -> str:
    """Return the place of lines of one use case, as the journal takes it; empty when they are of several days."""
    found = set(days)
    return f"{use_case}.{found.pop()}" if len(found) == 1 else ""


def publish_segment(store: Store, stem: str, data: bytes) -> list[str]:
    """Write a segment's lines into the lake and return the objects' paths.

    A last line without its end was torn by the death of the writer, before its answer left: it is dropped.

    :param stem: the segment's name, and the use case and day of all its lines if it has only such lines
    :raises Tampered: a line is not one of a segment
    """
    name, whole, folder = stem.partition(".")
    if whole and data[:1] == b"{" and data[-2:] == b"}\n":
        use_case, _, day = folder.rpartition(".")
        return [_publish(store, name, use_case, day, data)]
    days: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for line in data.split(b"\n")[:-1]:
        use_case, day, capture = _placed(name, line)
        days[use_case, day].append(capture)
    return [
        _publish(store, name, use_case, day, b"\n".join(captures) + b"\n")
        for (use_case, day), captures in sorted(days.items())
    ]


def write_captures(captures: Iterable[Capture]) -> list[str]:
    """Write captures straight into the lake, without a journal, and return the objects' paths.

    For what is not a request: scores of a whole partition, tests. The same captures give the same objects.
    """
    data = segment_lines(captures)
    return publish_segment(lake(), f"written-{sha256(data)[:16]}", data)


class _Place(msgspec.Struct, frozen=True, gc=False):
    """What a capture says of its place in the lake."""

    use_case: str
    event_time: str


_PLACES = msgspec.json.Decoder(_Place)


def _publish(store: Store, name: str, use_case: str, day: str, data: bytes) -> str:
    path = f"{uris.captures(use_case, day)}/{name}.jsonl"
    store.write(path, data)
    return path


def _placed(name: str, line: bytes) -> tuple[str, str, bytes]:
    """Return the use case and the day of a line, and the capture; earlier versions wrote both and a tab before it."""
    capture = line if line[:1] == b"{" else line.partition(b"\t")[2]
    try:
        place = _PLACES.decode(capture)
        return place.use_case, day_of(place.event_time), capture
    except ValueError:
        raise Tampered(f"Segment {name} of the journal has a line that no endpoint wrote: {line[:80]!r}.") from None
