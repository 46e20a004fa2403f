"""What a request to a model looks like, and the sentence that a caller gets for a request that does not."""

import math
import reprlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError, RequestRefused, nearest
from driftgate.models.columns import Kind, kind_of
from driftgate.models.preprocessing import Preprocessing
from driftgate.models.row_decoder import RowDecoder
from driftgate.models.views import View
from driftgate.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

MAX_WARNINGS = 10


class Column(Record):
    """One field of a row. ``categories`` are those that a categorical feature had in training.

    ``online`` names the view that the endpoint joins it from; callers send the others.
    """

    name: str
    type: Kind
    nullable: bool
    null_in_training: bool
    categories: tuple[str, ...] = ()
    online: str | None = None


class Signature(Record):
    """Every field of a row: features, request key and event time. Kept as ``signature.json``.

    ``feature_set_sha256`` is the hash of the ``features.sql`` that the model was trained on; ``views`` are those of it
    that are kept online.
    """

    schema_version: int = 2
    feature_set_sha256: str | None = None
    columns: tuple[Column, ...]
    views: tuple[View, ...] = ()

    @classmethod
    def of(
        cls,
        table: "pa.Table",
        preprocessing: Preprocessing,
        required: Sequence[str],
        views: Sequence[View] = (),
        *,
        feature_set_sha256: str | None = None,
    ) -> "Signature":
        """Describe the columns of the training rows ``table`` (without label and split).

        A field other than ``required`` may be null even where it never was in training: a gap in the weather feed must
        not turn away a flight (it would, within two weeks after 6 of 38 training windows of the sample year). Such a
        request gets a warning.

        :param required: the request key and event time, which routing and captures need
        :param views: the online views of the rows' ``features.sql``
        :raises ConfigError: a required column or one of a view is missing, or no request can carry a column's type
        """
        _refuse_missing(required, table.column_names)
        categories = {feature.name: feature.categories for feature in preprocessing.features}
        online = {name: view.name for view in views for name in view.columns}
        signature = cls(
            columns=tuple(
                Column(
                    name=name,
                    type=kind_of(name, table.column(name).type),
                    nullable=name not in required,
                    null_in_training=table.column(name).null_count > 0,
                    categories=categories.get(name, ()),
                    online=online.get(name),
                )
                for name in table.column_names
            ),
            views=tuple(views),
            feature_set_sha256=feature_set_sha256,
        )
        for view in views:
            _refuse_unfit(view, signature, required)
        return signature

    @cached_property
    def request(self) -> "Signature":
        """What callers send: the fields that the endpoint does not join itself."""
        if not self.views:
            return self
        sent = tuple(column for column in self.columns if column.online is None)
        # Not model_copy: it would copy what is cached about all columns.
        return Signature(columns=sent, views=self.views, feature_set_sha256=self.feature_set_sha256)

    def check(self, rows: Sequence[Any]) -> None:
        """Return when every row has exactly the fields of the signature with values of their types.

        :raises RequestRefused: names the first row (counted from 0) and field that does not fit, and what is expected
        """
        if not rows:
            raise RequestRefused("The request has no rows; send at least one.")
        names, tests = self._names, self._tests
        for place, row in enumerate(rows):
            if type(row) is not dict or row.keys() != names:
                raise RequestRefused(f"Row {place}: {self._misfit(row)}")
            for name, fits, nullable in tests:
                value = row[name]
                if not fits(value) and not (nullable and value is None):
                    raise RequestRefused(f"Row {place}: {self._misfit(row)}")

    @cached_property
    def decoder(self) -> RowDecoder:
        """Reads rows that fit from JSON, much faster than parsing and checking them."""
        return RowDecoder(self.columns)

    def unseen(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """Return one warning per row and field with a category or null that training never saw, the first ten of many.

        The rows have passed the check.
        """
        warnings = []
        for place, row in enumerate(rows):
            for name, known in self._categories:
                if (value := row[name]) not in known and value is not None:
                    warnings.append(f"Row {place}: {name} {reprlib.repr(value)} is no category that the model knows.")
            if None in row.values():
                for name in self._never_null:
                    if row[name] is None:
                        warnings.append(f"Row {place}: {name} is null, which it never was in training.")
        more = len(warnings) - MAX_WARNINGS
        return [*warnings[:MAX_WARNINGS], f"{more} more such warnings."] if more > 0 else warnings

    def _misfit(self, row: Any) -> str:
        if type(row) is not dict:
            return f"expected an object of fields, found {reprlib.repr(row)}."
        for name in row:
            if name not in self._names:
                return self._unknown(name)
        for column in self.columns:
            if column.name not in row:
                return f"field {column.name!r} is missing; send {_EXPECTED[column.type]}{_or_null(column)}."
            value = row[column.name]
            if not _FITS[column.type](value) and not (column.nullable and value is None):
                expected = f"expected {_EXPECTED[column.type]}{_or_null(column)}"
                return f"field {column.name!r}: {expected}, found {'null' if value is None else reprlib.repr(value)}."
        raise AssertionError("a row that fits was refused")

    def _unknown(self, name: Any) -> str:
        joined = next((view.name for view in self.views if name in view.columns), None)
        if joined:
            return f"field {name!r} is joined by the endpoint from the online view {joined!r}; leave it out."
        return f"unknown field {reprlib.repr(name)}{nearest(str(name), self._names)}"

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns)

    @cached_property
    def _tests(self) -> list[tuple[str, Callable[[Any], bool], bool]]:
        return [(column.name, _FITS[column.type], column.nullable) for column in self.columns]

    @cached_property
    def _categories(self) -> list[tuple[str, frozenset[str]]]:
        return [(column.name, frozenset(column.categories)) for column in self.columns if column.categories]

    @cached_property
    def _never_null(self) -> list[str]:
        return [column.name for column in self.columns if column.nullable and not column.null_in_training]


def _refuse_missing(required: Sequence[str], columns: Sequence[str]) -> None:
    for name in required:
        if name not in columns:
            raise ConfigError(
                f"features.sql does not select {name!r}, which the use case names in 'request_key' or 'event_time'"
                f"{nearest(name, columns)}"
            )


def _refuse_unfit(view: View, signature: Signature, required: Sequence[str]) -> None:
    found = {column.name: column for column in signature.columns}
    for name in (*view.key, *view.columns):
        if name not in found:
            raise ConfigError(
                f"features.sql does not select {name!r} of its online view {view.name!r}; select it unchanged"
                f"{nearest(name, found)}"
            )
    for name in view.key:
        if found[name].type not in ("string", "integer") or found[name].online:
            raise ConfigError(
                f"The online view {view.name!r} has the key {name!r}; a key must be a string or whole number that "
                "callers send."
            )
    for name in view.columns:
        if name in required:
            raise ConfigError(
                f"The online view {view.name!r} gives {name!r}, which callers must send; rename it there."
            )


def _or_null(column: Column) -> str:
    return " or null" if column.nullable else ""


# type(), not isinstance(): JSON's true is not a number, though Python's bool is an int.
def _is_string(value: Any) -> bool:
    return type(value) is str


def _is_integer(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or _is_integer(value)


def _is_timestamp(value: Any) -> bool:
    if type(value) is not str:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


_FITS: dict[Kind, Callable[[Any], bool]] = {
    "string": _is_string,
    "integer": _is_integer,
    "number": _is_number,
    "timestamp": _is_timestamp,
}
_EXPECTED: dict[Kind, str] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a finite number",
    "timestamp": "a time without zone as ISO text, for example 2013-04-01T05:15:00",
}
