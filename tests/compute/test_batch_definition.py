"""A job definition says everything about a job but which one it is, and is registered once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobSpec
from driftgate.compute.batch_definition import definition, registered
from driftgate.compute.targets import Target


@pytest.fixture
def target(on_s3: LocalAws, batch_target: dict[str, Any]) -> Target:
    return Target(**batch_target)


@pytest.fixture
def spec(job_spec: Callable[..., JobSpec], tagged: dict[str, str]) -> JobSpec:
    return job_spec(tags=tagged)


def test_the_same_content_is_found_again_and_other_content_is_another(
    on_s3: LocalAws, target: Target, spec: JobSpec
) -> None:
    batch = on_s3.client("batch")
    first = registered(batch, "gpu", target, spec)
    another_run = spec.model_copy(update={"job_id": "another", "tags": {**spec.tags, "run": "manual__2"}})
    assert registered(batch, "gpu", target, another_run) == first
    assert on_s3.calls("batch:RegisterJobDefinition") == 1
    image = f"repository/driftgate@sha256:{'6' * 64}"
    assert registered(batch, "gpu", target.model_copy(update={"image": image}), spec) != first


def test_a_definition_that_was_taken_back_is_registered_anew(on_s3: LocalAws, target: Target, spec: JobSpec) -> None:
    batch = on_s3.client("batch")
    first = registered(batch, "gpu", target, spec)
    batch.deregister_job_definition(jobDefinition=first)
    assert registered(batch, "gpu", target, spec) != first


def test_it_names_image_role_limits_secrets_log_and_who_pays(
    target: Target, spec: JobSpec, tagged: dict[str, str]
) -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:repository"
    target = target.model_copy(
        update={"gpu": 1, "execution_role": target.job_role, "secrets": {"DRIFTGATE_DATA_REPOSITORY": secret}}
    )
    made = definition("gpu", target, spec)
    container = made["containerProperties"]
    assert (container["image"], container["jobRoleArn"]) == (target.image, target.job_role)
    assert container["executionRoleArn"] == target.job_role
    asked = {one["type"]: one["value"] for one in container["resourceRequirements"]}
    assert asked == {"VCPU": "1", "MEMORY": "2048", "GPU": "1"}
    assert container["command"][-2:] == ["--job", "Ref::spec"]
    assert container["secrets"] == [{"name": "DRIFTGATE_DATA_REPOSITORY", "valueFrom": secret}]
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/driftgate/jobs"
    assert made["timeout"] == {"attemptDurationSeconds": 300}
    assert made["retryStrategy"]["attempts"] == 3
    assert made["tags"] == {name: value for name, value in tagged.items() if name not in ("run", "activity")}


def test_several_nodes_have_the_same_container(target: Target, spec: JobSpec) -> None:
    one, two = (definition("gpu", target.model_copy(update={"nodes": nodes}), spec) for nodes in (1, 2))
    assert two["type"] == "multinode"
    assert (two["nodeProperties"]["numNodes"], two["nodeProperties"]["mainNode"]) == (2, 0)
    [nodes] = two["nodeProperties"]["nodeRangeProperties"]
    assert nodes["targetNodes"] == "0:"
    containers = [one["containerProperties"], nodes["container"]]
    told = [one["environment"].pop(_named(one, "DRIFTGATE_TARGET_SETTINGS")) for one in containers]
    assert containers[0] == containers[1]
    assert [json.loads(one["value"])["nodes"] for one in told] == [1, 2]  # they are told how many they are


def _named(container: dict[str, Any], name: str) -> int:
    """Return the place of a variable in a container's environment."""
    return [variable["name"] for variable in container["environment"]].index(name)


def test_processes_that_train_together_have_memory_to_share(target: Target, spec: JobSpec) -> None:
    together = definition("gpu", target, spec.model_copy(update={"processes": 2}))
    assert together["containerProperties"]["linuxParameters"] == {"sharedMemorySize": 1024}
    assert "linuxParameters" not in definition("gpu", target, spec)["containerProperties"]
