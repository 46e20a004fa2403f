"""What persons decided about quarantined rows: records that are only added to, and what follows for a delivery.

A row is known by its content, and by its number among the rows of the raw partition it was decided on. So a decision
holds when the same delivery is ingested again, and in a corrected one, or one from which a person was erased, for rows
that are still in it, as they were.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from driftgate.records import Record, canonical_json, parse_record, sha256

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.contracts.scan import Scan, Scanned

Action = Literal["release", "discard"]
KIND = "quarantine_decision"


class RowRef(Record):
    """One row of a raw partition: its number there, and the sha256 of its content."""

    number: int
    sha256: str


class Decision(Record):
    """What ``by`` decided about ``rows`` of the raw partition with the manifest ``raw``, and why.

    ``release`` lets them pass to the validated rows, ``discard`` leaves them out for good.
    """

    schema_version: int = 1
    dataset: str
    partition: str
    action: Action
    rows: tuple[RowRef, ...]
    raw: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Decided:
    """What follows from all decisions for one delivery: numbers of its released and of its discarded rows.

    ``lost`` rows that were released in another delivery are not in this one, or break no rule any more. ``at`` is when
    the newest decision was made, ``hash`` that of all of them.
    """

    released: frozenset[int] = frozenset()
    discarded: frozenset[int] = frozenset()
    lost: int = 0
    at: datetime | None = None
    hash: str | None = None


NOBODY = Decided()


def record_decision(decision: Decision) -> None:
    """Add ``decision`` to what was decided about its partition."""
    from driftgate.metadata import metadata  # here and below: parsing a DAG file must not pay for SQLAlchemy

    metadata().append(KIND, _subject(decision.dataset, decision.partition), decision.model_dump(mode="json"))


def decisions_on(dataset: str, key: str) -> list[Decision]:
    """Return every decision about one partition, oldest first."""
    from driftgate.metadata import metadata

    return [
        parse_record(entry.body, Decision, where=f"{KIND} {entry.subject} {entry.revision}")
        for entry in metadata().history(KIND, _subject(dataset, key))
    ]


def decided(decisions: Sequence[Decision], raw: str, scan: "Callable[[], Scan]") -> Decided:
    """Return what follows from ``decisions`` for the delivery with the manifest ``raw``; the last about a row counts.

    :param scan: gives a scan of the delivery as if nobody had decided; asked only if there are decisions on another one
    """
    if not decisions:
        return NOBODY
    wanted = _wanted(decisions, raw)
    found = _found(scan(), wanted) if wanted else {}
    verdicts = {**found, **verdicts_on(decisions, raw)}
    return Decided(
        released=frozenset(number for number, action in verdicts.items() if action == "release"),
        discarded=frozenset(number for number, action in verdicts.items() if action == "discard"),
        lost=sum(actions["release"] for actions in wanted.values()) - list(found.values()).count("release"),
        at=max(decision.at for decision in decisions),
        hash=sha256(canonical_json([decision.hash for decision in decisions])),
    )


def verdicts_on(decisions: Sequence[Decision], raw: str) -> dict[int, Action]:
    """Return the last decision about each row of the delivery with the manifest ``raw``, by number."""
    return {row.number: decision.action for decision in decisions if decision.raw == raw for row in decision.rows}


def row_digests(rows: "pa.RecordBatch") -> list[str]:
    """Return the sha256 of each row's content."""
    return [
        sha256(canonical_json({name: None if value is None else str(value) for name, value in row.items()}))
        for row in rows.to_pylist()
    ]


def _wanted(decisions: Sequence[Decision], raw: str) -> dict[str, Counter[Action]]:
    """Return, by content, how many rows were released and discarded in the other delivery that was decided on last."""
    wanted: dict[str, Counter[Action]] = {}
    for other in reversed(dict.fromkeys(one.raw for one in reversed(decisions) if one.raw != raw)):
        digests = {row.number: row.sha256 for one in decisions if one.raw == other for row in one.rows}
        actions: dict[str, Counter[Action]] = defaultdict(Counter)
        for number, action in verdicts_on(decisions, other).items():
            actions[digests[number]][action] += 1
        wanted |= actions
    return wanted


def _found(scan: "Scan", wanted: Mapping[str, Counter[Action]]) -> dict[int, Action]:
    """Return what was decided about quarantined rows of the wanted contents, by number; of equal rows the first."""
    left: dict[str, list[Action]] = {digest: list(actions.elements()) for digest, actions in wanted.items()}
    return {
        number: left[digest].pop()
        for scanned in scan
        for number, digest in quarantined_rows(scanned)
        if left.get(digest)
    }


def quarantined_rows(scanned: "Scanned") -> Iterator[tuple[int, str]]:
    """Yield the number and the digest of each row of a batch that goes to quarantine."""
    import numpy as np
    import pyarrow as pa

    places = np.flatnonzero(scanned.quarantined)
    digests = row_digests(scanned.rows.take(pa.array(places)))
    yield from zip((int(place) + scanned.first for place in places), digests, strict=True)


def _subject(dataset: str, key: str) -> str:
    return f"{dataset}/{key}"
