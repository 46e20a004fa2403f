"""What is asked of a job, and what came of it: the same JSON for every backend."""

from typing import Literal

from driftgate.records import Record


class JobSpec(Record):
    """One training job. With the dataset version it names, it determines every byte of the model."""

    schema_version: int = 1
    job_id: str
    kind: Literal["train"] = "train"
    use_case: str
    dataset_version: str
    target: str
    problem: Literal["binary"]
    trainer: Literal["lightgbm"]
    seed: int
    parameters: dict[str, bool | int | float | str]
    request_key: tuple[str, ...]
    event_time: str
    not_features: tuple[str, ...]


class JobResult(Record):
    """A job that succeeded. Its artefacts lie in the lake beside this record, which is written last."""

    schema_version: int = 1
    job_id: str
    spec_sha256: str
    artefacts: dict[str, str]  # name → sha256: model.txt, preprocessing.json, signature.json
    metrics: dict[str, float]
    stop_reason: Literal["early_stopping", "all_iterations"]
    seconds: float
    cpu_seconds: float
    peak_memory_mib: float
