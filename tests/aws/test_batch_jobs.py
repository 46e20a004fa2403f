"""The Batch of the tests runs real processes and says of them what AWS says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_aws.client import LocalAws

Job = Callable[..., str]
Look = Callable[[str], dict[str, Any]]
Until = Callable[[Callable[[], Any]], Any]

ON_SIGTERM = """
import os, signal, sys, time
def stop(*_):
    print("saved", flush=True); sys.exit(75)
signal.signal(signal.SIGTERM, stop)
print("attempt", os.environ["AWS_BATCH_JOB_ATTEMPT"], flush=True)
time.sleep(60 if os.environ["AWS_BATCH_JOB_ATTEMPT"] == "1" else 0)
"""
SLEEP = "import time; print('up', flush=True); time.sleep(60)"
RETRY = {"attempts": 3, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "RETRY"}]}
RETRY["evaluateOnExit"] += [{"onExitCode": "75", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]


def lines(aws: LocalAws, job: dict[str, Any]) -> list[str]:
    """Return the log of a job's last attempt."""
    stream = job["container"]["logStreamName"]
    events = aws.client("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]
    return [event["message"] for event in events]


def test_a_job_runs_with_its_environment_and_its_log_is_kept(aws: LocalAws, python_job: Job, ended: Look) -> None:
    program = "import os; print(os.environ['GIVEN'], os.environ['MINE'], os.environ['AWS_BATCH_JOB_ID'])"
    job = python_job(program, containerOverrides={"environment": [{"name": "MINE", "value": "by the submit"}]})
    about = ended(job)
    assert (about["status"], about["container"]["exitCode"]) == ("SUCCEEDED", 0)
    assert lines(aws, about) == [f"by the definition by the submit {job}"]
    assert aws.submits("job") == 1


def test_a_lost_host_starts_it_again_after_its_sigterm(
    aws: LocalAws, python_job: Job, described: Look, ended: Look, until: Until
) -> None:
    job = python_job(ON_SIGTERM, retryStrategy=RETRY)
    until(lambda: described(job)["status"] == "RUNNING" and lines(aws, described(job)))
    aws.interrupt(job)
    about = ended(job)
    assert about["status"] == "SUCCEEDED"
    assert [one["container"]["exitCode"] for one in about["attempts"]] == [75, 0]
    assert about["attempts"][0]["statusReason"].startswith("Host EC2 (instance i-")
    assert lines(aws, about) == ["attempt 2"]


def test_an_error_of_the_code_has_one_attempt(python_job: Job, ended: Look) -> None:
    about = ended(python_job("raise SystemExit(3)", retryStrategy=RETRY))
    assert (about["status"], about["container"]["exitCode"], len(about["attempts"])) == ("FAILED", 3, 1)
    assert about["statusReason"] == "Essential container in task exited"


def test_without_a_rule_that_fits_a_job_is_tried_again(python_job: Job, ended: Look) -> None:
    assert len(ended(python_job("raise SystemExit(3)", retryStrategy={"attempts": 2}))["attempts"]) == 2


def test_a_timeout_is_a_failure_that_is_not_tried_again(python_job: Job, ended: Look) -> None:
    about = ended(python_job(SLEEP, retryStrategy={"attempts": 3}, timeout={"attemptDurationSeconds": 1}))
    assert (about["status"], len(about["attempts"])) == ("FAILED", 1)
    assert about["statusReason"] == "Job attempt duration exceeded timeout"


def test_a_job_that_takes_more_memory_than_it_asked_for_is_killed(python_job: Job, ended: Look) -> None:
    about = ended(python_job("import time; x = bytearray(100 << 20); time.sleep(30)", memory=64))
    assert (about["container"]["exitCode"], about["container"]["reason"]) == (
        137,
        "OutOfMemoryError: Container killed due to memory usage",
    )


def test_a_terminated_job_fails_for_the_given_reason(
    aws: LocalAws, python_job: Job, described: Look, ended: Look, until: Until
) -> None:
    job = python_job(SLEEP)
    until(lambda: described(job)["status"] == "RUNNING")
    aws.client("batch").terminate_job(jobId=job, reason="cleared")
    assert (ended(job)["status"], ended(job)["statusReason"]) == ("FAILED", "cleared")


def test_a_queue_without_capacity_leaves_jobs_runnable_and_says_why(
    aws: LocalAws, python_job: Job, described: Look, ended: Look, until: Until
) -> None:
    aws.hold(aws.queue, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none")
    job = python_job("pass")
    until(lambda: described(job)["status"] == "RUNNABLE" and "statusReason" in described(job))
    assert described(job)["statusReason"].startswith("CAPACITY:")
    aws.release(aws.queue)
    assert ended(job)["status"] == "SUCCEEDED"


def test_the_second_job_waits_for_the_one_gpu(
    tmp_path: Path, python_job: Job, described: Look, ended: Look, until: Until
) -> None:
    gpu = {"resourceRequirements": [{"type": "GPU", "value": "1"}]}
    held = tmp_path / "held"
    held.touch()
    wait = f"import os, time\nwhile os.path.exists({str(held)!r}): time.sleep(0.02)"
    first = python_job(wait, containerOverrides=gpu)
    until(lambda: described(first)["status"] == "RUNNING")
    second = python_job("pass", containerOverrides=gpu)
    until(lambda: described(second)["status"] == "RUNNABLE")
    held.unlink()
    assert (ended(first)["status"], ended(second)["status"]) == ("SUCCEEDED", "SUCCEEDED")


def test_a_job_waits_for_its_parent_and_fails_with_it(python_job: Job, ended: Look) -> None:
    parent = python_job("raise SystemExit(1)")
    about = ended(python_job("pass", dependsOn=[{"jobId": parent}]))
    assert (about["status"], about["statusReason"]) == ("FAILED", "Dependent Job failed")


def test_each_child_of_an_array_knows_its_index(aws: LocalAws, python_job: Job, described: Look, ended: Look) -> None:
    program = "import os; raise SystemExit(int(os.environ['AWS_BATCH_JOB_ARRAY_INDEX']) == 1)"
    job = python_job(program, arrayProperties={"size": 3})
    about = ended(job)
    summary = about["arrayProperties"]["statusSummary"]
    assert (about["status"], summary["SUCCEEDED"], summary["FAILED"]) == ("FAILED", 2, 1)
    assert described(f"{job}:1")["container"]["exitCode"] == 1
    listed = aws.client("batch").list_jobs(jobQueue=aws.queue, filters=[{"name": "JOB_NAME", "values": ["job"]}])
    assert [one["jobId"] for one in listed["jobSummaryList"]] == [job]


def test_nodes_know_each_other_and_end_with_the_main_one(aws: LocalAws, ended: Look, tmp_path: Any) -> None:
    program = (
        "import os, pathlib, time; e = os.environ; n = 'AWS_BATCH_JOB_'; "
        f"f = pathlib.Path({str(tmp_path)!r}, e[n + 'NODE_INDEX']); "
        "f.write_text(e[n + 'NUM_NODES'] + e.get(n + 'MAIN_NODE_PRIVATE_IPV4_ADDRESS', '')); "
        f"main = e[n + 'NODE_INDEX'] == e[n + 'MAIN_NODE_INDEX']; other = pathlib.Path({str(tmp_path)!r}, '1')\n"
        "while not main or not other.exists() or not other.read_text(): time.sleep(0.05)"
    )
    needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
    container = {"image": aws.image, "command": ["python", "-c", program], "resourceRequirements": needs}
    nodes = {
        "numNodes": 2,
        "mainNode": 0,
        "nodeRangeProperties": [{"targetNodes": "0:", "container": container}],
    }
    batch = aws.client("batch")
    batch.register_job_definition(jobDefinitionName="nodes", type="multinode", nodeProperties=nodes)
    job = batch.submit_job(jobName="nodes", jobQueue=aws.queue, jobDefinition="nodes")["jobId"]
    assert ended(job)["status"] == "SUCCEEDED"
    assert [(tmp_path / node).read_text() for node in "01"] == ["2", "2127.0.0.1"]


def test_a_lost_job_is_known_no_more(aws: LocalAws, python_job: Job, described: Look, until: Until) -> None:
    job = python_job(SLEEP)
    until(lambda: described(job)["status"] == "RUNNING")
    aws.lose(job)
    assert described(job) == {}
    listed = aws.client("batch").list_jobs(jobQueue=aws.queue, filters=[{"name": "JOB_NAME", "values": ["job"]}])
    assert listed["jobSummaryList"] == []


def test_calls_are_throttled_denied_counted_and_lose_their_answer(aws: LocalAws, python_job: Job) -> None:
    batch = aws.client("batch")
    aws.throttle("batch:ListJobs", 1)
    batch.list_jobs(jobQueue=aws.queue)  # boto3 asks again
    assert aws.calls("batch:ListJobs") == 2
    aws.throttle("batch:ListJobs", 9)
    with pytest.raises(batch.exceptions.ClientError, match="TooManyRequestsException"):
        batch.list_jobs(jobQueue=aws.queue)
    aws.deny("batch:TerminateJob", "arn:aws:batch:eu-west-1:123456789012:job/1")
    with pytest.raises(ClientError, match="is not authorized to perform: batch:TerminateJob on resource") as refused:
        batch.terminate_job(jobId="1", reason="it is time")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    aws.unanswer("batch:SubmitJob")
    python_job("pass", "twice")
    assert aws.submits("twice") == 2  # an answer that gets lost and a client that asks again: two jobs, as on AWS


def test_a_disabled_queue_takes_no_job(aws: LocalAws, python_job: Job) -> None:
    aws.client("batch").update_job_queue(jobQueue=aws.queue, state="DISABLED")
    with pytest.raises(ClientError, match="is in DISABLED state"):
        python_job("pass")
