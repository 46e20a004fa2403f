"""What is asked of a job, and what came of it: the same JSON for every backend."""

import re
from dataclasses import dataclass
from typing import Literal

from driftgate.errors import ConfigError
from driftgate.records import Record

State = Literal["running", "succeeded", "failed", "cancelled", "lost"]
SCHEMA_VERSION = 1
EXIT_BAD_INPUT = 65  # EX_DATAERR of sysexits.h: the last line of the job's log is the sentence for the person


class JobSpec(Record):
    """One training job. With the dataset version that it names, it determines every byte of the model."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    kind: Literal["train"] = "train"
    use_case: str
    dataset_version: str
    target: str
    problem: Literal["binary"]
    trainer: Literal["lightgbm"]
    metric: Literal["auc"] = "auc"  # what early stopping watches: the use case's primary metric
    seed: int
    parameters: dict[str, bool | int | float | str]
    request_key: tuple[str, ...]
    event_time: str
    not_features: tuple[str, ...]
    max_single_feature_auc: float = 0.98  # a feature that alone reaches it has seen the answer


class JobResult(Record):
    """A job that succeeded. Its artefacts lie in the lake beside this record, which is written last."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    spec_sha256: str
    artefacts: dict[str, str]  # name → sha256: model.txt, preprocessing.json, signature.json
    metrics: dict[str, float]
    stop_reason: Literal["early_stopping", "all_iterations"]
    seconds: float
    cpu_seconds: float
    peak_memory_mib: float


@dataclass(frozen=True)
class JobHandle:
    """What is known about a submitted job without waiting for it."""

    job_id: str
    target: str
    state: State
    log: str
    timeout_minutes: float

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state != "running"


class JobLost(Exception):
    """The job's process was ended from outside (a killed process, a lost host); submitting again starts it anew."""


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
