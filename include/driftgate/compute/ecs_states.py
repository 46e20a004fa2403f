"""What the states of an ECS task, its stop codes and its absence mean for us."""

from collections.abc import Callable
from typing import Any

from driftgate.compute.backend import Sighting
from driftgate.compute.jobs import EXIT_INTERRUPTED
from driftgate.compute.targets import Target

BY_US = "driftgate: "  # what our own StopTask gives as its reason
UNKNOWN = Sighting("lost", "Amazon ECS knows it no more")
UNSEEN = Sighting("queued", "Amazon ECS does not show it yet")
WAITING = {
    "PROVISIONING": "Amazon ECS is looking for a machine for it",
    "PENDING": "its machine is getting its container ready",
    "ACTIVATING": "its machine is getting its container ready",
}
HOST_LOST_CODES = {"SpotInterruption", "TerminationNotice"}
HOST_LOST_REASONS = ("Host EC2", "Your Spot Task was interrupted")  # ECS has not always given a code
NO_CAPACITY = ("Capacity is unavailable", "RESOURCE:", "NO ACTIVE INSTANCES", "EMPTY CAPACITY PROVIDER")
OUT_OF_MEMORY = "OutOfMemoryError"

# Failures of RunTask that pass by themselves; every other one is a mistake in the target.
PASSING_FAILURES = {
    "RESOURCE:CPU": "no machine of its cluster has {asks} free",
    "RESOURCE:MEMORY": "no machine of its cluster has {asks} free",
    "RESOURCE:GPU": "no machine of its cluster has {asks} free",
    "RESOURCE:ENI": "no machine of its cluster has a network interface free",
    "RESOURCE:PORTS": "no machine of its cluster has its ports free",
    "AGENT": "no machine of its cluster has an agent that answers",
    "NO ACTIVE INSTANCES": "no machine of its cluster is running",
    "EMPTY CAPACITY PROVIDER": "no machine of its capacity provider is running",
    "CAPACITY IS UNAVAILABLE": "AWS has no free machine for it at this time",
}


def sighting(task: dict[str, Any], target: Target, used_mib: Callable[[], float | None] = lambda: None) -> Sighting:
    """Return what one description of DescribeTasks says; the lines of its log are the caller's to add."""
    status, started = task["lastStatus"], task.get("startedAt")
    if status == "STOPPED":
        return _stopped(task, target, used_mib)
    if started:  # RUNNING, and DEACTIVATING, STOPPING and DEPROVISIONING after it
        return Sighting("running", since=started)
    return Sighting("queued", WAITING.get(status, f"Amazon ECS says {status}"), since=task.get("createdAt"))


def waiting(failure: str, target: Target) -> str | None:
    """Return why RunTask found no machine, or None when waiting would not help."""
    asks = f"{target.vcpu} vCPU and {target.memory_mib} MiB" + (f" and {target.gpu} GPU" if target.gpu else "")
    for beginning, clause in PASSING_FAILURES.items():
        if failure.upper().startswith(beginning):
            return clause.format(asks=asks)
    return None


def _stopped(task: dict[str, Any], target: Target, used_mib: Callable[[], float | None]) -> Sighting:
    said, code = task.get("stoppedReason", ""), task.get("stopCode", "")
    container: dict[str, Any] = task["containers"][0] if task.get("containers") else {}
    status = container.get("exitCode")
    if said.startswith(BY_US):
        return Sighting("cancelled", said.removeprefix(BY_US), status)
    if code in HOST_LOST_CODES or said.startswith(HOST_LOST_REASONS):
        return Sighting("lost", "its host was taken away", status)
    if status == EXIT_INTERRUPTED:
        return Sighting("lost", "it was interrupted and has saved a checkpoint", status)
    if code == "TaskFailedToStart":
        return _not_started(container.get("reason") or said, status)
    if code in ("UserInitiated", "ServiceSchedulerInitiated"):
        return Sighting("cancelled", f"somebody ended it at Amazon ECS: {said.rstrip('.')}", status)
    if status == 0:
        return Sighting("succeeded", "it ended")
    return Sighting("failed", _why_failed(container.get("reason", ""), said, status, target, used_mib), status)


def _not_started(said: str, status: int | None) -> Sighting:
    reason = f"it did not start: {(said or 'Amazon ECS gives no reason').rstrip('.')}"
    if said.startswith(NO_CAPACITY):
        return Sighting("lost", reason, status, no_capacity=True)
    return Sighting("failed", reason, status)


def _why_failed(
    reason: str, said: str, status: int | None, target: Target, used_mib: Callable[[], float | None]
) -> str:
    if reason.startswith(OUT_OF_MEMORY):
        used = used_mib()
        measured = f" (at its last measurement it used {used:.0f} MiB)" if used else ""
        return f"it needed more memory than the {target.memory_mib} MiB that its target asks for{measured}"
    if status is None:
        return f"it ended without a status: {(reason or said or 'Amazon ECS gives no reason').rstrip('.')}"
    because = f" ({reason.rstrip('.')})" if reason else ""
    return f"it ended with status {status}{because}"
