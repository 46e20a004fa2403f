"""What each day of the training window looked like, feature by feature: counts of rows in bins that are fixed for ever.

From these counts any statistic of any day against any other days is a sum and a difference, so a night costs the same
however long the past is, and no training row is needed again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from driftgate.partition_keys import parse_key
from driftgate.profiles import CategoricalColumn, Column, NumericColumn, Profile, numeric_column, profile_table
from driftgate.profiles.sketches import Floats
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

BINS = 32  # of equal training shares, fewer with ties; besides one below, one above, one for missing values
SCORES = "score"
CATEGORIES = 30  # the most frequent ones; the others are counted together


ProfiledDay = Callable[[str, "pa.Table", Sequence[str]], Profile]


class FeatureDays(Record):
    """One feature: its bins, and the rows of each day in them. The last bin is missing values.

    Of numbers, bin n holds those above edge n - 1 up to edge n; of words, the last but one holds all other words.
    """

    kind: Literal["numeric", "categorical"]
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()

    def histogram(self, column: Column) -> list[int]:
        """Return the rows of ``column`` in each bin."""
        if self.kind == "numeric":
            numbers = column if isinstance(column, NumericColumn) else numeric_column(np.array([]), rows=column.rows)
            up_to = np.concatenate([[0.0], numbers.sketch.share_up_to(self.edges), [1.0]])
            known = np.rint(np.diff(np.rint(up_to * numbers.count))).astype(int).tolist()
            return [*known, numbers.rows - numbers.count]
        words = column.categories if isinstance(column, CategoricalColumn) else {}
        named = [words.get(name, 0) for name in self.categories]
        return [*named, column.rows - column.nulls - sum(named), column.nulls]


class TrainingDays(Record):
    """The days of a training window that have enough rows to be compared with a night."""

    keys: tuple[str, ...]
    features: dict[str, FeatureDays]

    @property
    def ordinals(self) -> list[int]:
        """The number of each day in the calendar."""
        return [parse_key(key).toordinal() for key in self.keys]

    @property
    def usual_rows(self) -> float:
        """The rows of a usual day."""
        counts = next(iter(self.features.values())).counts if self.features else ()
        return float(np.median([sum(day) for day in counts])) if counts else 0.0

    def lacking(self) -> set[str]:
        """Return the features that no row of some day has a value of."""
        return {name for name, one in self.features.items() if any(day[-1] == sum(day) for day in one.counts)}


def profiled_day(key: str, table: "pa.Table", names: Sequence[str]) -> Profile:
    """Return the profile of the features ``names`` of one day."""
    return profile_table(table, columns=names)


def training_days(
    use_case: UseCase, table: "pa.Table", profile: Profile, profiled: ProfiledDay = profiled_day
) -> TrainingDays:
    """Return the days of the training rows ``table``; none where they do not tell their ``event_time``.

    :param profile: that of the features in ``table``
    :param profiled: gives the profile of a day; most days of a window are also in that of the model before
    """
    names = list(profile.columns)
    return days_of(profile, {key: profiled(key, day, names) for key, day in _days(use_case, table).items()})


def score_days(keys: Sequence[str], days: Sequence[Floats], *, min_rows: int) -> TrainingDays:
    """Return the days of a model's scores, as of the one feature :data:`SCORES`."""
    columns = {key: numeric_column(day, rows=len(day)) for key, day in zip(keys, days, strict=True)}
    profiles = {
        key: Profile(rows=column.rows, columns={SCORES: column})
        for key, column in columns.items()
        if column.rows >= min_rows
    }
    everything = np.concatenate([np.empty(0), *days])
    whole = Profile(rows=len(everything), columns={SCORES: numeric_column(everything, rows=len(everything))})
    return days_of(whole, profiles)


def days_of(profile: Profile, days: Mapping[str, Profile]) -> TrainingDays:
    """Return the days with these profiles, by bins of the ``profile`` of all of them together."""
    features = {}
    for name, column in profile.columns.items():
        bins = _bins(column)
        counts = tuple(tuple(bins.histogram(day.columns[name])) for day in days.values())
        features[name] = bins.model_copy(update={"counts": counts})
    return TrainingDays(keys=tuple(days), features=features)


def _bins(column: Column) -> FeatureDays:
    if not isinstance(column, NumericColumn):
        words = column.categories if isinstance(column, CategoricalColumn) else {}
        ranked = sorted(words, key=lambda word: (-words[word], word))
        return FeatureDays(kind="categorical", categories=tuple(ranked[:CATEGORIES]))
    if column.minimum is None or column.maximum is None:
        return FeatureDays(kind="numeric")
    inner = column.sketch.quantiles([n / BINS for n in range(1, BINS)])
    below = float(np.nextafter(column.minimum, -np.inf))
    return FeatureDays(kind="numeric", edges=tuple(sorted({below, *inner, column.maximum})))


def _days(use_case: UseCase, table: "pa.Table") -> "dict[str, pa.Table]":
    """Return the rows of each day with enough of them to be judged, by its key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if use_case.event_time not in table.column_names:
        return {}
    days = pc.cast(table.column(use_case.event_time), pa.timestamp("us")).cast(pa.date32(), safe=False)
    parts = {day.as_py().isoformat(): table.filter(pc.equal(days, day)) for day in pc.unique(days).drop_null()}
    wanted = use_case.monitor.data_drift.min_rows
    return {key: part for key, part in sorted(parts.items()) if part.num_rows >= wanted}
