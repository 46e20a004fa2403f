"""Every state and stop code of an ECS task means one thing for us."""

from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.compute import ecs_states
from driftgate.compute.targets import Target

TARGET = Target(backend="ecs", vcpu=2, memory_mib=4096, timeout_minutes=30, gpu=1)
CREATED, STARTED = datetime(2013, 4, 1, 8, tzinfo=UTC), datetime(2013, 4, 1, 9, tzinfo=UTC)


def stopped(code: str, said: str, status: int | None = None, reason: str = "") -> dict[str, Any]:
    container = {"reason": reason, **({} if status is None else {"exitCode": status})}
    return {"lastStatus": "STOPPED", "stopCode": code, "stoppedReason": said, "containers": [container]}


@pytest.mark.parametrize(
    ("status", "started", "state"),
    [
        ("PROVISIONING", False, "queued"),
        ("PENDING", False, "queued"),
        ("ACTIVATING", False, "queued"),
        ("RUNNING", True, "running"),
        ("DEACTIVATING", True, "running"),
        ("STOPPING", True, "running"),
        ("DEPROVISIONING", True, "running"),
        ("DEPROVISIONING", False, "queued"),  # stopped before it began: it has not ended yet
        ("NEW_STATE", False, "queued"),
    ],
)
def test_a_task_that_has_not_stopped_waits_or_runs(status: str, started: bool, state: str) -> None:
    task = {"lastStatus": status, "createdAt": CREATED, **({"startedAt": STARTED} if started else {})}
    seen = ecs_states.sighting(task, TARGET)
    assert (seen.state, seen.since) == (state, STARTED if started else CREATED)
    assert (seen.reason == "") == started


EXITED = ("EssentialContainerExited", "Essential container in task exited")


@pytest.mark.parametrize(
    ("task", "state", "reason"),
    [
        (stopped(*EXITED, 0), "succeeded", "it ended"),
        (stopped(*EXITED, 3), "failed", "it ended with status 3"),
        (stopped(*EXITED, 65), "failed", "it ended with status 65"),
        (stopped(*EXITED, 75), "lost", "it was interrupted and has saved a checkpoint"),
        (
            stopped(*EXITED, 137, "OutOfMemoryError: Container killed due to memory usage"),
            "failed",
            "it needed more memory than the 4096 MiB that its target asks for (at its last measurement it used "
            "3990 MiB)",
        ),
        (stopped(*EXITED), "failed", "it ended without a status: Essential container in task exited"),
        (stopped("SpotInterruption", "Your Spot Task was interrupted.", 143), "lost", "its host was taken away"),
        (stopped("", "Your Spot Task was interrupted.", 75), "lost", "its host was taken away"),
        (stopped("TerminationNotice", "Fargate retires its host", 143), "lost", "its host was taken away"),
        (stopped(EXITED[0], "Host EC2 (instance i-1) terminated."), "lost", "its host was taken away"),
        (stopped("UserInitiated", "driftgate: it was cancelled", 75), "cancelled", "it was cancelled"),
        (stopped("UserInitiated", "tidying up.", 143), "cancelled", "somebody ended it at Amazon ECS: tidying up"),
        (
            stopped("TaskFailedToStart", "CannotPullContainerError: no such digest."),
            "failed",
            "it did not start: CannotPullContainerError: no such digest",
        ),
        (
            stopped("TaskFailedToStart", "Capacity is unavailable at this time. Please try again later."),
            "lost",
            "it did not start: Capacity is unavailable at this time. Please try again later",
        ),
    ],
)
def test_why_a_task_stopped_decides(task: dict[str, Any], state: str, reason: str) -> None:
    seen = ecs_states.sighting(task, TARGET, lambda: 3990.2)
    assert (seen.state, seen.reason) == (state, reason)
    assert seen.no_capacity == ("Capacity" in reason)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("RESOURCE:GPU", "no machine of its cluster has 2 vCPU and 4096 MiB and 1 GPU free"),
        ("RESOURCE:MEMORY", "no machine of its cluster has 2 vCPU and 4096 MiB and 1 GPU free"),
        ("Capacity is unavailable at this time.", "AWS has no free machine for it at this time"),
        ("No active instances", "no machine of its cluster is running"),
        ("ATTRIBUTE", None),
        ("MISSING", None),
    ],
)
def test_a_failure_of_run_task_waits_or_is_a_mistake(failure: str, reason: str | None) -> None:
    assert ecs_states.waiting(failure, TARGET) == reason
