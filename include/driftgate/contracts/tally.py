"""What is counted while the rows of a partition are scanned; everything that is said about it comes from here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.evidence import shown_values
from driftgate.contracts.scan import Scanned

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_EXAMPLES = 5


@dataclass
class Count:
    """Of one rule: how many known values (or rows) it judged, how many broke it, and a few of those as text.

    ``released`` of the broken ones a person let pass, ``open`` are in quarantine and nobody has decided on them.
    """

    judged: int = 0
    broken: int = 0
    released: int = 0
    open: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class SliceCount:
    """Of one value of a slice column: its rows, and those of them that go to quarantine."""

    rows: int = 0
    quarantined: int = 0


class Tally:
    """The counts of the batches that were added; the order and the size of the batches make no difference."""

    def __init__(self, contract: Contract, rules: Collection[Rule]) -> None:
        self.contract, self.rules = contract, tuple(rules)
        self.rows = self.quarantined = self.released = self.open = 0
        self.counts = {rule.id: Count() for rule in rules}
        self.missing = dict.fromkeys((column.name for column in contract.columns), 0)
        self.slices: dict[str, dict[str, SliceCount]] = {name: {} for name in contract.slices}
        self.newest: datetime | date | None = None

    def add(self, scanned: Scanned) -> None:
        """Count one more batch."""
        self.rows += scanned.rows.num_rows
        self.quarantined += int(scanned.quarantined.sum())
        self.released += scanned.released
        self.open += int(scanned.open.sum())
        for name in self.missing:
            self.missing[name] += scanned.seen.column(name).null_count
        for rule in self.rules:
            self._count(rule, scanned)
        for name, values in self.slices.items():
            _count_slices(values, scanned.seen.column(name), scanned.quarantined)
        self._note_newest(scanned.seen)

    def _count(self, rule: Rule, scanned: Scanned) -> None:
        count, broken = self.counts[rule.id], scanned.broken.get(rule.id)
        count.judged += _judged(rule, scanned.seen)
        if broken is None:
            return
        count.broken += int(broken.sum())
        if rule.severity == "row":
            count.released += int((broken & ~scanned.quarantined).sum())
            count.open += int((broken & scanned.open).sum())
        if rule.kind != "nulls" and len(count.examples) < MOST_EXAMPLES:
            most = MOST_EXAMPLES - len(count.examples)
            count.examples += shown_values(self.contract, rule, scanned.rows, broken, most=most)

    def _note_newest(self, seen: "pa.RecordBatch") -> None:
        import pyarrow.compute as pc

        if self.contract.partition_column and seen.num_rows:
            newest = pc.max(seen.column(self.contract.partition_column)).as_py()
            known = [value for value in (self.newest, newest) if value is not None]
            self.newest = max(known, default=None)


def _judged(rule: Rule, seen: "pa.RecordBatch") -> int:
    columns = [seen.column(name) for name in rule.columns] if rule.kind != "nulls" else []
    incomplete = [column for column in columns if column.null_count]
    if not incomplete:
        return int(seen.num_rows)
    known = incomplete[0].is_valid().to_numpy(zero_copy_only=False)
    for column in incomplete[1:]:
        known = known & column.is_valid().to_numpy(zero_copy_only=False)
    return int(known.sum())


def _count_slices(values: dict[str, SliceCount], column: Any, quarantined: "np.ndarray[Any, Any]") -> None:
    import pyarrow as pa

    for value, rows in _value_counts(column):
        values.setdefault(value, SliceCount()).rows += rows
    if quarantined.any():
        for value, rows in _value_counts(column.filter(pa.array(quarantined))):
            values[value].quarantined += rows


def _value_counts(column: Any) -> list[tuple[str, int]]:
    counts = column.value_counts()
    texts = ["null" if value is None else str(value) for value in counts.field("values").to_pylist()]
    return list(zip(texts, counts.field("counts").to_pylist(), strict=True))
