"""What a profile keeps of one column: numbers, words, or only how many values there are where none may be shown."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from driftgate.profiles.sketches import Sketch
from driftgate.records import Record


class NumericColumn(Record):
    """Numbers; a time counts as seconds since 1970, NaN as null. ``count`` is how many are finite.

    Where ``distinct_sketch`` is None, the sketch holds every value and ``distinct`` is exact; else it is an estimate.
    ``None`` in a field with that default: the profile is older than the field.
    """

    kind: Literal["numeric"] = "numeric"
    temporal: bool = False
    count: int
    nulls: int
    infinite: int = 0
    zeros: int | None = None
    distinct: int | None = None
    distinct_sketch: str | None = None
    mean: float
    squared_deviations: float  # sum of (value - mean)², which merges without cancellation
    minimum: float | None
    maximum: float | None
    sketch: Sketch

    @property
    def rows(self) -> int:
        """Every row: with a number, without one, or with an infinite one."""
        return self.count + self.nulls + self.infinite

    @property
    def standard_deviation(self) -> float:
        """The population's standard deviation."""
        return float(np.sqrt(self.squared_deviations / self.count)) if self.count else 0.0


class CategoricalColumn(Record):
    """Words; the most frequent ones by name, the rest in ``others``. Lengths are in characters.

    Where ``others`` is 0, ``distinct`` is exact; else it is an estimate from ``distinct_sketch``.
    """

    kind: Literal["categorical"] = "categorical"
    count: int
    nulls: int
    categories: dict[str, int]
    others: int
    shortest: int | None = None
    longest: int | None = None
    distinct: int | None = None
    distinct_sketch: str | None = None

    @property
    def rows(self) -> int:
        """Every row, with a word or without."""
        return self.count + self.nulls


class HiddenColumn(Record):
    """A column whose values must not be shown: counts only. ``distinct`` is None once merged."""

    kind: Literal["hidden"] = "hidden"
    count: int
    nulls: int
    distinct: int | None = None

    @property
    def rows(self) -> int:
        """Every row, with a value or without."""
        return self.count + self.nulls


Column = Annotated[NumericColumn | CategoricalColumn | HiddenColumn, Field(discriminator="kind")]


def hide(column: NumericColumn | CategoricalColumn | HiddenColumn) -> HiddenColumn:
    """Return what may be known of a column whose values must not be shown."""
    return HiddenColumn(count=column.rows - column.nulls, nulls=column.nulls, distinct=column.distinct)
