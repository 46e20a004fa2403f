"""Splitting a table into the rows that keep their contract and those that do not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate.contracts.contract import Contract
from driftgate.contracts.evidence import shown_values
from driftgate.contracts.mask import broken_rows

if TYPE_CHECKING:
    import pyarrow as pa

REASON = "reason"


@dataclass(frozen=True)
class Split:
    """Every row of a table is in exactly one of the two; ``quarantined`` has the column ``reason`` besides."""

    validated: "pa.Table"
    quarantined: "pa.Table"


def split_rows(contract: Contract, table: "pa.Table") -> Split:
    """Split ``table``; the reason of a row names every rule that it breaks, with the value that breaks it."""
    import numpy as np
    import pyarrow as pa

    reasons: dict[int, list[str]] = {}
    for rule in contract.row_rules:
        broken = broken_rows(rule, table)
        for row, value in zip(np.flatnonzero(broken), shown_values(contract, rule, table, broken), strict=True):
            reasons.setdefault(int(row), []).append(f"{rule.id}: {value}")
    rows = sorted(reasons)
    keep = np.ones(table.num_rows, dtype=np.bool_)
    keep[rows] = False
    texts = pa.array(["; ".join(reasons[row]) for row in rows], pa.string())
    return Split(table.filter(pa.array(keep)), table.take(pa.array(rows, pa.int64())).append_column(REASON, texts))
