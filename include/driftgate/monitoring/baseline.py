"""What a model saw in training: the reference that every later night is held against.

One day is never like ninety days together: a single day has one weekday and one weather, so its PSI against the whole
training window is above any textbook threshold on *every* day. Therefore the baseline also keeps, for each feature and
statistic, the largest value that any day of the training window itself has against the window (``day_limits``).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.lake import lake
from driftgate.profiles import NumericColumn, Profile, numeric_column, profile_table
from driftgate.profiles.distances import distances
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LABEL = "label"


class Baseline(Record):
    """The training rows of one model version, as its package keeps them in ``baseline.json``."""

    schema_version: int = 1
    use_case: str
    profile: Profile
    day_limits: dict[str, dict[str, float]]  # feature → statistic → largest value of a training day
    scores: NumericColumn
    reference: dict[str, float]  # the model's own evaluation: auc, log_loss, …
    reference_intervals: dict[str, tuple[float, float]] = {}
    metric_impl_versions: dict[str, int] = {}  # of the code that measured the reference

    @property
    def rows(self) -> int:
        """How many rows the model was trained on."""
        return self.profile.rows


def feature_names(use_case: UseCase, columns: Sequence[str]) -> list[str]:
    """Return those of ``columns`` that are features: neither the label nor one of the use case's ``not_features``."""
    return [name for name in columns if name != LABEL and name not in use_case.not_features]


def training_baseline(
    use_case: UseCase,
    table: "pa.Table",
    scores: "Sequence[float] | np.typing.NDArray[np.float64]",
    reference: dict[str, float],
    *,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    versions: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Return the content of ``baseline.json`` for a model trained on ``table``.

    :param table: the training rows with every column of ``features.sql``; with the use case's ``event_time`` among
        them, the limits of single days are found too
    :param scores: the model's answers to those rows (or to its evaluation rows)
    :param reference: metrics of the model on its evaluation rows; the primary one is what performance is held against
    :param intervals: of those metrics, and ``versions``: of the code that measured them
    """
    import numpy as np

    names = feature_names(use_case, table.column_names)
    profile = profile_table(table, columns=names)
    values = np.asarray(scores, dtype=float)
    baseline = Baseline(
        use_case=use_case.name,
        profile=profile,
        day_limits=_day_limits(use_case, table, profile),
        scores=numeric_column(values, rows=len(values)),
        reference=reference,
        reference_intervals=dict(intervals or {}),
        metric_impl_versions=dict(versions or {}),
    )
    content: dict[str, Any] = baseline.model_dump(mode="json")
    return content


def load_baseline(use_case_name: str, version: str) -> Baseline:
    """Return the baseline in the package of a model version.

    :raises CannotJudge: the package has none, or one of another use case
    """
    path = f"{uris.package(use_case_name, version)}/baseline.json"
    if not lake().exists(path):
        raise CannotJudge(
            f"Model {use_case_name}/{version} has no baseline at {lake().uri(path)}; register it again with one."
        )
    baseline = parse_record(json.loads(lake().read(path)), Baseline, where=lake().uri(path))
    if baseline.use_case != use_case_name:
        raise CannotJudge(f"{lake().uri(path)} is the baseline of {baseline.use_case!r}, not of {use_case_name!r}.")
    return baseline


def _day_limits(use_case: UseCase, table: "pa.Table", profile: Profile) -> dict[str, dict[str, float]]:
    """Return, for each feature and statistic, the largest distance of one day of ``table`` from all of it."""
    limits: dict[str, dict[str, float]] = {name: {} for name in profile.columns}
    for day in _days(use_case, table):
        for name, column in profile_table(day, columns=list(profile.columns)).columns.items():
            for statistic, value in distances(profile.columns[name], column).items():
                limits[name][statistic] = max(value, limits[name].get(statistic, 0.0))
    return limits


def _days(use_case: UseCase, table: "pa.Table") -> "list[pa.Table]":
    """Return the rows of each day with enough rows to be judged."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if use_case.event_time not in table.column_names:
        return []
    days = pc.cast(table.column(use_case.event_time), pa.timestamp("us")).cast(pa.date32(), safe=False)
    parts = [table.filter(pc.equal(days, day)) for day in pc.unique(days).drop_null()]
    return [part for part in parts if part.num_rows >= use_case.monitor.data_drift.min_rows]
