"""What the seven states of AWS Batch, and a job's absence, mean for us. A timeout is never success."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from driftgate.compute.backend import Sighting
from driftgate.compute.jobs import EXIT_INTERRUPTED
from driftgate.compute.targets import Target

BY_US = "driftgate: "  # what our own TerminateJob gives as its reason
TIMED_OUT = "Job attempt duration exceeded timeout"
HOST_LOST = "Host EC2"
OUT_OF_MEMORY = "OutOfMemoryError"
QUEUE_GAVE_UP = "by JobStateTimeLimit action due to reason: "
UNKNOWN = Sighting("lost", "AWS Batch knows it no more")
UNSEEN = Sighting("queued", "AWS Batch does not show it yet")
WAITING = {
    "SUBMITTED": "AWS Batch has not looked at it yet",
    "PENDING": "it waits for other jobs",
    "RUNNABLE": "it waits for its turn",
    "STARTING": "its host is getting its container ready",
}

# What Batch's statusReason begins with when a job stays RUNNABLE; detail is what it says besides.
STUCK = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": "AWS has no free instance of the types that its queue may use{detail}",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": (
        "it asks for {asks}, more than 'maxvCpus' of its queue's compute environments allows; raise that, or lower "
        "'vcpu' of the target"
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": (
        "it asks for {asks}, which no instance type of its queue has (a host keeps some memory for itself); lower the "
        "target's numbers, or add a larger type to the compute environment"
    ),
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": (
        "the service role of its queue's compute environments lacks a permission; the console says which at the "
        "compute environment"
    ),
}


def sighting(
    job: dict[str, Any],
    target: Target,
    why_runnable: Callable[[], str],
    used_mib: Callable[[], float | None] = lambda: None,
) -> Sighting:
    """Return what one description of DescribeJobs says; the lines of its log are the caller's to add.

    :param why_runnable: asked only for a job that waits for capacity
    :param used_mib: the most memory that the job was seen to use, asked only when it ran out of it
    """
    status = state_of(job)
    if status == "RUNNING":
        return Sighting("running", since=_moment(job.get("startedAt")))
    if status == "SUCCEEDED":
        return Sighting("succeeded", "it ended", since=_moment(job.get("stoppedAt")))
    if status == "FAILED":
        return _of_child(_failed(job, target, used_mib), job.get("arrayProperties", {}).get("index"))
    reason = why_runnable() if status == "RUNNABLE" else WAITING.get(status, f"AWS Batch says {status}")
    return Sighting("queued", reason, since=_waits_since(job))


def state_of(job: dict[str, Any]) -> str:
    """Return a job's state; the parent of an array is PENDING while its children run."""
    status = str(job["status"])
    children = job.get("arrayProperties", {}).get("statusSummary", {})
    if status == "PENDING" and any(children.get(one) for one in ("STARTING", "RUNNING", "SUCCEEDED", "FAILED")):
        return "RUNNING"
    return status


def _of_child(seen: Sighting, index: int | None) -> Sighting:
    ended = {"failed": "failed", "lost": "was lost"}.get(seen.state)
    return replace(seen, reason=f"its child {index} {ended}: {seen.reason}") if ended and index is not None else seen


def _failed(job: dict[str, Any], target: Target, used_mib: Callable[[], float | None]) -> Sighting:
    said, container = job.get("statusReason", ""), job.get("container", {})
    code = container.get("exitCode")
    ended = _moment(job.get("stoppedAt"))
    if said.startswith(BY_US):
        return Sighting("cancelled", said.removeprefix(BY_US), code, since=ended)
    if said.startswith(HOST_LOST):
        return Sighting("lost", f"its host was taken away{_times(job)}", code, since=ended)
    if said.startswith(TIMED_OUT):  # it may have saved a checkpoint and ended with EXIT_INTERRUPTED: still no success
        reason = f"it ran longer than {target.timeout_minutes:g} minutes, its time limit"
        return Sighting("failed", reason, code, since=ended)
    if job.get("isTerminated") or job.get("isCancelled"):
        return Sighting("cancelled", f"somebody ended it at AWS Batch: {said.rstrip('.')}", code, since=ended)
    if code == EXIT_INTERRUPTED:
        return Sighting("lost", f"it was interrupted and has saved a checkpoint{_times(job)}", code, since=ended)
    return Sighting("failed", _why_failed(said, container.get("reason", ""), code, target, used_mib), code, since=ended)


def _why_failed(said: str, reason: str, code: int | None, target: Target, used_mib: Callable[[], float | None]) -> str:
    if reason.startswith(OUT_OF_MEMORY):
        used = used_mib()
        measured = f" (at its last measurement it used {used:.0f} MiB)" if used else ""
        return f"it needed more memory than the {target.memory_mib} MiB that its target asks for{measured}"
    if QUEUE_GAVE_UP in said:
        return f"its queue gave it up: {waiting(said.partition(QUEUE_GAVE_UP)[2], target)}"
    if code is None:
        return f"it did not start: {(reason or said or 'AWS Batch gives no reason').rstrip('.')}"
    because = f" ({reason.rstrip('.')})" if reason else ""
    return f"it ended with status {code}{because}"


def _times(job: dict[str, Any]) -> str:
    attempts = len(job.get("attempts", []))
    return f" at its attempt {attempts}, the last that its target allows" if attempts > 1 else ""


def waiting(said: str, target: Target) -> str:
    """Return the clause for a reason that AWS gives for a job that stays RUNNABLE."""
    code, _, detail = said.partition(" - ")
    known = STUCK.get(code.strip())
    if known is None:
        return said.rstrip(".")
    asks = f"{target.vcpu} vCPU and {target.memory_mib} MiB" + (f" and {target.gpu} GPU" if target.gpu else "")
    return known.format(asks=asks, detail=f" ({detail.strip().rstrip('.')})" if detail else "")


def _waits_since(job: dict[str, Any]) -> datetime | None:
    stopped = [one["stoppedAt"] for one in job.get("attempts", []) if one.get("stoppedAt")]
    return _moment(max([job.get("createdAt") or 0, *stopped]))


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
