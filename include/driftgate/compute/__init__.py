"""Compute: where a job runs, and what is known about it."""

from driftgate.compute.jobs import JobResult, JobSpec

__all__ = ["JobResult", "JobSpec"]
