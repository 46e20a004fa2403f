"""Rows that fit a signature, from bytes to dicts in one step.

It only knows what is right: whatever is not certainly so is None here, and goes the way of :meth:`Signature.check`,
which finds the sentence.
"""

from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypedDict

import msgspec

if TYPE_CHECKING:
    from driftgate.models.columns import Kind
    from driftgate.models.signature import Column

_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_TYPES: "dict[Kind, Any]" = {"string": str, "integer": _INTEGER, "number": _INTEGER | float, "timestamp": str}


class RowDecoder:
    """Decodes lists of rows with the fields ``columns``."""

    def __init__(self, columns: "tuple[Column, ...]") -> None:
        fields = {one.name: Optional[_TYPES[one.type]] if one.nullable else _TYPES[one.type] for one in columns}  # noqa: UP045  of a variable
        row: Any = TypedDict("row", fields)  # type: ignore[misc]  # the fields are those of a model
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[row])
        self._texts = [one.name for one in columns if one.type in ("string", "timestamp")]
        self._values = itemgetter(*self._texts, *self._texts[:1]) if self._texts else None  # a tuple, also for one
        self._times = [one.name for one in columns if one.type == "timestamp"]
        self._quotes = 2 * (len(columns) + len(self._texts))

    def decode(self, raw: bytes) -> list[dict[str, Any]] | None:
        """Return the rows of a JSON list without backslashes; None unless every row certainly fits."""
        try:
            rows: list[dict[str, Any]] = self._decoder.decode(raw)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        if raw.count(b'"') != self._quotes_of(rows) or not all(map(self._has_times, rows)):
            return None
        return rows

    def _quotes_of(self, rows: list[dict[str, Any]]) -> int:
        """Return how many quotes the fields' names and texts have; a field that is unknown or repeated has more."""
        quotes = self._quotes * len(rows)
        if self._values:
            for row in rows:
                values = self._values(row)
                if None in values:
                    quotes -= 2 * values[:-1].count(None)
        return quotes

    def _has_times(self, row: dict[str, Any]) -> bool:
        try:
            return all(row[name] is None or datetime.fromisoformat(row[name]).tzinfo is None for name in self._times)
        except ValueError:
            return False
