"""Batch jobs that run: attempts, retries, timeouts, lost hosts, GPUs, nodes. Moto keeps queues and definitions."""

import fnmatch
import threading
import time
from datetime import datetime
from typing import Any

import moto.batch.models as moto_batch

from local_aws.control import control
from local_aws.processes import POLL_SECONDS, Container, as_variables

GRACE_SECONDS = 30.0  # between SIGTERM and SIGKILL of a job that is terminated or out of time
EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"

submitted = threading.local()  # what moto's response layer drops of the submit that this thread carries out


def install() -> None:
    """Have moto make jobs of this class."""
    moto_batch.Job = LocalJob


class LocalJob(moto_batch.Job):  # type: ignore[misc]
    """One Batch job, or the parent of an array."""

    __module__ = "moto.batch.local"  # moto reads the service from the module's path

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.retry = getattr(submitted, "retry", None) or self.job_definition.retry_strategy or {}
        self.node_overrides = getattr(submitted, "nodes", None) or {}
        self.reason: str | None = None
        self.waiting: str | None = None

    def run(self) -> None:
        """Carry the job through its attempts."""
        try:
            self._wait_for_parents()
            for attempt in range(1, int(self.retry.get("attempts", 1)) + 1):
                if self.stop:
                    break
                self._wait_for_capacity()
                if self.stop or not self._attempt(attempt):
                    break
        finally:
            if not self.job_stopped:
                self._finish(self.stop_reason or EXITED, success=False)

    @property
    def stop_reason(self) -> str | None:
        """Why it was told to stop."""
        return self.job_stopped_reason if self.stop else None

    def terminate(self, reason: str) -> None:
        """Stop it, and the children of an array; a job that has ended stays as it is."""
        for child in self._child_jobs or []:
            child.terminate(reason)
        if not self.job_stopped:
            super().terminate(reason)

    def containers(self) -> list[dict[str, Any]]:
        """Return the properties of each node's container with the submit's overrides in it; most jobs have one."""
        if self.job_definition.type != "multinode":
            return [_overridden(self.job_definition.container_properties, self.container_overrides)]
        properties = self.job_definition.node_properties
        count = self.node_overrides.get("numNodes") or properties["numNodes"]
        return [
            _overridden(
                _of_node(properties["nodeRangeProperties"], node, "container"),
                _of_node(self.node_overrides.get("nodePropertyOverrides", []), node, "containerOverrides"),
            )
            for node in range(count)
        ]

    def requirement(self, kind: str) -> float:
        """Return how much of VCPU, MEMORY or GPU its container asks for."""
        return _requirement(self.containers()[0], kind)

    def environment(self, container: dict[str, Any], attempt: int, node: int) -> dict[str, str]:
        """Return what a container finds: of the definition, of the submit, and Batch's own."""
        own = {"AWS_BATCH_JOB_ID": self.job_id, "AWS_BATCH_JOB_ATTEMPT": str(attempt)}
        own |= {"AWS_BATCH_JQ_NAME": self.job_queue.name, "AWS_BATCH_CE_NAME": "local"}
        if "index" in self.array_properties:
            own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.array_properties["index"])
        if self.job_definition.type == "multinode":
            own |= {
                "AWS_BATCH_JOB_NODE_INDEX": str(node),
                "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(self.main_node),
                "AWS_BATCH_JOB_NUM_NODES": str(len(self.containers())),
            }
            if node != self.main_node:
                own["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = "127.0.0.1"
        return control.image | as_variables(container.get("environment", [])) | own

    @property
    def main_node(self) -> int:
        """The node whose end is the job's end."""
        properties = self.job_definition.node_properties
        return int(properties["mainNode"]) if properties else 0

    def _wait_for_parents(self) -> None:
        self.status = "PENDING"
        while not self.stop:
            parents = [self.all_jobs[one["jobId"]].status for one in self.depends_on or []]
            if "FAILED" in parents:
                self.terminate("Dependent Job failed")
            elif all(status == "SUCCEEDED" for status in parents):
                return
            time.sleep(POLL_SECONDS)

    def _wait_for_capacity(self) -> None:
        self.status = "RUNNABLE"
        gpus = int(self.requirement("GPU"))
        while not self.stop:
            self.waiting = control.held.get(self.job_queue.name)
            if self.waiting is None and control.take_gpus(gpus):
                return
            time.sleep(POLL_SECONDS)

    def _attempt(self, attempt: int) -> bool:
        """Run once and return whether to run again."""
        self.status, self.reason, self.exit_code = "STARTING", None, None
        self.job_started_at = datetime.now()
        self.log_stream_name = self._stream(attempt, self.main_node)
        self._start_attempt()
        try:
            why = self._run_containers(attempt)
        except OSError as error:
            why, self.reason, self.exit_code = "Task failed to start", f"CannotStartContainerError: {error}", 127
        finally:
            control.give_gpus(int(self.requirement("GPU")))
        self._close_attempt(why or EXITED)
        if self.exit_code == 0 and not why:
            self._finish(EXITED, success=True)
            return False
        again = why != TIMED_OUT and attempt < int(self.retry.get("attempts", 1)) and self._retries(why or EXITED)
        if not again:
            self._finish(why or EXITED, success=False)
        return again and not self.stop

    def _run_containers(self, attempt: int) -> str | None:
        """Run all nodes until the main one ends, and return why it was ended if it did not end by itself."""
        nodes = [self._start_node(attempt, node, each) for node, each in enumerate(self.containers())]
        main = nodes[self.main_node]
        self.status = "RUNNING"
        why = self._watch(main)
        for node in nodes:
            node.kill()
        self.exit_code, self.reason = main.exit_code(), main.reason
        for node in nodes:
            node.exit_code()
        return why

    def _start_node(self, attempt: int, node: int, container: dict[str, Any]) -> Container:
        group = container.get("logConfiguration", {}).get("options", {}).get("awslogs-group", self._log_group)
        stream = self._stream(attempt, node)
        self._log_backend.ensure_log_group(group)
        self._log_backend.ensure_log_stream(group, stream)

        def emit(line: str) -> None:
            event = {"timestamp": int(time.time() * 1000), "message": line}
            self._log_backend.put_log_events(group, stream, [event])

        command = self._add_parameters_to_command(container.get("command", []))
        variables = self.environment(container, attempt, node)
        return Container(command, variables, int(_requirement(container, "MEMORY")), emit)

    def _watch(self, main: Container) -> str | None:
        limit = self._get_attempt_duration()
        started = time.monotonic()
        while not main.ended():
            if self.stop:
                main.stop(GRACE_SECONDS)
                return self.stop_reason
            if self.job_id in control.hosts:
                main.stop(control.hosts.pop(self.job_id))
                return f"Host EC2 (instance i-{self.job_id[:8]}) terminated."
            if limit and time.monotonic() - started > limit / control.hurry:
                main.stop(GRACE_SECONDS)
                return TIMED_OUT
            time.sleep(POLL_SECONDS)
        return None

    def _retries(self, status_reason: str) -> bool:
        """Return whether the retry strategy has another attempt for this end; without a rule that fits, it has."""
        seen = {"onStatusReason": status_reason, "onReason": self.reason or "", "onExitCode": str(self.exit_code)}
        for rule in self.retry.get("evaluateOnExit", []):
            if all(fnmatch.fnmatchcase(value, rule[key]) for key, value in seen.items() if rule.get(key)):
                return bool(rule["action"].upper() == "RETRY")
        return True

    def _close_attempt(self, status_reason: str) -> None:
        self.job_stopped_at = datetime.now()
        container = self.latest_attempt["container"]
        container["exitCode"] = self.exit_code
        if self.reason:
            container["reason"] = self.reason
        self.latest_attempt["statusReason"] = status_reason
        self._stop_attempt()

    def _finish(self, status_reason: str, *, success: bool) -> None:
        self.job_stopped_reason = status_reason
        self._mark_stopped(success=success)

    def _stream(self, attempt: int, node: int) -> str:
        options = self.containers()[0].get("logConfiguration", {}).get("options", {})
        prefix = options.get("awslogs-stream-prefix", self.job_definition.name)
        return f"{prefix}/default/{self.job_id.replace(':', '-')}-{attempt}-{node}"


def _overridden(properties: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = {**properties, **{key: value for key, value in overrides.items() if key == "command"}}
    variables = as_variables(properties.get("environment", [])) | as_variables(overrides.get("environment", []))
    merged["environment"] = [{"name": name, "value": value} for name, value in variables.items()]
    asked = {one["type"]: one for one in properties.get("resourceRequirements", [])}
    asked |= {one["type"]: one for one in overrides.get("resourceRequirements", [])}
    return {**merged, "resourceRequirements": list(asked.values())}


def _requirement(container: dict[str, Any], kind: str) -> float:
    found = [float(one["value"]) for one in container["resourceRequirements"] if one["type"] == kind]
    return found[0] if found else {"VCPU": 1.0, "MEMORY": 512.0, "GPU": 0.0}[kind]


def _of_node(ranges: list[dict[str, Any]], node: int, key: str) -> dict[str, Any]:
    for one in ranges:
        first, colon, last = one["targetNodes"].partition(":")
        if int(first or 0) <= node <= (int(last) if last else 10**6 if colon else int(first)):
            return dict(one.get(key, {}))
    return {}
