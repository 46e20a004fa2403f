"""What a model saw in training: the reference that every later night is held against.

One day is never like ninety days together: a single day has one weekday and one weather, so its PSI against the whole
training window is above any textbook threshold on *every* day. Therefore the baseline also keeps what each day of the
training window looked like (``days``), and a night is held against that: see ``calibration``.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.holdout import days_of
from driftgate.evaluation.metrics import Floats, label_values
from driftgate.lake import lake
from driftgate.monitoring.calibration.limits import Calibration, thinning
from driftgate.monitoring.calibration.training_days import (
    ProfiledDay,
    TrainingDays,
    profiled_day,
    score_days,
    training_days,
)
from driftgate.monitoring.day_measures import EvaluationDays, evaluation_days
from driftgate.profiles import NumericColumn, Profile, numeric_column, profile_table
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LABEL = "label"


class Baseline(Record):
    """The training rows of one model version, as its package keeps them in ``baseline.json``."""

    schema_version: int = 2
    use_case: str
    profile: Profile
    days: TrainingDays | None = None  # None: registered with version 1, which had the farthest days instead
    day_limits: dict[str, dict[str, float]] = {}  # of version 1; nothing reads it
    scores: NumericColumn
    reference: dict[str, float]  # the model's own evaluation: auc, log_loss, …
    reference_intervals: dict[str, tuple[float, float]] = {}
    metric_impl_versions: dict[str, int] = {}  # of the code that measured the reference
    evaluation: EvaluationDays | None = None  # None: the package is older than these, and than the next
    score_days: TrainingDays | None = None

    @property
    def rows(self) -> int:
        """How many rows the model was trained on."""
        return self.profile.rows

    def calibration(self, rows: int) -> Calibration:
        """Return what a night of so many rows is held against; the same one for every such night.

        :raises CannotJudge: the training rows do not tell enough days
        """
        if self.days is None:
            raise CannotJudge(
                f"The baseline of this {self.use_case} model does not tell its training days (it is of version "
                f"{self.schema_version}), so data drift has nothing to be calibrated on; retrain, or register it again."
            )
        level = thinning(self.days, rows)
        kept = self._calibrations.get(level)
        if kept is None or kept.days is not self.days:  # a copy with other days has its original's
            kept = self._calibrations[level] = Calibration(self.days, thinned=level)
        return kept

    @cached_property
    def _calibrations(self) -> dict[int, Calibration]:
        return {}


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
    evaluation: "pa.Table | None" = None,
    training_scores: "Floats | None" = None,
    profiled: ProfiledDay = profiled_day,
) -> dict[str, Any]:
    """Return the content of ``baseline.json`` for a model trained on ``table``.

    :param table: the training rows with every column of ``features.sql``; with the use case's ``event_time`` among
        them, its days are told apart
    :param scores: the model's answers to those rows (or to its evaluation rows)
    :param reference: metrics of the model on its evaluation rows; the primary one is what performance is held against
    :param intervals: of those metrics, and ``versions``: of the code that measured them
    :param evaluation: the evaluation rows, which ``scores`` are then of; each of their days is measured for itself
    :param training_scores: the model's answers to ``table``; with them and ``evaluation``, the days of its scores are
        told apart
    :param profiled: gives the profile of a day of ``table``
    """
    import numpy as np

    profile = profile_table(table, columns=feature_names(use_case, table.column_names))
    values = np.asarray(scores, dtype=float)
    baseline = Baseline(
        use_case=use_case.name,
        profile=profile,
        days=training_days(use_case, table, profile, profiled),
        scores=numeric_column(values, rows=len(values)),
        reference=reference,
        reference_intervals=dict(intervals or {}),
        metric_impl_versions=dict(versions or {}),
        evaluation=None if evaluation is None else _evaluation(use_case, evaluation, values),
        score_days=_score_days(use_case, (table, training_scores), (evaluation, values)),
    )
    return dict(baseline.model_dump(mode="json"))


def _evaluation(use_case: UseCase, table: "pa.Table", scores: Floats) -> EvaluationDays:
    import numpy as np

    labels, days = label_values(use_case.problem, table.column(LABEL)), days_of(use_case, table)
    keys = [str(day) for day in np.unique(days)]
    parts = [ScoredDay(labels[days == np.datetime64(key)], scores[days == np.datetime64(key)]) for key in keys]
    return evaluation_days(use_case.problem, use_case.metric.costs_usd, keys, parts)


def _score_days(
    use_case: UseCase, trained: "tuple[pa.Table, Floats | None]", evaluated: "tuple[pa.Table | None, Floats]"
) -> TrainingDays | None:
    import numpy as np

    if trained[1] is None or evaluated[0] is None:
        return None
    days = np.concatenate([days_of(use_case, trained[0]), days_of(use_case, evaluated[0])])
    values = np.concatenate([trained[1], evaluated[1]])
    keys = np.unique(days)
    parts = [values[days == key] for key in keys]
    return score_days([str(key) for key in keys], parts, min_rows=use_case.monitor.prediction.min_rows)


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
