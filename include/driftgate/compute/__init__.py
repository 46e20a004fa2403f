"""Compute: where a job runs, and what is known about it."""

from driftgate.compute.attempts import Attempt, attempts
from driftgate.compute.backends import cancel, poll_seconds, result, status, submit, sweep, tend
from driftgate.compute.job_files import read_artefact
from driftgate.compute.job_records import JobRecord
from driftgate.compute.jobs import JobHandle, JobLost, JobResult, JobRunning, JobSpec
from driftgate.compute.measuring import measured
from driftgate.compute.targets import target_names

__all__ = [
    "Attempt",
    "JobHandle",
    "JobLost",
    "JobRecord",
    "JobResult",
    "JobRunning",
    "JobSpec",
    "attempts",
    "cancel",
    "measured",
    "poll_seconds",
    "read_artefact",
    "result",
    "status",
    "submit",
    "sweep",
    "target_names",
    "tend",
]
