"""The leakage gate: a feature that predicts the label too well alone stops training before it begins."""

import logging

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.evaluation.leakage import single_feature_auc
from driftgate.training.rows import TrainingRows

logger = logging.getLogger(__name__)


def require_no_leak(spec: JobSpec, rows: TrainingRows) -> None:
    """Return when no feature of the training rows reaches the use case's ``max_single_feature_auc`` alone.

    :raises ConfigError: one does; the sentence names each with its AUC
    """
    train = rows.train
    reached = {name: single_feature_auc(train.table.column(name), train.labels) for name in rows.features}
    best = max(reached, key=lambda name: reached[name])
    logger.info("best single feature: %s, AUC %.3f", best, reached[best])
    leaking = {name: value for name, value in reached.items() if value >= spec.max_single_feature_auc}
    if leaking:
        named = ", ".join(f"{name!r} (AUC {value:.3f})" for name, value in leaking.items())
        raise ConfigError(
            f"Dataset version {spec.dataset_version}: a feature predicts the label too well to be honest: {named}; "
            f"take it out of features.sql, or, if it really is known when a prediction is asked for, raise "
            f"'train.max_single_feature_auc' of {spec.use_case} above {spec.max_single_feature_auc}."
        )
