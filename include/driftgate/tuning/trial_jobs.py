"""A trial as a job on the compute port: what is asked of it, what it says on the way, and what it was worth."""

import math
from collections.abc import Mapping
from typing import Any

from driftgate.compute import JobResult, JobSpec
from driftgate.compute.tags import tags_of
from driftgate.errors import ConfigError
from driftgate.training import training_spec
from driftgate.tuning.study import Study, Trial
from driftgate.use_cases import UseCase


def trial_spec(study: Study, use_case: UseCase, parameters: Mapping[str, Any], job_id: str, target: str) -> JobSpec:
    """Return the spec of one trial's job; its parameters are those of the study, whatever the use case says by now.

    :raises ConfigError: the trainer refuses these parameters together
    """
    asked = {"parameters": {**study.base, **parameters}, "trainer": study.trainer, "target": target}
    train = use_case.train.model_copy(update=asked)
    spec = training_spec(use_case.model_copy(update={"train": train}), study.dataset_version, job_id)
    tags = tags_of(use_case, "tune", run=study.name)
    changes = {"row_share": study.row_share, "folds": study.folds, "metric": study.metric}
    return spec.model_copy(update={**changes, "tags": tags})


def completed(study: Study, trial: Trial, result: JobResult) -> Trial:
    """Return the trial with the value that its job measured.

    :raises ConfigError: the job did not measure what the study is about
    """
    if study.measured not in result.metrics:
        raise ConfigError(
            f"Job {result.job_id} measured no {study.measured}, which study {study.name} compares trials by; upgrade "
            "the image of its compute target."
        )
    spread = result.metrics.get(f"cv_{study.metric}_std") if study.measure == "folds" else None
    value = result.metrics[study.measured]
    if not math.isfinite(value):
        return trial.model_copy(update={"state": "failed", "reason": f"{study.measured} is {value}"})
    validation = result.metrics.get(f"validation_{study.metric}")
    measured = {"value": value, "spread": spread, "validation": validation}
    return trial.model_copy(update={"state": "complete", "reason": result.stop_reason, **measured})
