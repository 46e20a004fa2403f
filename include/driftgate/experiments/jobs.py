"""Experiments as jobs on the compute port: named by what they are, so that the same one is never run twice."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftgate.compute import JobLost, JobResult, JobSpec, poll_seconds, result, submit, tend
from driftgate.compute.tags import tags_of
from driftgate.errors import DriftgateError
from driftgate.ledger import require_budget_for
from driftgate.records import canonical_json, sha256
from driftgate.training import training_spec
from driftgate.training_policy import TrainerName
from driftgate.use_cases import UseCase

MOST_STARTS = 3  # of a job that is lost for good


@dataclass(frozen=True)
class Outcome:
    """What came of one job: its result, or the sentence that says why there is none."""

    spec: JobSpec
    result: JobResult | None
    reason: str


def experiment_spec(
    use_case: UseCase,
    dataset_version: str,
    *,
    trainer: TrainerName | None = None,
    parameters: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
    including: Sequence[str] = (),
    folds: int = 0,
) -> JobSpec:
    """Return the spec of a training like the use case's own, with another trainer, other parameters or features.

    The use case's parameters are its trainer's; another trainer begins with its defaults.

    :param without: features that it leaves out
    :param including: columns that it takes for features although ``not_features`` names them
    :raises ConfigError: the trainer refuses the parameters
    """
    declared = use_case.train
    own = dict(declared.parameters) if trainer in (None, declared.trainer) else {}
    changed = {"trainer": trainer or declared.trainer, "parameters": {**own, **(parameters or {})}}
    shaped = use_case.model_copy(update={"train": declared.model_copy(update=changed)})
    spec = training_spec(shaped, dataset_version, "unnamed")
    kept = tuple(name for name in spec.not_features if name not in including)
    changes = {"not_features": (*kept, *without), "folds": folds or spec.folds, "tags": {}}
    spec = spec.model_copy(update=changes)
    name = f"{use_case.name}-experiment-{sha256(canonical_json(spec.model_dump(mode='json')))[:12]}"
    return spec.model_copy(update={"job_id": name, "tags": tags_of(use_case, "tune", run=name)})


def run_jobs(specs: Sequence[JobSpec], *, say: Callable[[Outcome], None] = lambda outcome: None) -> list[Outcome]:
    """Run jobs one after the other and return what came of each; those that are done already are not run again.

    :raises NotPermitted: the week's budget does not cover one of them
    """
    outcomes = []
    for spec in specs:
        require_budget_for(spec)
        outcomes.append(_run(spec))
        say(outcomes[-1])
    return outcomes


def _run(spec: JobSpec) -> Outcome:
    for _ in range(MOST_STARTS):
        submit(spec)
        while not tend(spec.job_id, spec.target).ended:
            time.sleep(poll_seconds(spec.target))
        try:
            return Outcome(spec, result(spec.job_id, spec.target), "")
        except JobLost:
            continue
        except DriftgateError as error:
            return Outcome(spec, None, " ".join(str(error).split()))
    return Outcome(spec, None, f"its job was lost {MOST_STARTS} times")
