"""One pass over the rows of a partition: which rules each row breaks, and on which side of the split it ends up."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.contracts.contract import Rule
from driftgate.contracts.keys import Connection
from driftgate.contracts.mask import Facts, finder, without_nan
from driftgate.contracts.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.contracts.mask import Find, Known, Mask


@dataclass(frozen=True)
class Scanned:
    """A batch with the mask of every rule that some row of it breaks, by its id, and of the rows for quarantine.

    ``first`` is the number of its first row; ``seen`` are the rows as the rules see them, without NaN. ``released`` of
    them would go to quarantine, had nobody let them pass; ``open`` are those in quarantine that nobody decided on.
    """

    first: int
    rows: "pa.RecordBatch"
    seen: "pa.RecordBatch"
    broken: "dict[str, Mask]"
    quarantined: "Mask"
    released: int
    open: "Mask"


class Scan:
    """The rules of a partition, ready to look at its batches; rules about the whole of it have looked already.

    :param folder: for what does not fit into memory; used only while the scan is made
    :param known: for each rule about another dataset, the values that are known there
    """

    def __init__(
        self,
        rules: Collection[Rule],
        rows: Rows,
        folder: Path,
        *,
        known: "Mapping[str, Known] | None" = None,
    ) -> None:
        self.rows = rows
        self.released: list[int] = []
        self.discarded: list[int] = []
        with closing(Connection(folder)) as connection:
            facts = Facts(rows, connection, known or {})
            self._finders: list[tuple[Rule, Find]] = [(rule, finder(rule, facts)) for rule in rules]

    def __iter__(self) -> Iterator[Scanned]:
        for first, batch in self.rows.numbered():
            yield self._scanned(first, batch)

    def _scanned(self, first: int, batch: "pa.RecordBatch") -> Scanned:
        import numpy as np

        seen, broken = without_nan(batch), {}
        quarantined = np.zeros(batch.num_rows, dtype=np.bool_)
        for rule, find in self._finders:
            mask = find(seen, first)
            if mask is not None and mask.any():
                broken[rule.id] = mask
                if rule.severity == "row":
                    quarantined |= mask
        pass_by = _places(self.released, first, batch)
        released = int(quarantined[pass_by].sum())
        quarantined[pass_by] = False
        undecided = quarantined.copy()
        undecided[_places(self.discarded, first, batch)] = False
        return Scanned(first, batch, seen, broken, quarantined, released, undecided)

    def deciding(self, released: Collection[int], discarded: Collection[int]) -> "Scan":
        """Return this scan as it is when a person has let some rows pass and left others out, by their numbers."""
        other = copy(self)
        other.released, other.discarded = sorted(released), sorted(discarded)
        return other


def _places(numbers: Collection[int], first: int, batch: "pa.RecordBatch") -> list[int]:
    return [number - first for number in numbers if first <= number < first + batch.num_rows]
