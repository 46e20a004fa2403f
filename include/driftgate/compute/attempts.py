"""What every attempt of a job used: ``jobs/<id>/attempts/<number>.json`` in the lake."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from driftgate import uris
from driftgate.compute.job_records import find_record
from driftgate.compute.jobs import checked_job_id
from driftgate.compute.sampler import Usage
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.records import parse_record

Outcome = Literal["running", "succeeded", "failed", "interrupted"]
SCHEMA_VERSION = 1
SILENT_SECONDS = 60.0  # an attempt that has not been refreshed for so long runs no more


class Attempt(Usage):
    """One start of a job's process, from its first second to its last."""

    schema_version: int = SCHEMA_VERSION
    job_id: str
    number: int  # from 1, in the order of their starts
    use_case: str
    dataset_version: str | None = None
    trainer: str
    started_at: datetime
    outcome: Outcome = "running"
    resumed_from: int | None = None  # the iteration of the checkpoint that it went on from
    rows: int | None = None  # that it trained on
    row_share: float = 1.0
    target: str
    backend: str | None = None
    instance_type: str | None = None
    instance_count: int = 1
    spot: bool = False
    region: str | None = None
    cores: float  # that it may keep busy
    memory_mib: float  # that it may use
    tags: dict[str, str] = {}

    @property
    def ended_at(self) -> datetime:
        """When it ended, or was last heard of."""
        return self.started_at + timedelta(seconds=self.seconds)

    def resource_usage(self) -> dict[str, Any]:
        """Return what was provisioned and what was used, by the names that AWS uses."""
        used = {
            "CPUUtilization": self.cpu,
            "GPUUtilization": self.gpu,
            "GPUMemoryUtilization": self.gpu_memory,
            "MemoryUtilization": self.memory,
            "DiskUtilization": self.disk,
        }
        return {
            "InstanceCount": self.instance_count,
            "InstanceType": self.instance_type,
            "VolumeSizeInGB": self.volume_gb,
            **{name: spread.model_dump() if spread else None for name, spread in used.items()},
        }


def attempts(job_id: str) -> list[Attempt]:
    """Return every attempt of the job, oldest first.

    One that ended without a last word counts as failed when its job did so, for its limit of memory or time, and else
    as interrupted: its host was lost.

    :raises ConfigError: a newer Driftgate wrote one of them
    """
    paths = lake().list(attempts_folder(job_id))
    found = sorted((_read(path) for path in paths), key=lambda attempt: attempt.number)
    return [_judged(attempt, last=attempt is found[-1]) for attempt in found]


def attempts_folder(job_id: str) -> str:
    """Return the folder in the lake of the job's attempts."""
    return f"{uris.job(checked_job_id(job_id))}/attempts"


def _judged(attempt: Attempt, *, last: bool) -> Attempt:
    """A job has one process at a time: when the next one starts, or after a silence, the one before has ended."""
    silent = datetime.now(UTC) - attempt.ended_at > timedelta(seconds=SILENT_SECONDS)
    if attempt.outcome != "running" or (last and not silent):
        return attempt
    noted = find_record(attempt.job_id) if last else None
    failed = noted is not None and noted.record.ending is not None and noted.record.ending.state == "failed"
    return attempt.model_copy(update={"outcome": "failed" if failed else "interrupted"})


def _read(path: str) -> Attempt:
    raw = json.loads(lake().read(path))
    version = raw.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise ConfigError(
            f"{lake().uri(path)} has schema_version {version}, but this Driftgate reads up to {SCHEMA_VERSION}: a "
            f"newer one wrote it; upgrade the image or environment that runs this."
        )
    return parse_record(raw, Attempt, where=lake().uri(path))
