"""Trains a LightGBM model so that the same spec and dataset version give the same bytes, on any number of threads."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError
from driftgate.evaluation.metrics import auc, log_loss
from driftgate.models import Preprocessing, Scorer, Signature, View
from driftgate.records import parse_record
from driftgate.training.leakage import require_no_leak
from driftgate.training.parameters import LightgbmParameters
from driftgate.training.rows import Part, TrainingRows, split_rows

if TYPE_CHECKING:
    import lightgbm as lgb
    import pyarrow as pa

logger = logging.getLogger(__name__)
LOG_EVERY_ITERATIONS = 50
# No number of threads: it would be part of the model's text. The backend sets it in the environment of the job.
FIXED = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Trained:
    """What training gives: the files of the model by name, and how it went."""

    artefacts: dict[str, bytes]
    metrics: dict[str, float]
    stop_reason: Literal["early_stopping", "all_iterations"]


def train(
    spec: JobSpec, table: "pa.Table", views: Sequence[View] = (), *, feature_set_sha256: str | None = None
) -> Trained:
    """Train on the rows of a dataset version, stopping early on its validation split.

    :param table: ``rows.parquet``: the columns of ``features.sql``, ``label`` and ``split``
    :param views: what the model's requests are joined with, and ``feature_set_sha256``: as the dataset version has them
    :raises ConfigError: the rows cannot be learnt from; the sentence says why
    """
    parameters = parse_record(spec.parameters, LightgbmParameters, where=f"Job {spec.job_id}, 'parameters'")
    rows = split_rows(spec, table)
    _require_rows(spec, rows, parameters)
    preprocessing = Preprocessing.fit(rows.train.table, rows.features)
    require_no_leak(spec, rows)
    signature = Signature.of(
        rows.train.table,
        preprocessing,
        (*spec.request_key, spec.event_time),
        views,
        feature_set_sha256=feature_set_sha256,
    )
    logger.info("training on %d rows with %d features", len(rows.train.labels), len(rows.features))
    booster = _boost(spec, rows, preprocessing, parameters)
    text = booster.model_to_string()
    return Trained(
        artefacts={
            "model.txt": text.encode(),
            "preprocessing.json": preprocessing.canonical(),
            "signature.json": signature.canonical(),
        },
        metrics=_metrics(rows, Scorer.load(text, preprocessing), booster.best_iteration),
        stop_reason="early_stopping" if booster.current_iteration() < parameters.num_iterations else "all_iterations",
    )


def _require_rows(spec: JobSpec, rows: TrainingRows, parameters: LightgbmParameters) -> None:
    found, needed = len(rows.train.labels), 2 * parameters.min_data_in_leaf
    if found < needed:  # not one split would be allowed, and the model would be a constant
        raise ConfigError(
            f"Dataset version {spec.dataset_version} has {found} training rows, too few to learn from: with "
            f"min_data_in_leaf {parameters.min_data_in_leaf} it takes {needed}; widen 'train.window_days'."
        )


def _boost(
    spec: JobSpec, rows: TrainingRows, preprocessing: Preprocessing, parameters: LightgbmParameters
) -> "lgb.Booster":
    import lightgbm as lgb

    options = {**FIXED, **parameters.model_dump(), "metric": spec.metric, "seed": spec.seed}
    train = _dataset(rows.train, preprocessing)
    validation = _dataset(rows.validation, preprocessing, reference=train)
    callbacks = [_log_progress]
    if patience := options.pop("early_stopping_round"):
        callbacks.append(lgb.early_stopping(patience, verbose=False))
    booster = lgb.train(options, train, valid_sets=[validation], valid_names=["validation"], callbacks=callbacks)
    booster.best_iteration = booster.best_iteration or booster.current_iteration()
    return booster


def _dataset(part: Part, preprocessing: Preprocessing, reference: "lgb.Dataset | None" = None) -> "lgb.Dataset":
    import lightgbm as lgb

    return lgb.Dataset(
        preprocessing.encode_table(part.table),
        label=part.labels,
        reference=reference,
        feature_name=preprocessing.names,
        categorical_feature=preprocessing.categorical,
    )


def _log_progress(env: Any) -> None:
    if (env.iteration + 1) % LOG_EVERY_ITERATIONS == 0:
        logger.info("iteration %d: validation %s %.5f", env.iteration + 1, *env.evaluation_result_list[0][1:3])


def _metrics(rows: TrainingRows, scorer: Scorer, best_iteration: int) -> dict[str, float]:
    scores = scorer.score_table(rows.validation.table)
    return {
        "best_iteration": float(best_iteration),
        "train_rows": float(len(rows.train.labels)),
        "validation_rows": float(len(rows.validation.labels)),
        "train_label_share": float(rows.train.labels.mean()),
        "validation_label_share": float(rows.validation.labels.mean()),
        "validation_auc": auc(rows.validation.labels, scores),
        "validation_log_loss": log_loss(rows.validation.labels, scores),
    }
