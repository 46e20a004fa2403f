"""Queues that cannot run a target's jobs, and why a job waits of which Batch says nothing."""

from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute.batch_queue import refuse_queue, why_waiting
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError


class Described:
    """A Batch that describes this queue and these compute environments: states that moto does not have."""

    def __init__(self, queue: dict[str, Any], *environments: dict[str, Any]) -> None:
        order = [{"computeEnvironment": str(place)} for place, _ in enumerate(environments)]
        self._queue = {"state": "ENABLED", "status": "VALID", "computeEnvironmentOrder": order, **queue}
        whole = {"computeEnvironmentName": "ce", "state": "ENABLED", "status": "VALID"}
        self._environments = [{**whole, **one} for one in environments]
        self.calls = 0

    def describe_job_queues(self, jobQueues: list[str]) -> dict[str, Any]:
        self.calls += 1
        return {"jobQueues": [self._queue]}

    def describe_compute_environments(self, computeEnvironments: list[str]) -> dict[str, Any]:
        return {"computeEnvironments": self._environments}


def resources(**changes: Any) -> dict[str, Any]:
    """Return a compute environment with these resources."""
    return {"computeResources": {"type": "EC2", "maxvCpus": 16, "desiredvCpus": 4, "instanceTypes": ["c5"], **changes}}


def target(**changes: Any) -> Target:
    whole = {"backend": "batch", "vcpu": 4, "memory_mib": 512, "timeout_minutes": 5, "queue": "q", **changes}
    return Target(**whole)


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        (
            Described({"status": "INVALID", "statusReason": "no role."}, resources()),
            "which is INVALID: no role; repair it",
        ),
        (Described({}), "can run none of its jobs, because it has no compute environment"),
        (Described({}, {"state": "DISABLED"}), "because the compute environment 'ce' is disabled"),
        (
            Described({}, {"status": "INVALID", "statusReason": "CLIENT_ERROR - no."}),
            r"because the compute environment 'ce' is invalid \(CLIENT_ERROR - no\)",
        ),
        (Described({}, resources(type="FARGATE")), "it has Fargate only; use a target with 'backend: ecs'"),
        (
            Described({}, resources(type="SPOT")),
            "the target does not say 'spot: true' and its compute environments are",
        ),
    ],
)
def test_a_queue_that_can_run_nothing_is_refused(described: Described, sentence: str) -> None:
    with pytest.raises(ConfigError, match=rf"^Compute target 'gpu' in compute.yaml.*'q'.*{sentence}"):
        refuse_queue(described, "gpu", target())


def test_one_compute_environment_that_works_is_enough() -> None:
    refuse_queue(Described({}, {"state": "DISABLED"}, resources(type="SPOT"), resources()), "gpu", target())
    refuse_queue(Described({}, resources(), resources(instanceTypes=["g5.xlarge"])), "gpu", target(gpu=1))


@pytest.mark.parametrize(
    ("described", "clause"),
    [
        (Described({}, resources()), "it waits for its turn"),
        (
            Described({}, resources(desiredvCpus=16)),
            "all 16 vCPUs that its queue's compute environments may have are in use",
        ),
        (Described({}, {"state": "DISABLED"}), "the compute environment 'ce' is disabled"),
    ],
)
def test_why_a_job_waits(described: Described, clause: str) -> None:
    assert why_waiting(described, target()) == clause
    assert why_waiting(described, target()) == clause
    assert described.calls == 1  # asked once a minute


def test_the_real_description_of_a_queue_is_understood(aws: LocalAws) -> None:
    batch = aws.client("batch")
    refuse_queue(batch, "gpu", target(queue=aws.gpu_queue, gpu=1))
    refuse_queue(batch, "gpu", target(queue=aws.spot_queue, spot=True, max_wait_minutes=9))
    assert why_waiting(batch, target(queue=aws.queue)) == "it waits for its turn"
    assert why_waiting(batch, target(queue="night")) == "its queue 'night' is gone"
