"""The two sides of the split: rows that keep the contract, and rows for quarantine with what they broke."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract
from driftgate.contracts.evidence import shown_values
from driftgate.contracts.scan import Scanned
from driftgate.contracts.schema import published_schema
from driftgate.contracts.treat import treatment

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ROW, RULES, OBSERVED, PARTITION, REPORT = "_row", "_rules", "_observed", "_partition", "_report"
EVIDENCE = (ROW, RULES, OBSERVED, PARTITION, REPORT)
"""What a quarantined row has besides its columns: its number in the raw partition, the rules that it breaks and the
value that breaks each, the partition, and the hash of the report on it."""


def quarantine_schema(contract: Contract) -> "pa.Schema":
    """Return the columns of a quarantine partition."""
    import pyarrow as pa

    types = (pa.int64(), pa.list_(pa.string()), pa.list_(pa.string()), pa.string(), pa.string())
    evidence = [pa.field(name, kind) for name, kind in zip(EVIDENCE, types, strict=True)]
    return pa.schema([*published_schema(contract), *evidence])


@dataclass(frozen=True)
class Splitter:
    """Parts batches of one partition; ``report`` is the hash of the report on it.

    On both sides the columns are treated as the contract says.
    """

    contract: Contract
    key: str
    report: str
    treat: "Callable[[pa.RecordBatch], pa.RecordBatch]"

    @classmethod
    def of(cls, contract: Contract, key: str, report: str) -> "Splitter":
        """Return the splitter of a partition.

        :raises ConfigError: a column is to be hashed and there is no key
        """
        return cls(contract, key, report, treatment(contract))

    def validated(self, scanned: Scanned) -> "pa.RecordBatch":
        """Return the rows that keep the contract."""
        import pyarrow as pa

        rows = self.treat(scanned.rows)
        return rows.filter(pa.array(~scanned.quarantined)) if scanned.quarantined.any() else rows

    def quarantined(self, scanned: Scanned) -> "pa.RecordBatch":
        """Return the other rows, with their evidence."""
        import numpy as np
        import pyarrow as pa

        places = np.flatnonzero(scanned.quarantined)
        rows = self.treat(scanned.rows.take(pa.array(places)))
        evidence = [
            pa.array(scanned.first + places),
            *self._broken(scanned, places),
            pa.repeat(self.key, len(places)),
            pa.repeat(self.report, len(places)),
        ]
        return pa.RecordBatch.from_arrays([*rows.columns, *evidence], schema=quarantine_schema(self.contract))

    def _broken(self, scanned: Scanned, places: "np.ndarray[Any, Any]") -> "tuple[pa.Array, pa.Array]":
        """Return, for each row at ``places``, the rules that it breaks and the values, in the order of the contract."""
        import numpy as np
        import pyarrow as pa

        found, rules, values = [np.empty(0, dtype=np.int64)], [], []
        for rule in self.contract.row_rules:
            if rule.id in scanned.broken:
                mask = scanned.broken[rule.id] & scanned.quarantined
                found.append(np.flatnonzero(mask))
                rules += [rule.id] * len(found[-1])
                values += shown_values(self.contract, rule, scanned.rows, mask)
        rows = np.concatenate(found)
        order = np.argsort(rows, kind="stable")
        offsets = pa.array([*np.searchsorted(rows[order], places), len(rows)], pa.int32())
        return tuple(
            pa.ListArray.from_arrays(offsets, pa.array(texts, pa.string()).take(pa.array(order)))
            for texts in (rules, values)
        )
