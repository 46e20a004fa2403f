"""What is asked of a job, and what came of it: the same JSON for every backend."""

import re
from dataclasses import dataclass
from typing import Literal

from driftgate.errors import ConfigError
from driftgate.fairness_policy import Facet
from driftgate.fingerprint import Fingerprint
from driftgate.problems import PrimaryMetric, Problem
from driftgate.records import Record
from driftgate.training_policy import Checkpoints, Stop, TrainerName

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "lost"]
# early_stopping: the validation metric did not get better; good_enough, budget: the spec's ``stop`` says so.
StopReason = Literal["early_stopping", "all_iterations", "good_enough", "budget"]
Parameters = dict[str, bool | int | float | str | tuple[int, ...] | dict[str, int]]
SCHEMA_VERSION = 2
EXIT_BAD_INPUT = 65  # EX_DATAERR of sysexits.h: the last line of the job's log is the sentence for the person
EXIT_INTERRUPTED = 75  # EX_TEMPFAIL: the machine was about to go, a checkpoint is saved; starting it again goes on


class Variation(Record):
    """What one child of an array does otherwise than its spec says."""

    seed: int | None = None
    row_share: float | None = None
    parameters: Parameters = {}


class JobSpec(Record):
    """One training job. With the dataset version that it names, it determines every byte of the model."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    kind: Literal["train"] = "train"
    use_case: str
    dataset_version: str
    target: str  # the compute target that is asked for; a capacity watch may move the job to a later one
    problem: Problem
    trainer: TrainerName
    metric: PrimaryMetric  # what early stopping watches: the use case's primary metric
    seed: int
    parameters: Parameters
    request_key: tuple[str, ...]
    event_time: str
    not_features: tuple[str, ...]
    max_single_feature_auc: float = 0.98  # a feature that alone reaches it has seen the answer
    max_single_feature_r2: float = 0.98  # the same in a regression
    row_share: float = (
        1.0  # of the training rows, drawn by the seed and stratified by label; validation rows stay whole
    )
    folds: int = 0  # time folds of the training rows whose metric is measured besides; 0 measures none
    processes: int = 1  # of a data-parallel training (torchrun); together they give the model of one
    reweigh: Facet | None = None  # whose groups and labels the weights of the training rows make independent
    stop: Stop = Stop()
    checkpoints: Checkpoints = Checkpoints()
    array: tuple[Variation, ...] = ()  # trainings that this one job stands for; none: it is a training itself
    tags: dict[str, str] = {}  # use_case, owner, cost_centre, environment, run, activity: on the job and in the ledger


class JobResult(Record):
    """A job that succeeded. Its artefacts lie in the lake beside this record, which is written last."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    spec_sha256: str
    artefacts: dict[str, str]  # name → sha256: the model's file, preprocessing.json, signature.json
    model_file: str = "model.txt"  # the name of the model's file; model.onnx for a network
    metrics: dict[str, float]
    stop_reason: StopReason
    seconds: float  # of the attempt that ended it; earlier attempts are in attempts/
    cpu_seconds: float
    peak_memory_mib: float
    environment: Fingerprint | None = None  # in which the model was trained

    @property
    def model_sha256(self) -> str:
        """The hash of the model's file: what evaluation and registration hold the model to."""
        return self.artefacts[self.model_file]


@dataclass(frozen=True)
class JobHandle:
    """What is known about a submitted job without waiting for it.

    ``target`` is where it runs now; ``log`` a path or an address; ``reason`` why it waits or how it ended, if known;
    ``remote_id`` the backend's own name of it.
    """

    job_id: str
    target: str
    state: State
    log: str
    timeout_minutes: float
    reason: str = ""
    remote_id: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in ("queued", "running")


class JobLost(Exception):
    """The job's process was ended from outside (a killed process, a lost host); submitting again starts it anew."""


class Interrupted(Exception):
    """The job's machine is about to go; what was done is saved, and starting the job again goes on from there."""


class JobRunning(Exception):
    """The job has not ended yet; asking again later is right."""


def checked_job_id(job_id: str) -> str:
    """Return ``job_id``, which is fit to be a folder's name and a name on any backend.

    :raises ConfigError: it is not
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", job_id):
        raise ConfigError(
            f"Job id {job_id!r} is not allowed; use 1 to 128 letters, digits, '-' and '_', beginning with a letter or "
            f"digit."
        )
    return job_id
