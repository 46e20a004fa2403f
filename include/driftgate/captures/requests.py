"""Captured requests as the features that a model reads."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from driftgate.profiles import CategoricalColumn, Column

if TYPE_CHECKING:
    import pyarrow as pa


def requested(captures: "pa.Table", columns: Mapping[str, Column]) -> "pa.Table":
    """Return the request rows with the features of a profile's ``columns``, numbers as float64 and words as strings.

    A feature that no request has is a column of nulls.
    """
    import pyarrow as pa

    rows, found = request_rows(captures), {}
    for name, reference in columns.items():
        values, words = [row.get(name) for row in rows], isinstance(reference, CategoricalColumn)
        kind = pa.string() if words else pa.float64()
        try:
            found[name] = pa.array(values, kind)
        except pa.ArrowException:  # among them is another type, or a number that is no double
            found[name] = pa.array([_word(value) if words else _number(value) for value in values], kind)
    return pa.table(found)


def request_rows(captures: "pa.Table") -> list[dict[str, Any]]:
    """Return the request rows of captures as they were asked."""
    return [_row(text) for text in captures.column("features").to_pylist()]


def _row(text: str) -> dict[str, Any]:
    """Return what ``json.loads`` does, four times as fast."""
    try:
        row: dict[str, Any] = msgspec.json.decode(text)
    except msgspec.DecodeError:  # half of a surrogate pair, or a number beyond all bounds: Python alone reads it
        row = json.loads(text)
    return row


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()  # as Arrow writes booleans
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
