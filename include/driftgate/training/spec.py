"""From a use case to the spec of one training job, under a name that a retry finds again."""

import re

from driftgate.compute.auto import Choice, choose
from driftgate.compute.jobs import JobSpec, checked_job_id
from driftgate.compute.tags import tags_of
from driftgate.compute.targets import AUTO
from driftgate.records import canonical_json, parse_record, sha256
from driftgate.training.trainer import find_trainer
from driftgate.use_cases import UseCase


def job_id(dag_id: str, task_id: str, run_id: str, map_index: int) -> str:
    """Return the job's name: readable, and the same for every try of one task instance and for no other."""
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", f"{dag_id}-{task_id}-{run_id}").strip("-_")[:100]
    digest = sha256(canonical_json([dag_id, task_id, run_id, map_index]))[:16]
    return checked_job_id(f"{readable}-{digest}".lstrip("-"))


def chosen_target(use_case: UseCase, dataset_version: str, asked: str) -> Choice:
    """Return the compute target of a training on a dataset version; without a reason when it was asked for by name.

    :raises ConfigError: it is to be chosen, and ``compute.yaml`` does not say from what
    """
    if asked != AUTO:
        return Choice(asked, "")
    from driftgate.datasets import version_files
    from driftgate.datasets.version import ROWS

    size = (version_files(dataset_version) / ROWS).stat().st_size
    return choose(size, needs_gpu=use_case.train.needs_gpu)


def training_spec(use_case: UseCase, dataset_version: str, job_id: str) -> JobSpec:
    """Return the spec of a job that trains a candidate; every parameter is in it, also those left at their default.

    :raises ConfigError: ``train.parameters`` has an unknown key or a value out of range
    """
    where = f"{use_case.folder / 'use_case.yaml'}, 'train.parameters'"
    parameters = parse_record(
        dict(use_case.train.parameters), find_trainer(use_case.train.trainer).parameters, where=where
    )
    chosen = chosen_target(use_case, dataset_version, use_case.train.target)
    return JobSpec(
        job_id=job_id,
        use_case=use_case.name,
        dataset_version=dataset_version,
        target=chosen.target,
        problem=use_case.problem,
        trainer=use_case.train.trainer,
        metric=use_case.metric.primary,
        seed=use_case.train.seed,
        parameters=parameters.model_dump(),
        request_key=use_case.request_key,
        event_time=use_case.event_time,
        not_features=use_case.not_features,
        processes=use_case.train.processes,
        max_single_feature_auc=use_case.train.max_single_feature_auc,
        max_single_feature_r2=use_case.train.max_single_feature_r2,
        row_share=use_case.train.row_share,
        folds=use_case.train.cross_validation.folds if use_case.train.cross_validation else 0,
        reweigh=use_case.fairness.reweighed if use_case.fairness else None,
        stop=use_case.train.stop,
        checkpoints=use_case.train.checkpoints,
        tags=tags_of(use_case, "train") | ({"placed": chosen.reason} if chosen.reason else {}),
    )
