"""The ECS of the tests runs real processes and says of them what AWS says."""

from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

Until = Callable[[Callable[[], Any]], Any]
SLEEP = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def run(aws: LocalAws) -> Callable[..., dict[str, Any]]:
    """Run a task with these lines of Python and return RunTask's answer."""
    ecs = aws.client("ecs")

    def task(program: str, memory: int = 512, **changes: Any) -> dict[str, Any]:
        options = {"awslogs-group": aws.log_group, "awslogs-region": aws.region, "awslogs-stream-prefix": "jobs"}
        container = {
            "name": "job",
            "image": aws.image,
            "command": ["python", "-u", "-c", program],
            "memory": memory,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        ecs.register_task_definition(
            family="job",
            containerDefinitions=[container],
            networkMode="awsvpc",
            cpu="256",
            memory=str(memory),
            requiresCompatibilities=["FARGATE"],
            taskRoleArn=aws.job_role,
            executionRoleArn=aws.execution_role,
        )
        network = {"awsvpcConfiguration": {"subnets": [aws.subnet], "securityGroups": [aws.security_group]}}
        asked = {"cluster": aws.cluster, "taskDefinition": "job", "networkConfiguration": network, "startedBy": "me"}
        strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        answer: dict[str, Any] = ecs.run_task(**{**asked, "capacityProviderStrategy": strategy, **changes})
        return answer

    return task


@pytest.fixture
def look(aws: LocalAws) -> Callable[[str], dict[str, Any]]:
    """Return what DescribeTasks says about a task."""
    ecs = aws.client("ecs")

    def of(arn: str) -> dict[str, Any]:
        found = ecs.describe_tasks(cluster=aws.cluster, tasks=[arn])["tasks"]
        return found[0] if found else {}

    return of


@pytest.fixture
def stopped(look: Callable[[str], dict[str, Any]], until: Until) -> Callable[[str], dict[str, Any]]:
    def wait(arn: str) -> dict[str, Any]:
        until(lambda: look(arn)["lastStatus"] == "STOPPED")
        return look(arn)

    return wait


def test_a_task_runs_and_says_how_it_ended(aws: LocalAws, run: Any, look: Any, stopped: Any) -> None:
    arn = run("print('hello'); raise SystemExit(3)")["tasks"][0]["taskArn"]
    task = stopped(arn)
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 3)
    assert task["stoppedAt"] >= task["startedAt"] >= task["createdAt"]
    logs = aws.client("logs").get_log_events(
        logGroupName=aws.log_group, logStreamName=f"jobs/job/{arn.rpartition('/')[2]}"
    )
    assert [event["message"] for event in logs["events"]] == ["hello"]


def test_a_running_task_has_no_exit_code(run: Any, look: Any, until: Until) -> None:
    arn = run(SLEEP)["tasks"][0]["taskArn"]
    until(lambda: look(arn)["lastStatus"] == "RUNNING")
    assert "exitCode" not in look(arn)["containers"][0]
    assert "stopCode" not in look(arn)


def test_the_same_token_runs_one_task(aws: LocalAws, run: Any) -> None:
    first, second = (run(SLEEP, clientToken="token-1")["tasks"][0]["taskArn"] for _ in range(2))
    assert first == second
    assert aws.submits("me") == 1


def test_a_spot_task_is_interrupted(aws: LocalAws, run: Any, look: Any, stopped: Any, until: Until) -> None:
    arn = run(SLEEP)["tasks"][0]["taskArn"]
    until(lambda: look(arn)["lastStatus"] == "RUNNING")
    aws.interrupt(arn)
    assert (stopped(arn)["stopCode"], stopped(arn)["containers"][0]["exitCode"]) == ("SpotInterruption", 143)


def test_a_stopped_task_says_who_stopped_it_and_is_listed_as_stopped(
    aws: LocalAws, run: Any, look: Any, stopped: Any, until: Until
) -> None:
    ecs = aws.client("ecs")
    arn = run(SLEEP)["tasks"][0]["taskArn"]
    until(lambda: look(arn)["lastStatus"] == "RUNNING")
    assert ecs.list_tasks(cluster=aws.cluster, startedBy="me")["taskArns"] == [arn]
    ecs.stop_task(cluster=aws.cluster, task=arn, reason="cleared")
    assert (stopped(arn)["stopCode"], stopped(arn)["stoppedReason"]) == ("UserInitiated", "cleared")
    assert ecs.list_tasks(cluster=aws.cluster, startedBy="me")["taskArns"] == []
    assert ecs.list_tasks(cluster=aws.cluster, family="job", desiredStatus="STOPPED")["taskArns"] == [arn]


def test_a_task_without_capacity_waits_fails_to_start_or_is_refused(
    aws: LocalAws, run: Any, look: Any, stopped: Any
) -> None:
    aws.refuse("RESOURCE:MEMORY")
    assert run(SLEEP)["failures"][0]["reason"] == "RESOURCE:MEMORY"
    aws.fail_start("Capacity is unavailable at this time.")
    assert stopped(run(SLEEP)["tasks"][0]["taskArn"])["stopCode"] == "TaskFailedToStart"
    aws.hold(aws.cluster)
    arn = run(SLEEP)["tasks"][0]["taskArn"]
    assert look(arn)["lastStatus"] == "PROVISIONING"
    aws.client("ecs").stop_task(cluster=aws.cluster, task=arn, reason="cleared")
    assert stopped(arn)["stopCode"] == "UserInitiated"


def test_a_lost_task_is_missing(aws: LocalAws, run: Any, look: Any) -> None:
    arn = run(SLEEP)["tasks"][0]["taskArn"]
    aws.lose(arn)
    assert look(arn) == {}
    answer = aws.client("ecs").describe_tasks(cluster=aws.cluster, tasks=[arn])
    assert answer["failures"][0]["reason"] == "MISSING"


def test_a_task_that_takes_too_much_memory_is_killed(run: Any, stopped: Any) -> None:
    arn = run("import time; x = bytearray(200 << 20); time.sleep(30)", memory=128)["tasks"][0]["taskArn"]
    container = stopped(arn)["containers"][0]
    assert container["exitCode"] == 137
    assert container["reason"].startswith("OutOfMemoryError")


def test_calls_are_throttled_and_denied(aws: LocalAws, run: Any) -> None:
    ecs = aws.client("ecs")
    aws.throttle("ecs:ListTasks", 9)
    with pytest.raises(ecs.exceptions.ClientError, match="ThrottlingException"):
        ecs.list_tasks(cluster=aws.cluster)
    aws.deny("ecs:RunTask")
    with pytest.raises(ecs.exceptions.ClientError, match="not authorized to perform: ecs:RunTask"):
        run(SLEEP)
