"""The Batch backend through the port: what only Batch does or refuses; ``conformance`` has what every backend does."""

from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobLost, JobSpec, batch, cancel, result, status, submit, tend
from driftgate.compute.jobs import Variation
from driftgate.errors import ConfigError, DriftgateError, JobFailed, NotSupported
from driftgate.lake import lake
from driftgate.settings import home

Until = Callable[[Callable[[], Any]], Any]
WAITING = {"do": "wait"}


@pytest.fixture
def spec(
    remote_stub: LocalAws,
    job_spec: Callable[..., JobSpec],
    compute_yaml: Callable[..., None],
    batch_target: dict[str, Any],
    tagged: dict[str, str],
) -> Callable[..., JobSpec]:
    """Return the spec of a job for a Batch target with these settings."""

    def of(do: str = "succeed", job_id: str = "retrain-train-1", **target: Any) -> JobSpec:
        compute_yaml(gpu={**batch_target, **target})
        return job_spec(do, job_id=job_id, target="gpu", tags=tagged)

    return of


@pytest.fixture
def ended(until: Until) -> Callable[[JobSpec], str]:
    """Tend a job until it has ended and return its state."""

    def wait(job: JobSpec) -> str:
        until(lambda: tend(job.job_id, job.target).ended)
        return status(job.job_id, job.target).state

    return wait


@pytest.fixture
def running(until: Until, remote_stub: LocalAws) -> Callable[[JobSpec], str]:
    """Submit a job, wait until its program runs, and return its id at Batch."""

    def wait(job: JobSpec) -> str:
        submit(job)
        until(lambda: tend(job.job_id, job.target).state == "running" and (home() / "starts").exists())
        return str(status(job.job_id, job.target).remote_id)

    return wait


def starts() -> int:
    """Return how many containers ran."""
    return len((home() / "starts").read_text().split())


def described(aws: LocalAws, job_id: str) -> dict[str, Any]:
    """Return what Batch says."""
    found: dict[str, Any] = aws.client("batch").describe_jobs(jobs=[job_id])["jobs"][0]
    return found


def test_a_job_runs_is_linked_to_its_log_and_its_result_is_taken(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any, tagged: dict[str, str]
) -> None:
    job = spec()
    handle = submit(job)
    assert (handle.ended, handle.target) == (False, "gpu")
    assert ended(job) == "succeeded"
    assert result(job.job_id, "gpu").spec_sha256 == job.hash
    said = described(remote_stub, str(handle.remote_id))
    assert said["tags"] == {**tagged, "job": job.job_id}
    assert said["container"]["command"] == ["python", "-m", "remote_stub", "--job", "Ref::spec"]
    assert said["parameters"] == {"spec": "s3://driftgate-lake/jobs/retrain-train-1/spec.json"}
    assert handle.log.startswith("https://eu-west-1.console.aws.amazon.com/")
    assert "#logsV2:log-groups/log-group/$252Fdriftgate$252Fjobs/log-events/" in status(job.job_id, "gpu").log
    assert remote_stub.submits(said["jobName"]) == starts() == 1


