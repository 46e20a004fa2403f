"""Clients for a target, and what AWS's errors say to a person."""

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from local_aws.client import LocalAws

from driftgate.compute.aws import client, sentences, use_session
from driftgate.compute.aws_logs import last_lines, link
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError


@pytest.fixture
def target() -> Target:
    return Target(backend="batch", vcpu=1, memory_mib=512, timeout_minutes=5, region="eu-west-1")


def refused(code: str, message: str = "no", status: int = 400) -> Callable[[], None]:
    """Return what raises boto3's error for an answer of AWS."""
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def call() -> None:
        with sentences("gpu"):
            raise ClientError(answer, "SubmitJob")

    return call


def test_a_throttled_call_is_tried_again(aws: LocalAws, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    aws.throttle("batch:DescribeJobQueues", 2)
    assert len(client("batch", target).describe_job_queues()["jobQueues"]) == 3
    assert aws.calls("batch:DescribeJobQueues") == 3


def test_a_call_that_may_be_made_once_is_made_once(aws: LocalAws, target: Target) -> None:
    aws.throttle("batch:DescribeJobQueues", 2)
    with pytest.raises(ClientError, match="TooManyRequests"):
        client("batch", target, once=True).describe_job_queues()
    assert aws.calls("batch:DescribeJobQueues") == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [("TooManyRequestsException", 429), ("ThrottlingException", 400), ("ServerException", 500), ("ExpiredToken", 400)],
)
def test_what_heals_by_itself_stays_what_it_is(code: str, status: int) -> None:
    with pytest.raises(ClientError):
        refused(code, status=status)()


def test_a_missing_permission_names_the_action_and_the_role(aws: LocalAws, target: Target) -> None:
    aws.deny("batch:DescribeJobQueues", "*")
    with pytest.raises(ConfigError) as error, sentences("gpu"):
        client("batch", target).describe_job_queues()
    assert str(error.value) == (
        "Compute target 'gpu': the role 'driftgate-worker' may not batch:DescribeJobQueues; allow it in a policy of "
        "that role."
    )


def test_a_role_that_may_not_be_passed_on_is_named() -> None:
    said = (
        "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: iam:PassRole on resource: "
        "arn:aws:iam::123456789012:role/driftgate-job because no identity-based policy allows the iam:PassRole action"
    )
    with pytest.raises(
        ConfigError, match="the role 'ci' may not iam:PassRole on arn:aws:iam::123456789012:role/driftgate-job; allow"
    ):
        refused("AccessDeniedException", said, 403)()


def test_a_refused_request_is_told_with_its_target() -> None:
    with pytest.raises(
        ConfigError, match=r"AWS refused SubmitJob for the compute target 'gpu' in compute.yaml: Job too large. Correct"
    ):
        refused("ClientException", "Job too large.")()


def test_unknown_and_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="AWS does not know the credentials used for the compute target 'gpu'"):
        refused("UnrecognizedClientException")()
    with pytest.raises(ConfigError, match="no AWS credentials for the compute target 'gpu'; give"), sentences("gpu"):
        raise NoCredentialsError


def test_a_missing_region_is_told(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(ConfigError, match="needs a region and none is named; write 'region' into the compute target"):
        client("batch", target.model_copy(update={"region": None}))


def test_a_session_that_was_handed_in_makes_the_clients(aws: LocalAws, target: Target) -> None:
    import boto3

    made = []
    use_session(lambda: made.append(True) or boto3.Session())
    try:
        client("batch", target).describe_job_queues()
        client("batch", target)
    finally:
        use_session(None)
    assert made == [True]


def test_the_end_of_a_log_is_read_and_a_log_that_is_not_there_is_empty(aws: LocalAws, target: Target) -> None:
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=aws.log_group, logStreamName="a/b")
    start = int(time.time() * 1000)
    events = [{"timestamp": start + place, "message": f"line {place}"} for place in range(20)]
    logs.put_log_events(logGroupName=aws.log_group, logStreamName="a/b", logEvents=events)
    target = target.model_copy(update={"log_group": aws.log_group})
    assert last_lines("gpu", target, "a/b") == tuple(f"line {place}" for place in range(5, 20))
    assert last_lines("gpu", target, "a/c") == last_lines("gpu", target, None) == ()
    aws.deny("logs:GetLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:x")
    assert "may not logs:GetLogEvents" in last_lines("gpu", target, "a/b")[0]


def test_the_address_of_a_log_is_one_that_the_console_reads(target: Target) -> None:
    assert link(target, "flight_delays/default/1a").endswith(
        "#logsV2:log-groups/log-group/$252Fdriftgate$252Fjobs/log-events/flight_delays$252Fdefault$252F1a"
    )


def test_nothing_of_aws_is_imported_before_it_is_needed() -> None:
    program = "import sys, driftgate.compute, driftgate.compute.batch; print('boto3' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
