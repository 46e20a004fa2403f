"""Compute targets: named places and sizes to run a job on, from ``include/compute.yaml``."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, load_yaml
from driftgate.settings import project_root


class Target(Record):
    """One place and size. A setting that its backend cannot honour is refused when a job is submitted."""

    backend: str  # local, batch or ecs
    vcpu: Annotated[int, Field(gt=0)]  # threads of the job
    memory_mib: Annotated[int, Field(gt=0)]
    timeout_minutes: Annotated[float, Field(gt=0)]  # of one attempt
    gpu: Annotated[int, Field(ge=0)] = 0
    nodes: Annotated[int, Field(gt=0)] = 1  # machines of a data-parallel job
    instance_type: str | None = None  # what price_table.yaml knows it by
    spot: bool = False
    max_wait_minutes: Annotated[float, Field(gt=0)] | None = None  # Spot: waiting, running and interruptions together
    max_queue_minutes: Annotated[float, Field(gt=0)] | None = None  # then the job moves to the first of ``then``
    then: tuple[str, ...] = ()  # other targets, in this order
    host_loss_attempts: Annotated[int, Field(gt=0)] = 3  # starts of a job whose host goes away; code errors have one
    region: str | None = None
    queue: str | None = None  # Batch
    cluster: str | None = None  # ECS
    capacity_provider: str | None = None  # ECS: of EC2 hosts of the cluster; without one the job runs on Fargate
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    image: str | None = None  # by digest: repository@sha256:...
    job_role: str | None = None  # ARN: what the job itself may do
    execution_role: str | None = None  # ARN: what starts it may do (pull the image, read secrets, write logs)
    secrets: dict[str, str] = {}  # variable of the job → ARN of the secret that it holds
    log_group: str = "/driftgate/jobs"  # CloudWatch


class Targets(Record):
    """The whole file."""

    targets: dict[str, Target]


def target_names() -> list[str]:
    """Return the names of all compute targets."""
    return sorted(_targets())


def find_target(name: str) -> Target:
    """Return the compute target called ``name``.

    :raises ConfigError: there is none, or ``compute.yaml`` is wrong
    """
    targets = _targets()
    if name not in targets:
        raise ConfigError(f"There is no compute target {name!r} in {_path()}{nearest(name, targets)}")
    return targets[name]


def _targets() -> dict[str, Target]:
    path = _path()
    return _parse(path, path.stat().st_mtime_ns if path.exists() else 0)


def _path() -> Path:
    return project_root() / "include" / "compute.yaml"


@cache
def _parse(path: Path, _: int) -> dict[str, Target]:
    targets = load_yaml(path, Targets).targets
    for name, target in targets.items():
        if problem := _next_problem(name, target, targets) or _spot_problem(target):
            raise ConfigError(f"{path}: compute target {name!r} {problem}")
    return targets


def _next_problem(name: str, target: Target, targets: dict[str, Target]) -> str:
    for place, following in enumerate(target.then):
        if following not in targets:
            return f"names {following!r} in 'then', which is no target of this file{nearest(following, targets)}"
        if following in (name, *target.then[:place]):
            return f"comes back to {following!r} in 'then': a job would go in a circle; name every target once."
    return ""


def _spot_problem(target: Target) -> str:
    if not target.spot:
        return (
            "has max_wait_minutes, which is for Spot; add 'spot: true' or remove it." if target.max_wait_minutes else ""
        )
    if target.max_wait_minutes is None:
        return "is on Spot without max_wait_minutes: it could wait for ever; say how long waiting and running may take."
    if target.max_wait_minutes < target.timeout_minutes:
        return (
            f"has max_wait_minutes: {target.max_wait_minutes:g}, which is less than its timeout_minutes "
            f"({target.timeout_minutes:g}): an undisturbed run would be ended; make it at least as long."
        )
    if target.host_loss_attempts == 1:
        return "is on Spot with host_loss_attempts: 1: no checkpoint would ever be gone on from; allow at least 2."
    return ""
