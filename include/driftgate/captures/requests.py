"""Captured requests as the features that a model reads."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from driftgate.profiles import CategoricalColumn, Column

if TYPE_CHECKING:
    import pyarrow as pa


def requested(captures: "pa.Table", columns: Mapping[str, Column]) -> "pa.Table":
    """Return the request rows with the features of a profile's ``columns``, numbers as float64 and words as strings.

    A feature that no request has is a column of nulls.
    """
    import pyarrow as pa

    rows = [json.loads(row) for row in captures.column("features").to_pylist()]
    found = {}
    for name, reference in columns.items():
        values = [row.get(name) for row in rows]
        if isinstance(reference, CategoricalColumn):
            found[name] = pa.array([_word(value) for value in values], pa.string())
        else:
            found[name] = pa.array([_number(value) for value in values], pa.float64())
    return pa.table(found)


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()  # as Arrow writes booleans
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
