"""From rows to the matrix that a model reads: numbers as they are, strings as codes of categories seen in training.

A table (training, evaluation) and JSON rows (requests) take two ways to the same numbers, bit for bit.
"""

import math
import re
import struct
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftgate.errors import ConfigError, nearest
from driftgate.models.columns import kind_of
from driftgate.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

# LightGBM puts a categorical feature into at most max_bin (255) bins; what is rarer would share one all the same.
MAX_CATEGORIES = 255

_Encoding = tuple[str, dict[Any, float] | None, float | None]  # the column's name, codes, what stands for a null
_RowEncoding = tuple[
    Callable[[dict[str, Any]], Sequence[Any]], Callable[..., bytes], list[tuple[int, dict[Any, float]]]
]


class Feature(Record):
    """One column of the matrix. The code of a category is its place in ``categories``.

    A null is NaN in the matrix where training had nulls, so that the model learnt what they mean. A numeric feature
    that was never null then has ``null_value``, its median: no model learnt what else to make of it.
    """

    name: str
    kind: Literal["numeric", "categorical"]
    categories: tuple[str, ...] = ()
    null_value: float | None = None


class Preprocessing(Record):
    """How rows become a matrix; fitted on training rows, kept as ``preprocessing.json`` beside the model."""

    schema_version: int = 1
    features: tuple[Feature, ...]

    @classmethod
    def fit(cls, table: "pa.Table", names: Sequence[str], *, max_categories: int = MAX_CATEGORIES) -> "Preprocessing":
        """Learn the categories and medians of the columns ``names`` from the training rows ``table``.

        :param max_categories: of one column, the most frequent; the others are as unseen
        :raises ConfigError: a column is no feature by its type (a time), has only nulls or an infinite value
        """
        return cls(features=tuple(_fit_feature(name, table.column(name), max_categories) for name in names))

    @property
    def names(self) -> list[str]:
        """The features' names, in the order of the matrix columns."""
        return [feature.name for feature in self.features]

    @property
    def categorical(self) -> list[int]:
        """The places of categorical features among the matrix columns."""
        return [place for place, feature in enumerate(self.features) if feature.kind == "categorical"]

    def encode_table(self, table: "pa.Table") -> NDArray[np.float64]:
        """Return a matrix with one row per row of ``table``; an unseen category is NaN.

        :raises ConfigError: a feature's column is missing, or has another type than in training
        """
        matrix = np.empty((table.num_rows, len(self.features)), dtype=np.float64)
        for place, feature in enumerate(self.features):
            matrix[:, place] = _encode_column(feature, _column(table, feature))
        return matrix

    def encode_rows(self, rows: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
        """Return a matrix with one row per JSON row; the rows must have passed :meth:`Signature.check`."""
        matrix = np.empty((len(rows), len(self.features)), dtype=np.float64)
        for place, (name, codes, null_value) in enumerate(self._encoding):
            values = [row[name] for row in rows]
            if codes is not None:
                values = [codes.get(value) for value in values]
            elif null_value is not None and None in values:
                values = [null_value if value is None else value for value in values]
            matrix[:, place] = values  # None becomes NaN
        return matrix

    def encode_row(self, row: dict[str, Any]) -> bytes:
        """Return the only row of the matrix of one JSON row as its doubles."""
        values_of, pack, coded = self._row_encoding
        values = list(values_of(row))
        for place, codes in coded:
            values[place] = codes.get(values[place], math.nan)
        if None in values:
            for place, value in enumerate(values):
                if value is None:
                    null_value = self._encoding[place][2]
                    values[place] = math.nan if null_value is None else null_value
        return pack(*values)

    @cached_property
    def _encoding(self) -> list[_Encoding]:
        """What encoding a column needs."""
        return [
            (feature.name, _codes(feature) if feature.kind == "categorical" else None, feature.null_value)
            for feature in self.features
        ]

    @cached_property
    def _row_encoding(self) -> _RowEncoding:
        """What encoding a row needs, its values, the bytes of their doubles, the codes of categories by place."""
        names = self.names
        values_of = itemgetter(*names) if len(names) > 1 else lambda row: [row[name] for name in names]
        coded = [(place, _codes(self.features[place])) for place in self.categorical]
        return values_of, struct.Struct(f"{len(names)}d").pack, coded


def _codes(feature: Feature) -> dict[Any, float]:
    return {value: float(code) for code, value in enumerate(feature.categories)}


def _fit_feature(name: str, column: "pa.ChunkedArray", max_categories: int) -> Feature:
    if not re.fullmatch(r"\w+", name):
        raise ConfigError(
            f"Feature {name!r} has a name that LightGBM does not keep; in features.sql, rename it to letters, digits "
            f"and '_'."
        )
    kind = kind_of(name, column.type)
    if kind == "timestamp":
        raise ConfigError(
            f"Feature {name!r} is a timestamp, which a model cannot learn from; take parts of it (hour, weekday) in "
            f"features.sql, or add it to 'not_features' of the use case."
        )
    if kind == "string":
        categories = _categories(column, max_categories)
        _refuse_empty(name, empty=not categories, rows=len(column))
        return Feature(name=name, kind="categorical", categories=categories)
    numbers = _numbers(column)
    missing = np.isnan(numbers)
    _refuse_empty(name, empty=bool(missing.all()), rows=len(column))
    _refuse_infinite(name, numbers)
    return Feature(name=name, kind="numeric", null_value=None if missing.any() else float(np.median(numbers)))


def _refuse_empty(name: str, *, empty: bool, rows: int) -> None:
    if empty:
        raise ConfigError(
            f"Feature {name!r} is null in all {rows} training rows; correct its join in features.sql, or leave it out."
        )


def _refuse_infinite(name: str, numbers: NDArray[np.float64]) -> None:
    infinite = int(np.isinf(numbers).sum())
    if infinite:
        raise ConfigError(
            f"Feature {name!r} is infinite in {infinite} training rows; guard the division in features.sql (nullif)."
        )


def _categories(column: "pa.ChunkedArray", most: int) -> tuple[str, ...]:
    """Return the sorted distinct values; of too many, the most frequent."""
    counts = [(item["values"], item["counts"]) for item in column.value_counts().to_pylist()]
    ranked = sorted((-count, value) for value, count in counts if value is not None)
    return tuple(sorted(value for _, value in ranked[:most]))


def _column(table: "pa.Table", feature: Feature) -> "pa.ChunkedArray":
    if feature.name not in table.column_names:
        raise ConfigError(
            f"The rows have no column {feature.name!r}, which the model was trained on: features.sql has changed"
            f"{nearest(feature.name, table.column_names)}"
        )
    column = table.column(feature.name)
    fitting = ("string",) if feature.kind == "categorical" else ("integer", "number")
    if kind_of(feature.name, column.type) not in fitting:
        raise ConfigError(
            f"Column {feature.name!r} is {column.type}, but the model was trained on it as a {feature.kind} feature: "
            f"features.sql has changed; retrain, or change it back."
        )
    return column


def _encode_column(feature: Feature, column: "pa.ChunkedArray") -> NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if feature.kind == "numeric":
        numbers = _numbers(column)
        return numbers if feature.null_value is None else np.where(np.isnan(numbers), feature.null_value, numbers)
    codes = pc.index_in(column.cast(pa.string()), value_set=pa.array(feature.categories, pa.string()))
    return _numbers(codes)


def _numbers(column: "pa.ChunkedArray") -> NDArray[np.float64]:
    import pyarrow as pa

    numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).fill_null(math.nan).to_numpy()
    return numbers
