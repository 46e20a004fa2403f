"""The queue of a Batch target: whether it can take a job at all, and why a job in it waits."""

import time
from typing import Any

from driftgate.compute.encryption import plain_families
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError

SAID_SECONDS = 60.0  # a queue is asked once a minute, however many jobs wait in it
# Families of instances with a GPU: NVIDIA's.
GPU_FAMILIES = {"g4dn", "g5", "g5g", "g6", "g6e", "g6f", "gr6", "g7e", "p3", "p3dn", "p4d", "p4de", "p5", "p5e",
    "p5en", "p6-b200", "p6-b300", "p6e-gb200"}  # fmt: skip

_said: dict[tuple[int, str], tuple[float, str]] = {}


def refuse_queue(batch: Any, name: str, target: Target) -> None:
    """Refuse a target whose queue cannot run its jobs, as far as that can be known before a submit.

    :raises ConfigError: there is no such queue, it takes no jobs, or none of its machines fits
    """
    where = f"Compute target {name!r} in compute.yaml"
    queue = _find(batch, target)
    if queue is None:
        raise ConfigError(f"{where} names the queue {target.queue!r}, which AWS Batch does not have; correct 'queue'.")
    if queue["state"] != "ENABLED":
        raise ConfigError(f"{where} names the queue {target.queue!r}, which is disabled; enable it, or name another.")
    if queue["status"] in ("INVALID", "DELETING", "DELETED"):
        said = queue.get("statusReason", "AWS gives no reason").rstrip(".")
        raise ConfigError(f"{where} names the queue {target.queue!r}, which is {queue['status']}: {said}; repair it.")
    environments = _environments(batch, queue)
    if problem := _blocked(environments) or _misfit(environments, target):
        raise ConfigError(f"{where}: the queue {target.queue!r} can run none of its jobs, because {problem}.")


def why_waiting(batch: Any, target: Target) -> str:
    """Return why a job waits of which Batch itself says nothing."""
    key = (id(batch), str(target.queue))
    at, said = _said.get(key, (0.0, ""))
    if not said or time.monotonic() - at > SAID_SECONDS:
        said = _looked_up(batch, target)
        _said[key] = (time.monotonic(), said)
    return said


def _looked_up(batch: Any, target: Target) -> str:
    queue = _find(batch, target)
    if queue is None:
        return f"its queue {target.queue!r} is gone"
    environments = _environments(batch, queue)
    return _blocked(environments) or _full(environments) or "it waits for its turn"


def _find(batch: Any, target: Target) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = batch.describe_job_queues(jobQueues=[target.queue])["jobQueues"]
    return found[0] if found else None


def _environments(batch: Any, queue: dict[str, Any]) -> list[dict[str, Any]]:
    names = [one["computeEnvironment"] for one in queue.get("computeEnvironmentOrder", [])]
    if not names:
        return []
    found: list[dict[str, Any]] = batch.describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
    return found


def _blocked(environments: list[dict[str, Any]]) -> str:
    """Return why no compute environment places jobs, or nothing."""
    problems = []
    for one in environments:
        if one.get("state") == "DISABLED":
            problems.append(f"the compute environment {one['computeEnvironmentName']!r} is disabled")
        elif one.get("status") == "INVALID":
            said = one.get("statusReason", "AWS gives no reason").rstrip(".")
            problems.append(f"the compute environment {one['computeEnvironmentName']!r} is invalid ({said})")
        else:
            return ""
    return " and ".join(problems) or "it has no compute environment"


def _full(environments: list[dict[str, Any]]) -> str:
    resources = [one["computeResources"] for one in environments if one.get("computeResources")]
    if resources and all(one.get("desiredvCpus", 0) >= one["maxvCpus"] > 0 for one in resources):
        most = sum(one["maxvCpus"] for one in resources)
        return f"all {most} vCPUs that its queue's compute environments may have are in use"
    return ""


def _misfit(environments: list[dict[str, Any]], target: Target) -> str:
    """Return what no machine of the queue has that the target asks for, or nothing."""
    resources = [one["computeResources"] for one in environments if one.get("computeResources")]
    if not resources:
        return ""
    if all(one["type"].startswith("FARGATE") for one in resources):
        return "it has Fargate only; use a target with 'backend: ecs' for that"
    if all(one["maxvCpus"] < target.vcpu for one in resources):
        return f"the target asks for {target.vcpu} vCPU and it may have {max(one['maxvCpus'] for one in resources)}"
    if target.gpu and not any(_has_gpu(one) for one in resources):
        return f"the target asks for {target.gpu} GPU and no instance type of its compute environments has one"
    kinds = [kind for one in resources for kind in one.get("instanceTypes", [])]
    if target.nodes > 1 and not target.tunnel and (plain := plain_families(kinds)):
        return (
            f"nodes on {', '.join(plain)} would send each other readable data, and the target has several; its compute "
            f"environments may have only families that encrypt it"
        )
    return _wrong_price(resources, target)


def _wrong_price(resources: list[dict[str, Any]], target: Target) -> str:
    spot = [one["type"] == "SPOT" for one in resources]
    if target.spot and not any(spot):
        return "the target says 'spot: true' and its compute environments are on-demand"
    if not target.spot and all(spot):
        return "the target does not say 'spot: true' and its compute environments are Spot"
    return ""


def _has_gpu(resources: dict[str, Any]) -> bool:
    return any(kind.partition(".")[0] in GPU_FAMILIES for kind in resources.get("instanceTypes", []))
