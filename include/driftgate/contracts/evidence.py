"""Values that broke a rule, as text for people: bounded, and masked where the contract says so."""

from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract, Rule

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.contracts.mask import Mask

MASKED = "***"
LONGEST = 60


def shown_values(
    contract: Contract, rule: Rule, rows: "pa.RecordBatch", broken: "Mask", *, most: int | None = None
) -> list[str]:
    """Return the values of the rule's columns in the broken rows, one text per row, at most ``most``."""
    import numpy as np

    places = np.flatnonzero(broken)[:most]
    columns = [_texts(rows.column(name).take(places), name in contract.masked) for name in rule.columns]
    return [", ".join(values) for values in zip(*columns, strict=True)]


def _texts(values: Any, masked: bool) -> list[str]:
    return [MASKED] * len(values) if masked else [_text(value) for value in values.to_pylist()]


def _text(value: Any) -> str:
    if value is None:
        return "null"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
