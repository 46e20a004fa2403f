"""Values that broke a rule, as text for people: bounded, and masked where the contract says so."""

from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Rule

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.contracts.mask import Mask

MASKED = "***"
LONGEST = 60


def shown_values(
    contract: Contract, rule: Rule, table: "pa.Table", broken: "Mask", *, most: int | None = None
) -> list[str]:
    """Return the values of the rule's columns in the broken rows, one text per row, at most ``most``."""
    import numpy as np

    rows = table.select(rule.columns).take(np.flatnonzero(broken)[:most]).to_pylist()
    return [
        ", ".join(MASKED if name in contract.masked else _text(value) for name, value in row.items()) for row in rows
    ]


def _text(value: Any) -> str:
    if value is None:
        return "null"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
