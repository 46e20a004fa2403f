"""The ECS backend through the port: what a task is given, what it waits for, and what is refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobLost, JobSpec, result, status, submit, tend
from driftgate.compute.ecs import EcsBackend
from driftgate.compute.ecs_definition import definition
from driftgate.compute.job_records import find_record
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, DriftgateError, NotSupported
from driftgate.lake import lake

Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def ecs_target(aws: LocalAws) -> dict[str, Any]:
    """The keys of a compute target on the cluster of this account."""
    return {
        "backend": "ecs",
        "vcpu": 1,
        "memory_mib": 2048,
        "timeout_minutes": 5,
        "region": aws.region,
        "cluster": aws.cluster,
        "subnets": [aws.subnet],
        "security_groups": [aws.security_group],
        "image": aws.image,
        "job_role": aws.job_role,
        "execution_role": aws.execution_role,
    }


@pytest.fixture
def spec(
    remote_stub: LocalAws,
    job_spec: Callable[..., JobSpec],
    compute_yaml: Callable[..., None],
    ecs_target: dict[str, Any],
    tagged: dict[str, str],
) -> Callable[..., JobSpec]:
    """Return the spec of a job for an ECS target with these settings, and another one without."""

    def of(do: str = "succeed", **target: Any) -> JobSpec:
        compute_yaml(first={**ecs_target, **target}, second=ecs_target)
        return job_spec(do, target="first", tags=tagged)

    return of


def task_of(aws: LocalAws, spec: JobSpec) -> dict[str, Any]:
    """Return what ECS says about the job's task."""
    arn = status(spec.job_id, spec.target).remote_id
    found: dict[str, Any] = aws.client("ecs").describe_tasks(cluster=aws.cluster, tasks=[arn], include=["TAGS"])
    return dict(found["tasks"][0])


def test_a_task_has_its_tags_its_command_and_spot(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], tagged: dict[str, str], until: Until
) -> None:
    job = spec(spot=True, max_wait_minutes=30)
    handle = submit(job)
    task = task_of(remote_stub, job)
    assert task["capacityProviderName"] == "FARGATE_SPOT"
    assert {one["key"]: one["value"] for one in task["tags"]} == {**tagged, "job": job.job_id}
    (container,) = task["overrides"]["containerOverrides"]
    assert container["command"][-1] == f"s3://{remote_stub.bucket}/jobs/{job.job_id}/spec.json"
    found = find_record(job.job_id)
    assert found
    assert task["startedBy"] == found.record.name
    until(lambda: tend(job.job_id, "first").ended)
    assert result(job.job_id, "first").spec_sha256 == job.hash
    assert "flight_delays$252Fjob$252F" + str(handle.remote_id).rpartition("/")[2] in status(job.job_id, "first").log


