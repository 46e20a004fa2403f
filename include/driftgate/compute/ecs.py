"""The Amazon ECS backend: a job is a task on Fargate or on EC2 hosts of a cluster.

ECS starts nothing anew, keeps no time limit and forgets a task an hour after it has stopped: the port does the first
two, and what was seen stays in the job's record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from driftgate.compute import containers, ecs_states
from driftgate.compute.attempts import Attempt, attempts
from driftgate.compute.aws import client, sentences
from driftgate.compute.aws_logs import last_lines, link
from driftgate.compute.backend import NoCapacity, Sighting
from driftgate.compute.ecs_definition import CONTAINER, as_list, family, registered, why_not_fargate
from driftgate.compute.job_files import spec_uri
from driftgate.compute.job_records import JobRecord
from driftgate.compute.jobs import JobSpec
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, NotSupported
from driftgate.records import sha256

VISIBLE_SECONDS = 10.0  # after RunTask DescribeTasks may not show the task yet
AT_ONCE = 100  # tasks that one DescribeTasks takes


@dataclass(frozen=True)
class EcsBackend:
    """Runs jobs for one compute target.

    :raises ConfigError: the target lacks a cluster, a role, subnets or an image by digest
    :raises NotSupported: the target asks for what ECS cannot give
    """

    poll_seconds: ClassVar[float] = 5.0
    starts_once: ClassVar[bool] = True  # RunTask has a token
    restarts: ClassVar[bool] = False
    keeps_time: ClassVar[bool] = False

    name: str
    target: Target

    def __post_init__(self) -> None:
        on_fargate = self.target.capacity_provider is None
        needed = ("cluster", "job_role", "execution_role", *(("subnets",) if on_fargate else ()))
        containers.refuse_target(self.name, self.target, needed=needed, useless=("queue",))
        where = f"Compute target {self.name!r} in compute.yaml"
        if self.target.nodes > 1:
            raise NotSupported(f"{where} asks for {self.target.nodes} nodes; only backend batch has more than one.")
        if on_fargate and (problem := why_not_fargate(self.target)):
            raise NotSupported(f"{where} {problem}")

    def check(self, spec: JobSpec) -> None:
        """Refuse a job without tags, with a lake out of its container's reach, or with a cluster that cannot run it."""
        containers.refuse_spec(self.name, self.target, spec)
        with sentences(self.name):
            found = self._ecs().describe_clusters(clusters=[self.target.cluster])["clusters"]
        where = f"Compute target {self.name!r} in compute.yaml names the cluster {self.target.cluster!r}"
        if not found:
            raise ConfigError(f"{where}, which Amazon ECS does not have; correct 'cluster'.")
        if (state := found[0]["status"]) != "ACTIVE":
            raise ConfigError(f"{where}, which is {state}; name one that is ACTIVE.")
        has = found[0].get("capacityProviders", [])
        if (provider := self._provider()) not in has:
            raise ConfigError(
                f"{where}, which has no capacity provider {provider!r} (it has: {', '.join(sorted(has)) or 'none'}); "
                f"add it to the cluster, or name another."
            )

    def found(self, record: JobRecord) -> Sequence[str]:
        """Return the ARNs of all tasks started under this name that ECS still knows, stopped ones too."""
        ecs, cluster = self._ecs(), self.target.cluster
        with sentences(self.name):
            pages = ecs.get_paginator("list_tasks")
            running = [
                arn for page in pages.paginate(cluster=cluster, startedBy=record.name) for arn in page["taskArns"]
            ]
            if running:
                return [str(arn) for arn in running]
            called = family(self.name, self.target, record.spec)
            stopped = pages.paginate(cluster=cluster, family=called, desiredStatus="STOPPED")
            arns = [arn for page in stopped for arn in page["taskArns"]]
            batches = [arns[start : start + AT_ONCE] for start in range(0, len(arns), AT_ONCE)]
            tasks = [one for some in batches for one in ecs.describe_tasks(cluster=cluster, tasks=some)["tasks"]]
        return [str(task["taskArn"]) for task in tasks if task.get("startedBy") == record.name]

    def start(self, record: JobRecord) -> str:
        """Run the task; ECS answers a second call with the same token with the task that it runs already."""
        ecs = self._ecs()
        with sentences(self.name):
            definition = registered(ecs, self.name, self.target, record.spec)
            answer = ecs.run_task(**self._request(record, definition))
        if answer["tasks"]:
            return str(answer["tasks"][0]["taskArn"])
        failure = str(answer["failures"][0].get("reason", "") if answer["failures"] else "")
        if reason := ecs_states.waiting(failure, self.target):
            raise NoCapacity(reason)
        raise ConfigError(
            f"Amazon ECS ran no task for the compute target {self.name!r} in compute.yaml: "
            f"{failure.rstrip('.') or 'it gives no reason'}. Correct it there."
        )

    def look(self, record: JobRecord) -> Sighting:
        """Return what ECS says about the task, with the end of its log when it ended badly."""
        with sentences(self.name):
            tasks = self._ecs().describe_tasks(cluster=self.target.cluster, tasks=[record.remote_id])["tasks"]
            if not tasks:
                return _forgotten(record)
            seen = ecs_states.sighting(tasks[0], self.target, lambda: _used_mib(record.job_id))
            if seen.state in ("failed", "lost"):
                return replace(seen, last_lines=last_lines(self.name, self.target, self._stream(record)))
        return seen

    def stop(self, record: JobRecord, reason: str) -> None:
        """Have ECS stop the task, whether it runs or waits; one that it knows no more has stopped."""
        from botocore.exceptions import ClientError

        with sentences(self.name):
            try:
                self._ecs().stop_task(
                    cluster=self.target.cluster, task=record.remote_id, reason=f"{ecs_states.BY_US}{reason}"[:255]
                )
            except ClientError as error:
                if "task was not found" not in error.response["Error"].get("Message", ""):
                    raise

    def log(self, record: JobRecord) -> str:
        """Return the address of the log in CloudWatch."""
        return link(self.target, self._stream(record)) if record.remote_id else ""

    def _request(self, record: JobRecord, definition: str) -> dict[str, Any]:
        command = containers.command(record.spec, spec_uri(record.job_id))
        request: dict[str, Any] = {
            "cluster": self.target.cluster,
            "taskDefinition": definition,
            "count": 1,
            "capacityProviderStrategy": [{"capacityProvider": self._provider(), "weight": 1}],
            "clientToken": sha256(record.name.encode()),
            "startedBy": record.name,
            "overrides": {"containerOverrides": [{"name": CONTAINER, "command": command}]},
            "tags": as_list(containers.tags(record.tags), "key"),
        }
        if self.target.subnets:
            places = {"subnets": list(self.target.subnets), "securityGroups": list(self.target.security_groups)}
            request["networkConfiguration"] = {"awsvpcConfiguration": places}
        return request

    def _provider(self) -> str:
        return self.target.capacity_provider or ("FARGATE_SPOT" if self.target.spot else "FARGATE")

    def _stream(self, record: JobRecord) -> str:
        return f"{record.spec.use_case}/{CONTAINER}/{str(record.remote_id).rpartition('/')[2]}"

    def _ecs(self) -> Any:
        return client("ecs", self.target)


def _forgotten(record: JobRecord) -> Sighting:
    """Return what is known of a task that ECS does not show: the job's own record of its attempt decides."""
    if (datetime.now(UTC) - record.submitted_at).total_seconds() < VISIBLE_SECONDS:
        return ecs_states.UNSEEN
    attempt = _last_attempt(record.job_id)
    if attempt and attempt.started_at >= record.submitted_at and attempt.outcome == "failed":
        return Sighting("failed", "it failed, and Amazon ECS does not show it any more")
    return ecs_states.UNKNOWN


def _last_attempt(job_id: str) -> Attempt | None:
    seen = attempts(job_id)
    return seen[-1] if seen else None


def _used_mib(job_id: str) -> float | None:
    attempt = _last_attempt(job_id)
    return attempt.peak_memory_mib if attempt else None