def test_a_submit_whose_answer_gets_lost_is_one_job(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    job = spec()
    remote_stub.unanswer("batch:SubmitJob")
    handle = submit(job)
    assert handle.remote_id
    assert ended(job) == "succeeded"
    assert starts() == remote_stub.calls("batch:SubmitJob") == 1


def test_hosts_that_go_again_and_again_lose_the_job_and_a_submit_starts_it_anew(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    job = spec("interrupt", host_loss_attempts=2)
    submit(job)
    assert ended(job) == "lost"
    with pytest.raises(
        JobLost, match="has saved a checkpoint at its attempt 2, the last that its target allows; submit"
    ):
        result(job.job_id, "gpu")
    assert not submit(job).ended
    assert ended(job) == "lost"
    assert starts() == 4


@pytest.mark.parametrize(
    ("do", "sentence"),
    [
        (
            "forget",
            r"failed: it ended with status 0, but there is no result at s3://driftgate-lake/jobs/retrain-train-1/",
        ),
        ("hog", r"failed: it needed more memory than the 256 MiB that its target asks for"),
    ],
)
def test_a_program_that_leaves_nothing_or_takes_all_runs_once_and_is_told(
    do: str, sentence: str, remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    job = spec(do, memory_mib=256)
    submit(job)
    assert ended(job) == "failed"
    with pytest.raises(JobFailed, match=sentence):
        result(job.job_id, "gpu")
    assert starts() == 1


def test_a_job_is_cancelled_while_it_waits(remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any) -> None:
    remote_stub.hold(remote_stub.queue)
    job = spec("wait")
    submit(job)
    cancel(job.job_id, "gpu")
    assert ended(job) == "cancelled"
    assert not (home() / "starts").exists()


def test_a_job_that_somebody_else_ends_says_so(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], running: Any, ended: Any
) -> None:
    job = spec("crash")
    remote_stub.hold(remote_stub.queue)
    handle = submit(job)
    assert handle.log.endswith(f"console.aws.amazon.com/batch/home?region=eu-west-1#jobs/detail/{handle.remote_id}")
    remote_stub.client("batch").terminate_job(jobId=handle.remote_id, reason="I need the machine.")
    assert ended(job) == "cancelled"
    with pytest.raises(JobFailed, match="somebody ended it at AWS Batch: I need the machine"):
        result(job.job_id, "gpu")


def test_a_job_that_batch_knows_no_more_is_lost(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], running: Any, ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = spec("wait")
    remote_stub.lose(running(job))
    assert status(job.job_id, "gpu").reason == "AWS Batch does not show it yet"
    monkeypatch.setattr(batch, "VISIBLE_SECONDS", 0)
    assert ended(job) == "lost"
    with pytest.raises(JobLost, match="AWS Batch knows it no more"):
        result(job.job_id, "gpu")


def test_why_a_job_waits_is_told(remote_stub: LocalAws, spec: Callable[..., JobSpec], until: Until) -> None:
    job = spec()
    remote_stub.hold(remote_stub.queue, "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement")
    submit(job)
    until(lambda: "no instance type of its queue has" in tend(job.job_id, "gpu").reason)
    handle = tend(job.job_id, "gpu")
    assert handle.state == "queued"
    assert handle.reason.startswith("it asks for 1 vCPU and 2048 MiB, which no instance type")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"queue": "night"}, "names the queue 'night', which AWS Batch does not have"),
        ({"image": "driftgate:latest"}, "names the image 'driftgate:latest' without its digest"),
        ({"gpu": 1}, "asks for 1 GPU and no instance type of its compute environments has one"),
        ({"vcpu": 64}, "asks for 64 vCPU and it may have 16"),
        ({"spot": True, "max_wait_minutes": 60}, "says 'spot: true' and its compute environments are on-demand"),
        ({"timeout_minutes": 0.5}, "has a timeout_minutes below 1, which AWS Batch does not take"),
        ({"nodes": 2, "spot": True, "max_wait_minutes": 60}, "asks for 2 nodes on Spot, which AWS Batch does not have"),
    ],
)
def test_a_target_that_can_run_nothing_is_refused_and_nothing_is_left(
    target: dict[str, Any], sentence: str, remote_stub: LocalAws, spec: Callable[..., JobSpec]
) -> None:
    job = spec(**target)
    with pytest.raises(DriftgateError, match=rf"(?s)^Compute target 'gpu'.*{sentence}"):
        submit(job)
    assert remote_stub.calls("batch:SubmitJob") == 0
    assert lake().list("jobs") == []


def test_a_disabled_queue_is_refused(remote_stub: LocalAws, spec: Callable[..., JobSpec]) -> None:
    remote_stub.client("batch").update_job_queue(jobQueue=remote_stub.queue, state="DISABLED")
    with pytest.raises(ConfigError, match="'driftgate', which is disabled; enable it"):
        submit(spec())


