"""The days of a replay as the lake has them: every request with its features, as known when its day began, and label.

They are the rows that dataset versions are made of, kept day by day in the lake, so a year of them is read in seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from driftgate.datasets.day_rows import DayRows
from driftgate.datasets.day_tables import DayTables
from driftgate.datasets.parameters import inputs_hash, parameters, stage_parameters
from driftgate.datasets.window import Known, pin, pins_of
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.partition_keys import keys_before, keys_between
from driftgate.profiles import Profile, profile_table
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LABEL, SPLIT = "label", "split"


@dataclass(frozen=True)
class TrainingSet:
    """The window that ends with ``key``: which days, and the hash of all that their rows are made from."""

    key: str
    days: tuple[str, ...]
    inputs_sha256: str


@dataclass(frozen=True)
class Rows:
    """The published days of a use case around a replay from ``first`` to ``last``."""

    use_case: UseCase
    first: str
    last: str
    known: Known = field(default_factory=lambda: Known(lake()), compare=False)
    _sets: dict[str, TrainingSet] = field(default_factory=dict, compare=False)
    _labelled: "dict[str, np.typing.NDArray[np.bool_]]" = field(default_factory=dict, compare=False)
    _profiles: dict[tuple[str, ...], Profile] = field(default_factory=dict, compare=False)

    @property
    def day_before(self) -> str:
        """The last day that the first champion may learn from."""
        return keys_before(self.first, 2)[0]

    @cached_property
    def nights(self) -> list[str]:
        """The days that are replayed, those without data among them."""
        return keys_between(self.first, self.last)

    @cached_property
    def days(self) -> list[str]:
        """The published days from the first training window on."""
        earliest = keys_before(self.first, self.use_case.train.window_days + 1)[0]
        return [day for day in keys_between(earliest, self.last) if self.is_published(day)]

    @cached_property
    def by_day(self) -> "dict[str, pa.Table]":
        """The rows of each published day, from the first training window on."""
        days, stage = self.days, stage_parameters()
        made_with = parameters(self.use_case, stage, days)
        seen = pins_of(days, self.use_case.datasets, self.use_case.history_days, stage.lookback_days, self.known)
        tables = DayTables(made_with, seen)
        read = DayRows(made_with, self.use_case.features_sql, tables, cached=True).of(days)
        return dict(zip(days, read, strict=True))

    def is_published(self, day: str) -> bool:
        """Return whether every dataset of the use case has that day."""
        return all(self.known.revisions(dataset, day) for dataset in self.use_case.datasets)

    def training_set(self, key: str) -> TrainingSet:
        """Return the window that a training in the night of ``key`` would learn from.

        :raises SourceMissing: days of it are not published, or too few are
        """
        if key not in self._sets:
            stage = stage_parameters()
            days, pins = pin(self.use_case, key, stage)
            digest = inputs_hash(parameters(self.use_case, stage, days), pins, self.use_case.features_sql.encode())
            self._sets[key] = TrainingSet(key, tuple(days), digest)
        return self._sets[key]

    def labelled(self, day: str) -> "np.typing.NDArray[np.bool_]":
        """Return which rows of a day have an outcome."""
        import pyarrow.compute as pc

        if day not in self._labelled:
            known = pc.is_valid(self.by_day[day].column(LABEL))
            self._labelled[day] = known.to_numpy(zero_copy_only=False)
        return self._labelled[day]

    def outcomes(self, day: str) -> "pa.Table":
        """Return the rows of a day that have an outcome."""
        import pyarrow as pa

        return self.by_day[day].filter(pa.array(self.labelled(day)))

    def profiled(self, day: str, table: "pa.Table", names: Sequence[str]) -> Profile:
        """Return the profile of the rows ``table`` of a day; that of all with an outcome is kept for other models."""
        own = self.outcomes(day) if day in self.by_day else None
        if own is None or not own.equals(table):
            return profile_table(table, columns=names)
        key = (day, *names)
        if key not in self._profiles:
            self._profiles[key] = profile_table(own, columns=names)
        return self._profiles[key]

    def validation_days(self, chosen: TrainingSet) -> tuple[str, ...]:
        """Return the days of a training set that candidates are judged on."""
        return chosen.days[-self.use_case.train.validation_days :]

    def table(self, chosen: TrainingSet) -> "pa.Table":
        """Return the labelled rows of a training set with ``split``, as ``rows.parquet`` of its version has them."""
        import pyarrow as pa

        validation = self.validation_days(chosen)[0]
        parts = []
        for day in chosen.days:
            rows = self.outcomes(day)
            split = pa.scalar("train" if day < validation else "validation", pa.string())
            parts.append(rows.append_column(SPLIT, pa.repeat(split, rows.num_rows)))
        return pa.concat_tables(parts)


def published_rows(use_case: UseCase, first: str, last: str) -> Rows:
    """Return the rows of a replay.

    :raises ConfigError: the range is empty, or reaches beyond the days that are published
    """
    rows = Rows(use_case, first, last)
    published = _published_days(rows)
    for option, day in (("--from", first), ("--to", last)):
        if not published or not published[0] <= day <= published[-1]:
            there = f"has {published[0]} to {published[-1]}" if published else "has no day at all"
            raise ConfigError(
                f"{option} {day} is no day of {use_case.name}: the lake {there} of {', '.join(use_case.datasets)}; "
                "name a day in that range, or run the DAG <source>.ingest for more."
            )
    return rows


def _published_days(rows: Rows) -> Sequence[str]:
    folder = f"validated/{rows.use_case.datasets[0]}"
    days = {path.removeprefix(f"{folder}/").split("/", 1)[0] for path in lake().list(folder)}
    return [day for day in sorted(days) if rows.is_published(day)]
