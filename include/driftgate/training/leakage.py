"""The leakage gate: a feature that predicts the label too well alone stops training before it begins."""

import logging

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.evaluation.leakage import single_feature_auc, single_feature_r2
from driftgate.training.rows import TrainingRows

logger = logging.getLogger(__name__)


def require_no_leak(spec: JobSpec, rows: TrainingRows) -> None:
    """Return when no feature of the training rows alone reaches what the use case takes for a leak.

    :raises ConfigError: one does; the sentence names each with its AUC, in a regression its R squared
    """
    train, binary = rows.train, spec.problem == "binary"
    reach = single_feature_auc if binary else single_feature_r2
    measure, key = ("AUC", "max_single_feature_auc") if binary else ("R²", "max_single_feature_r2")
    limit = spec.max_single_feature_auc if binary else spec.max_single_feature_r2
    reached = {name: reach(train.table.column(name), train.labels) for name in rows.features}
    best = max(reached, key=lambda name: reached[name])
    logger.info("best single feature: %s, %s %.3f", best, measure, reached[best])
    leaking = {name: value for name, value in reached.items() if value >= limit}
    if leaking:
        named = ", ".join(f"{name!r} ({measure} {value:.3f})" for name, value in leaking.items())
        raise ConfigError(
            f"Dataset version {spec.dataset_version}: a feature predicts the label too well to be honest: {named}; "
            f"take it out of features.sql, or, if it really is known when a prediction is asked for, raise "
            f"'train.{key}' of {spec.use_case} above {limit}."
        )