def test_an_untagged_job_is_refused(remote_stub: LocalAws, spec: Callable[..., JobSpec]) -> None:
    with pytest.raises(ConfigError, match=r"lacks the tags project, .*so nobody would answer for its cost"):
        submit(spec().model_copy(update={"tags": {}}))


def test_missing_credentials_are_told(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name, value in {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(
        ConfigError, match="There are no AWS credentials for the compute target 'gpu'; give the worker a"
    ):
        submit(spec())


@pytest.mark.parametrize("action", ["SubmitJob", "RegisterJobDefinition", "DescribeJobQueues"])
def test_a_missing_permission_is_named_and_a_granted_one_heals_it(
    action: str, remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    job = spec()
    remote_stub.deny(f"batch:{action}", "arn:aws:batch:eu-west-1:123456789012:x")
    with pytest.raises(ConfigError, match=f"the role 'driftgate-worker' may not batch:{action} on arn:aws:batch"):
        submit(job)
    remote_stub.allow(f"batch:{action}")
    submit(job)
    assert ended(job) == "succeeded"


def test_a_gpu_job_runs_on_a_queue_with_gpus(remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any) -> None:
    job = spec(gpu=1, queue=remote_stub.gpu_queue)
    submit(job)
    assert ended(job) == "succeeded"


def test_several_nodes_are_one_job_that_ends_with_the_main_one(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "ACROSS_MACHINES", {"lightgbm"})  # as far as the service is concerned
    job = spec("crash", nodes=2, tunnel="of the test")
    submit(job)
    assert ended(job) == "failed"
    with pytest.raises(JobFailed, match=r"(?s)it ended with status 1.*RuntimeError: the disk is full"):
        result(job.job_id, "gpu")
    other = spec("succeed", "other", nodes=2, tunnel="of the test")
    submit(other)
    assert ended(other) == "succeeded"


def test_an_array_is_one_submit_whose_children_run_beside_each_other(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    job = spec().model_copy(update={"array": (Variation(seed=1), Variation(seed=2), Variation(row_share=0.5))})
    handle = submit(job)
    assert ended(job) == "succeeded"
    assert set(result(job.job_id, "gpu").metrics) == {f"{index}.validation_auc" for index in range(3)}
    assert result(job.job_id, "gpu").spec_sha256 == job.hash
    assert remote_stub.submits(described(remote_stub, str(handle.remote_id))["jobName"]) == 1
    assert starts() == 3


def test_an_array_fails_with_its_child_and_says_which(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any
) -> None:
    array = (Variation(), Variation(parameters={"do": "crash"}))
    job = spec().model_copy(update={"array": array})
    submit(job)
    assert ended(job) == "failed"
    with pytest.raises(
        JobFailed, match=r"(?s)its child 1 failed: it ended with status 1.*RuntimeError: the disk is full"
    ):
        result(job.job_id, "gpu")


def test_an_array_is_cancelled_as_a_whole(remote_stub: LocalAws, spec: Callable[..., JobSpec], ended: Any) -> None:
    job = spec("wait").model_copy(update={"array": (Variation(seed=1), Variation(seed=2))})
    submit(job)
    cancel(job.job_id, "gpu")
    assert ended(job) == "cancelled"


def test_several_nodes_are_refused_for_a_trainer_of_one_machine_and_for_an_array(
    remote_stub: LocalAws, spec: Callable[..., JobSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = spec(nodes=2, tunnel="of the test")
    with pytest.raises(NotSupported, match=r"it has nodes: 2, and the trainer 'lightgbm' works on one machine; use a"):
        submit(job)
    monkeypatch.setattr(batch, "ACROSS_MACHINES", {"lightgbm"})
    with pytest.raises(NotSupported, match=r"AWS Batch has no array of jobs with 2 nodes"):
        submit(job.model_copy(update={"array": (Variation(seed=1), Variation(seed=2))}))
    assert remote_stub.calls("batch:SubmitJob") == 0