def test_two_jobs_of_one_kind_share_their_definition(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    jobs = [spec().model_copy(update={"job_id": job_id}) for job_id in ("one", "two")]
    for job in jobs:
        submit(job)
    first, second = (task_of(remote_stub, job)["taskDefinitionArn"] for job in jobs)
    assert first == second
    assert first.endswith(":1")


def test_a_gpu_job_on_ec2_hosts_asks_for_it(ecs_target: dict[str, Any], spec: Callable[..., JobSpec]) -> None:
    target = Target(**{**ecs_target, "capacity_provider": "gpu-hosts", "gpu": 2, "vcpu": 3, "subnets": []})
    found = definition("gpu", target, spec())
    (container,) = found["containerDefinitions"]
    assert container["resourceRequirements"] == [{"type": "GPU", "value": "2"}]
    assert (found["requiresCompatibilities"], found["networkMode"], found["cpu"]) == (["EC2"], "bridge", "3072")
    EcsBackend("gpu", target)


def test_a_job_without_a_machine_waits_and_then_runs(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    job = spec()
    remote_stub.refuse("RESOURCE:MEMORY")
    handle = submit(job)
    assert (handle.state, handle.reason) == ("queued", "no machine of its cluster has 1 vCPU and 2048 MiB free")
    until(lambda: tend(job.job_id, "first").state == "succeeded")


def test_a_task_that_finds_no_capacity_moves_on_at_once(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    job = spec(then=["second"])
    remote_stub.fail_start("Capacity is unavailable at this time. Please try again later.")
    submit(job)
    until(lambda: tend(job.job_id, "first").ended)
    assert (status(job.job_id, "first").state, status(job.job_id, "first").target) == ("succeeded", "second")


def test_a_finished_task_that_ecs_has_forgotten_is_found_in_the_lake(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    job = spec()
    arn = str(submit(job).remote_id)
    until(lambda: lake().exists(f"jobs/{job.job_id}/result.json"))
    remote_stub.lose(arn)
    until(lambda: tend(job.job_id, "first").state == "succeeded")
    assert submit(job).state == "succeeded"
    assert remote_stub.calls("ecs:RunTask") == 1


def test_a_task_that_never_gets_a_host_that_stays_is_lost(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    job = spec("interrupt", host_loss_attempts=2)
    submit(job)
    until(lambda: tend(job.job_id, "first").ended)
    with pytest.raises(JobLost, match="it was interrupted and has saved a checkpoint; submit it again"):
        result(job.job_id, "first")
    assert remote_stub.calls("ecs:RunTask") == 2


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"cluster": "nowhere"}, ConfigError, "names the cluster 'nowhere', which Amazon ECS does not have; correct"),
        ({"capacity_provider": "gpus"}, ConfigError, r"no capacity provider 'gpus' \(it has: FARGATE, FARGATE_SPOT\)"),
        ({"image": "driftgate:latest"}, ConfigError, "names the image 'driftgate:latest' without its digest"),
        ({"cluster": None}, ConfigError, "has no 'cluster', which backend ecs needs; add it"),
        ({"subnets": []}, ConfigError, "has no 'subnets', which backend ecs needs; add it"),
        ({"gpu": 1}, NotSupported, "asks for 1 GPU, which Fargate does not have; name a 'capacity_provider'"),
        ({"vcpu": 3}, NotSupported, "asks for 3 vCPU; Fargate has 1, 2, 4, 8, 16: write one of these"),
        ({"memory_mib": 512}, NotSupported, "asks for 512 MiB with 1 vCPU; Fargate gives 2048 to 8192 MiB in steps"),
        ({"nodes": 2}, NotSupported, "asks for 2 nodes; only backend batch has more than one"),
        ({"queue": "q"}, NotSupported, "has queue: q, which backend ecs cannot honour; remove it"),
    ],
)
def test_a_target_that_can_run_nothing_is_refused_and_nothing_is_left(
    spec: Callable[..., JobSpec], changes: dict[str, Any], kind: type[DriftgateError], sentence: str
) -> None:
    job = spec(**changes)
    with pytest.raises(kind, match=f"Compute target 'first' in compute.yaml.*{sentence}"):
        submit(job)
    assert find_record(job.job_id) is None


def test_a_missing_permission_is_named_and_a_granted_one_heals_it(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until
) -> None:
    job = spec()
    remote_stub.deny("ecs:RunTask")
    with pytest.raises(ConfigError, match=r"may not ecs:RunTask.*allow it in a policy of that role"):
        submit(job)
    remote_stub.allow("ecs:RunTask")
    submit(job)
    until(lambda: tend(job.job_id, "first").state == "succeeded")


def test_a_failure_that_waiting_does_not_heal_is_a_sentence(
    remote_stub: LocalAws, spec: Callable[..., JobSpec]
) -> None:
    remote_stub.refuse("ATTRIBUTE")
    with pytest.raises(
        ConfigError, match=re.escape("ran no task for the compute target 'first' in compute.yaml: ATTR")
    ):
        submit(spec())
