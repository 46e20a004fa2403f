"""From the rows of a dataset version to a model and what belongs to it, whichever trainer the spec names."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import NotSupported
from driftgate.evaluation.metrics import COMPARED, metric
from driftgate.models import Preprocessing, Scorer, Signature, View, load_scorer
from driftgate.records import parse_record
from driftgate.training.folds import fold_metrics
from driftgate.training.leakage import require_no_leak
from driftgate.training.rows import TrainingRows, split_rows
from driftgate.training.run import Attended
from driftgate.training.sample import sampled
from driftgate.training.stopping import Learnt
from driftgate.training.trainer import Trainer, find_trainer

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """What training gives: the files of the model by name, and how it went."""

    artefacts: dict[str, bytes]
    model_file: str
    metrics: dict[str, float]
    stop_reason: StopReason
    learnt: Learnt


def train(
    spec: JobSpec,
    table: "pa.Table",
    views: Sequence[View] = (),
    *,
    feature_set_sha256: str | None = None,
    attend: Callable[[JobSpec, int], Attended] = Attended,
) -> Trained:
    """Train on the rows of a dataset version, watching its validation split.

    :param table: ``rows.parquet``: the columns of ``features.sql``, ``label`` and ``split``
    :param views: what the model's requests are joined with, and ``feature_set_sha256``: as the dataset version has them
    :param attend: makes the run that the trainer reports to, from the spec and the patience of early stopping
    :raises ConfigError: the rows cannot be learnt from; the sentence says why
    """
    trainer = _trainer(spec)
    parameters = parse_record(spec.parameters, trainer.parameters, where=f"Job {spec.job_id}, 'parameters'")
    rows = sampled(spec, split_rows(spec, table))
    preprocessing = Preprocessing.fit(rows.train.table, rows.features, max_categories=trainer.max_categories)
    require_no_leak(spec, rows)
    required = (*spec.request_key, spec.event_time)
    signature = Signature.of(rows.train.table, preprocessing, required, views, feature_set_sha256=feature_set_sha256)
    logger.info("training on %d rows with %d features", len(rows.train.labels), len(rows.features))
    run = attend(spec, parameters.early_stopping_round)
    with run.attending():
        fitted = trainer.fit(spec, parameters, rows, preprocessing, run)
    scorer = load_scorer(trainer.model_file, fitted.model, preprocessing)
    metrics = _metrics(spec, rows, scorer, fitted.iterations)
    return Trained(
        artefacts={
            trainer.model_file: fitted.model,
            "preprocessing.json": preprocessing.canonical(),
            "signature.json": signature.canonical(),
        },
        model_file=trainer.model_file,
        metrics={**metrics, **fold_metrics(spec, trainer, parameters, rows), **fitted.measured},
        stop_reason=fitted.stop_reason,
        learnt=run.learnt,
    )


def _trainer(spec: JobSpec) -> Trainer:
    trainer = find_trainer(spec.trainer)
    if spec.problem not in trainer.problems:
        raise NotSupported(
            f"Job {spec.job_id}: the trainer {spec.trainer!r} does not learn a {spec.problem} problem; name another in "
            f"'train.trainer' of {spec.use_case}."
        )
    if spec.processes > trainer.max_processes:
        raise NotSupported(
            f"Job {spec.job_id}: the trainer {spec.trainer!r} trains in {trainer.max_processes} process(es), not in "
            f"{spec.processes}; lower 'train.processes' of {spec.use_case}."
        )
    return trainer


def _metrics(spec: JobSpec, rows: TrainingRows, scorer: Scorer, iterations: int) -> dict[str, float]:
    train, validation = rows.train.labels, rows.validation.labels
    scores = scorer.score_table(rows.validation.table)
    amount = "share" if spec.problem == "binary" else "mean"
    return {
        "best_iteration": float(iterations),
        "train_rows": float(len(train)),
        "validation_rows": float(len(validation)),
        f"train_label_{amount}": float(train.mean()),
        f"validation_label_{amount}": float(validation.mean()),
        **{f"validation_{name}": metric(name).value(validation, scores) for name in COMPARED[spec.problem]},
    }
