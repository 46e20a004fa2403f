"""ECS tasks that run, are found again by their token, and stop for the reasons that AWS gives."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import moto.ecs.models as moto_ecs
from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.logs.models import logs_backends

from local_aws.control import control
from local_aws.processes import POLL_SECONDS, Container, as_variables

EXITED = ("EssentialContainerExited", "Essential container in task exited")
GRACE_SECONDS = 30.0

_run = EC2ContainerServiceResponse.run_task
_describe = EC2ContainerServiceResponse.describe_tasks
_list = moto_ecs.EC2ContainerServiceBackend.list_tasks
_by_token: dict[str, list[Any]] = {}
_lock = threading.Lock()


def install() -> None:
    """Have moto make tasks of this class, and say what AWS says of them."""
    moto_ecs.Task = LocalTask
    EC2ContainerServiceResponse.run_task = _run_task
    EC2ContainerServiceResponse.describe_tasks = _describe_tasks
    moto_ecs.EC2ContainerServiceBackend.list_tasks = _list_tasks
    moto_ecs.EC2ContainerServiceBackend.stop_task = _stop_task


class LocalTask(moto_ecs.Task):  # type: ignore[misc]
    """One task; its first container is a process."""

    __module__ = "moto.ecs.local"  # moto reads the service from the module's path

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.task_definition = keywords.get("task_definition") or arguments[1]
        self.created_at = datetime.now(UTC)
        self.started_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.stop_code: str | None = None
        self.status = "PROVISIONING"
        self.epoch = control.epoch
        self.containers[0].exitCode = None
        threading.Thread(target=self._carry, daemon=True).start()

    def advance(self) -> None:
        """Stay as it is: the process, not the number of looks, moves a task on."""

    def _carry(self) -> None:
        while self.cluster_name in control.held and self.desired_status != "STOPPED":
            time.sleep(POLL_SECONDS)
        if self.epoch != control.epoch:
            return
        if control.fail_start:
            self._stopped("TaskFailedToStart", control.fail_start.pop(0))
        elif self.desired_status == "STOPPED":
            self._stopped("UserInitiated", self.stopped_reason)
        else:
            self._run_container()

    def _run_container(self) -> None:
        definition = self.task_definition.container_definitions[0]
        about = self.containers[0]
        self.status = "PENDING"
        try:
            container = self._start(definition)
        except OSError as error:
            about.reason = f"CannotStartContainerError: {error}"
            self._stopped("TaskFailedToStart", about.reason)
            return
        self.status = about.last_status = "RUNNING"
        self.started_at = datetime.now(UTC)
        code, reason = self._watch(container, float(definition.get("stopTimeout", GRACE_SECONDS)))
        about.exitCode = container.exit_code()
        if container.reason:
            about.reason = container.reason
        self._stopped(code, reason)

    def _start(self, definition: dict[str, Any]) -> Container:
        overrides = self.overrides.get("containerOverrides", [])
        mine: dict[str, Any] = next((one for one in overrides if one.get("name") == definition["name"]), {})
        variables = control.image | as_variables(definition.get("environment", []))
        variables |= as_variables(mine.get("environment", []))
        memory = int(definition.get("memory") or self.task_definition.memory or 512)
        return Container(mine.get("command") or definition["command"], variables, memory, self._log(definition))

    def _log(self, definition: dict[str, Any]) -> Any:
        options = (definition.get("logConfiguration") or {}).get("options", {})
        group = options.get("awslogs-group")
        if not group:
            return lambda line: None
        logs = logs_backends[self._account_id][self.region_name]
        stream = f"{options.get('awslogs-stream-prefix', 'ecs')}/{definition['name']}/{self.id}"
        logs.ensure_log_group(group)
        logs.ensure_log_stream(group, stream)
        return lambda line: logs.put_log_events(
            group, stream, [{"timestamp": int(time.time() * 1000), "message": line}]
        )

    def _watch(self, container: Container, grace_seconds: float) -> tuple[str, str]:
        while not container.ended():
            if self.desired_status == "STOPPED":
                container.stop(grace_seconds)
                return "UserInitiated", self.stopped_reason
            if self.id in control.hosts:
                container.stop(control.hosts.pop(self.id))
                if self.capacity_provider_name == "FARGATE_SPOT":
                    return "SpotInterruption", "Your Spot Task was interrupted."
                return "TerminationNotice", "Host EC2 (instance i-0123456789) terminated."
            time.sleep(POLL_SECONDS)
        return EXITED

    def _stopped(self, code: str, reason: str) -> None:
        self.stop_code, self.stopped_reason = code, reason
        self.stopped_at = datetime.now(UTC)
        self.desired_status = "STOPPED"
        self.containers[0].last_status = "STOPPED"
        self.status = "STOPPED"


def _run_task(self: Any) -> ActionResult:
    cluster, token = self._get_param("cluster", "default"), self._get_param("clientToken")
    refused = control.refused.get(cluster.rpartition("/")[2])
    if refused:
        return ActionResult({"tasks": [], "failures": [{"arn": f"arn:aws:ecs:{cluster}", "reason": refused.pop(0)}]})
    with _lock:
        key = f"{control.epoch} {cluster} {token}"
        if token and key in _by_token and _by_token[key][0].id not in control.lost:
            return ActionResult({"tasks": _by_token[key], "failures": []})
        answer = _run(self)
        if token:
            _by_token[key] = answer.result["tasks"]
        control.submits[self._get_param("startedBy") or "-"] += 1
    return answer


def _describe_tasks(self: Any) -> ActionResult:
    answer = _describe(self)
    found = [task for task in answer.result["tasks"] if task.id not in control.lost]
    known = {task.id for task in found}
    missing = [one for one in self._get_param("tasks", []) if one.rpartition("/")[2] not in known]
    failures = [{"arn": one, "reason": "MISSING"} for one in missing]
    return ActionResult({"tasks": found, "failures": failures})


def _list_tasks(self: Any, *arguments: Any, **keywords: Any) -> list[Any]:
    """List what runs unless told otherwise, as AWS does."""
    wanted = keywords.pop("desiredStatus", None) or (arguments[5] if len(arguments) > 5 else None) or "RUNNING"
    found = _list(self, *arguments[:5], **keywords)
    return [task for task in found if task.desired_status == wanted and task.id not in control.lost]


def _stop_task(self: Any, cluster: str, task: str, reason: str) -> Any:
    """Ask a task to stop; it has stopped when its process has ended."""
    name = self._get_cluster(cluster).name
    for found in self.tasks.get(name, {}).values():
        if found.id == task.rpartition("/")[2] and found.id not in control.lost:
            if found.desired_status != "STOPPED":
                found.stopped_reason = reason
                found.desired_status = "STOPPED"
            return found
    raise moto_ecs.InvalidParameterException("The referenced task was not found.")
