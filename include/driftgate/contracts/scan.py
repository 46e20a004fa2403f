"""One pass over the rows of a partition: which rules each row breaks, and on which side of the split it ends up."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.contracts.contract import Rule
from driftgate.contracts.mask import Facts, finder, without_nan
from driftgate.contracts.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.contracts.mask import Find, Mask


@dataclass(frozen=True)
class Scanned:
    """A batch with the mask of every rule that some row of it breaks, by its id, and of the rows for quarantine.

    ``first`` is the number of its first row; ``seen`` are the rows as the rules see them, without NaN.
    """

    first: int
    rows: "pa.RecordBatch"
    seen: "pa.RecordBatch"
    broken: "dict[str, Mask]"
    quarantined: "Mask"


class Scan:
    """The rules of a partition, ready to look at its batches; rules about the whole of it have looked already.

    :param folder: for what does not fit into memory; it must be there for as long as the scan runs
    :param known: for each rule about another dataset, the values that are known there
    :param released: numbers of rows that a person has let pass: no rule sends them to quarantine
    """

    def __init__(
        self,
        rules: Collection[Rule],
        rows: Rows,
        folder: Path,
        *,
        known: "Mapping[str, Callable[[], Iterator[pa.RecordBatch]]] | None" = None,
        released: Collection[int] = (),
    ) -> None:
        facts = Facts(rows, folder, known or {})
        self.rows, self.released = rows, sorted(released)
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
            if mask.any():
                broken[rule.id] = mask
                if rule.severity == "row":
                    quarantined |= mask
        for number in self.released:
            if first <= number < first + batch.num_rows:
                quarantined[number - first] = False
        return Scanned(first, batch, seen, broken, quarantined)
