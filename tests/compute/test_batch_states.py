"""Every state of Batch, every way in which a job ends there, and what each means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.compute.batch_states import sighting, waiting
from driftgate.compute.targets import Target

TARGET = Target(backend="batch", vcpu=4, memory_mib=8192, gpu=1, timeout_minutes=90)
EXITED = "Essential container in task exited"


def seen(status: str, **said: Any) -> tuple[str, str]:
    """Return state and reason of a job that Batch describes so."""
    job = {"status": status, "createdAt": 1_000, **said}
    found = sighting(job, TARGET, lambda: "it waits for its turn", lambda: 8100.4)
    return found.state, found.reason


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("SUBMITTED", "queued", "AWS Batch has not looked at it yet"),
        ("PENDING", "queued", "it waits for other jobs"),
        ("RUNNABLE", "queued", "it waits for its turn"),
        ("STARTING", "queued", "its host is getting its container ready"),
        ("RUNNING", "running", ""),
        ("SUCCEEDED", "succeeded", "it ended"),
        ("FAILED", "failed", "it did not start: AWS Batch gives no reason"),
        ("NEW_STATE", "queued", "AWS Batch says NEW_STATE"),
    ],
)
def test_every_state_has_its_meaning(status: str, state: str, reason: str) -> None:
    assert seen(status) == (state, reason)


@pytest.mark.parametrize(
    ("said", "state", "reason"),
    [
        ({"statusReason": EXITED, "container": {"exitCode": 3}}, "failed", "it ended with status 3"),
        (
            {"statusReason": EXITED, "container": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed"}},
            "failed",
            "it needed more memory than the 8192 MiB that its target asks for (at its last measurement it used 8100 "
            "MiB)",
        ),
        (
            {
                "statusReason": "Job attempt duration exceeded timeout",
                "container": {"exitCode": 75},
                "isTerminated": True,
            },
            "failed",
            "it ran longer than 90 minutes, its time limit",
        ),
        (
            {"statusReason": "driftgate: it was cancelled", "container": {"exitCode": 75}, "isTerminated": True},
            "cancelled",
            "it was cancelled",
        ),
        (
            {"statusReason": "not needed.", "isCancelled": True},
            "cancelled",
            "somebody ended it at AWS Batch: not needed",
        ),
        (
            {"statusReason": "Host EC2 (instance i-1) terminated.", "attempts": [{}]},
            "lost",
            "its host was taken away",
        ),
        (
            {"statusReason": EXITED, "container": {"exitCode": 75}, "attempts": [{}, {}, {}]},
            "lost",
            "it was interrupted and has saved a checkpoint at its attempt 3, the last that its target allows",
        ),
        (
            {
                "statusReason": "Task failed to start",
                "container": {"reason": "CannotPullContainerError: no such image."},
            },
            "failed",
            "it did not start: CannotPullContainerError: no such image",
        ),
        (
            {
                "statusReason": "Canceled by JobStateTimeLimit action due to reason: "
                "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
            },
            "failed",
            "its queue gave it up: AWS has no free instance of the types that its queue may use",
        ),
        ({"statusReason": "Dependent Job failed"}, "failed", "it did not start: Dependent Job failed"),
    ],
)
def test_every_end_has_its_meaning(said: dict[str, Any], state: str, reason: str) -> None:
    assert seen("FAILED", **said) == (state, reason)


def test_the_parent_of_an_array_runs_while_its_children_do() -> None:
    assert seen("PENDING", arrayProperties={"statusSummary": {"RUNNABLE": 2, "RUNNING": 0}})[0] == "queued"
    assert seen("PENDING", arrayProperties={"statusSummary": {"RUNNABLE": 1, "RUNNING": 1}})[0] == "running"
    assert seen("PENDING", arrayProperties={"statusSummary": {"RUNNABLE": 1, "SUCCEEDED": 1}})[0] == "running"


def test_waiting_counts_from_the_end_of_the_attempt_before() -> None:
    again = {"status": "RUNNABLE", "createdAt": 1_000, "attempts": [{"stoppedAt": 9_000}]}
    assert sighting(again, TARGET, str).since == datetime.fromtimestamp(9, UTC)
    assert sighting({**again, "attempts": []}, TARGET, str).since == datetime.fromtimestamp(1, UTC)


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        (
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity for type [g5.xlarge]",
            "AWS has no free instance of the types that its queue may use (Service cannot fulfill the capacity for "
            "type [g5.xlarge])",
        ),
        (
            "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) cannot meet the CPU requirements.",
            "it asks for 4 vCPU and 8192 MiB and 1 GPU, more than 'maxvCpus' of its queue's compute environments "
            "allows; raise that, or lower 'vcpu' of the target",
        ),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - x", "the service role of its queue's compute environments lacks"),
        ("SOMETHING:NEW - Batch learnt a word.", "SOMETHING:NEW - Batch learnt a word"),
    ],
)
def test_why_a_job_is_stuck_is_decoded(said: str, clause: str) -> None:
    assert waiting(said, TARGET).startswith(clause)
