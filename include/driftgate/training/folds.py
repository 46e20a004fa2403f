"""Cross-validation over time: how much the metric depends on which days a model learns from and is judged on.

The training days are cut into one block more than there are folds. Fold k learns from the first k blocks and is judged
on the next one, so that no fold sees the future of its judges. The validation rows of the version take no part.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.evaluation.metrics import metric, one_class
from driftgate.models import Preprocessing, load_scorer
from driftgate.training.parameters import TrainerParameters
from driftgate.training.rows import Part, TrainingRows
from driftgate.training.run import Attended
from driftgate.training.trainer import Trainer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fold:
    """Rows of earlier days to learn from, rows of later days to judge on."""

    number: int
    rows: TrainingRows
    first_day: str  # of those to judge on
    last_day: str


def fold_metrics(
    spec: JobSpec, trainer: Trainer, parameters: TrainerParameters, rows: TrainingRows
) -> dict[str, float]:
    """Return mean and standard deviation of the spec's metric over its folds; nothing when it has none.

    :raises ConfigError: there are too few days, or a fold cannot be learnt from
    """
    if not spec.folds:
        return {}
    values = [_value(spec, trainer, parameters, fold) for fold in time_folds(spec, rows)]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return {f"cv_{spec.metric}_mean": mean, f"cv_{spec.metric}_std": deviation, "cv_folds": float(len(values))}


def time_folds(spec: JobSpec, rows: TrainingRows) -> Iterator[Fold]:
    """Cut the training rows into folds, the one with the shortest past first."""
    days = np.asarray(rows.train.table.column(spec.event_time).cast("timestamp[us]").to_numpy()).astype("datetime64[D]")
    known = np.unique(days)
    if len(known) <= spec.folds:
        raise ConfigError(
            f"Dataset version {spec.dataset_version} has training rows of {len(known)} days, too few for {spec.folds} "
            f"folds; lower 'train.cross_validation.folds' of {spec.use_case}, or widen 'train.window_days'."
        )
    blocks = np.array_split(known, spec.folds + 1)
    for number, block in enumerate(blocks[1:], start=1):
        learnt, judged = days < block[0], (days >= block[0]) & (days <= block[-1])
        cut = TrainingRows(_part(rows.train, learnt), _part(rows.train, judged), rows.features)
        yield Fold(number, cut, str(block[0]), str(block[-1]))


def _part(rows: Part, mask: NDArray[np.bool_]) -> Part:
    return Part(rows.table.filter(mask), rows.labels[mask])


def _value(spec: JobSpec, trainer: Trainer, parameters: TrainerParameters, fold: Fold) -> float:
    try:
        value = _measured(spec, trainer, parameters, fold.rows)
    except ConfigError as problem:
        raise ConfigError(
            f"Fold {fold.number} of {spec.folds}, judged on {fold.first_day} to {fold.last_day}: {problem} Or lower "
            f"'train.cross_validation.folds' of {spec.use_case}."
        ) from None
    logger.info("fold %d, %s to %s: %s %.5f", fold.number, fold.first_day, fold.last_day, spec.metric, value)
    return value


def _measured(spec: JobSpec, trainer: Trainer, parameters: TrainerParameters, rows: TrainingRows) -> float:
    for part in (rows.train, rows.validation):
        if one_class(spec.problem, part.labels):
            raise ConfigError("its rows have labels of one class only.")
    prepared = Preprocessing.fit(rows.train.table, rows.features, max_categories=trainer.max_categories)
    run = Attended(spec, parameters.early_stopping_round)
    fitted = trainer.fit(spec, parameters, rows, prepared, run)
    scores = load_scorer(trainer.model_file, fitted.model, prepared).score_table(rows.validation.table)
    return metric(spec.metric).value(rows.validation.labels, scores)
