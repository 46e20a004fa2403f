"""Compute targets: named places and sizes to run a job on, from ``include/compute.yaml``."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, load_yaml
from driftgate.settings import project_root

AUTO = "auto"  # as train.target: chosen by the size of the data, see Auto


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
    allow_cross_region: str | None = None  # why its data or image may be in another Region
    tunnel: str | None = None  # what encrypts the traffic between its nodes, if the instance type does not
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


class Auto(Record):
    """How ``target: auto`` is decided: on this machine while the data are small, elsewhere once they are not."""

    local: str
    remote: str
    remote_gpu: str | None = None  # for a use case with train.needs_gpu
    local_max_bytes: Annotated[int, Field(gt=0)] = (
        2 * 2**30
    )  # of the dataset version's rows as stored; from there on remote
    # A training's memory: 260 MiB with 0.24 MiB of rows, 357 MiB with 2.3 MiB (flight_delays, LightGBM, 2026-11-25).
    memory_base_mib: Annotated[float, Field(ge=0)] = 300.0
    memory_per_byte: Annotated[float, Field(gt=0)] = 50.0  # the rows are compressed; in memory they are not


class Targets(Record):
    """The whole file."""

    targets: dict[str, Target]
    auto: Auto | None = None


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


def find_auto() -> Auto:
    """Return how ``target: auto`` is decided.

    :raises ConfigError: ``compute.yaml`` does not say
    """
    if (auto := _file().auto) is None:
        raise ConfigError(
            f"'target: {AUTO}' needs a section 'auto' in {_path()} that names the targets to choose from, for example "
            f"auto: {{local: local_small, remote: batch_cpu}}."
        )
    return auto


def _targets() -> dict[str, Target]:
    return _file().targets


def _file() -> Targets:
    path = _path()
    return _parse(path, path.stat().st_mtime_ns if path.exists() else 0)


def _path() -> Path:
    return project_root() / "include" / "compute.yaml"


@cache
def _parse(path: Path, _: int) -> Targets:
    file = load_yaml(path, Targets)
    for name, target in file.targets.items():
        if problem := _next_problem(name, target, file.targets) or _spot_problem(target):
            raise ConfigError(f"{path}: compute target {name!r} {problem}")
    if problem := _auto_problem(file):
        raise ConfigError(f"{path}: {problem}")
    return file


def _auto_problem(file: Targets) -> str:
    if AUTO in file.targets:
        return f"no target may be called {AUTO!r}, which means a choice between others; rename it."
    if file.auto is None:
        return ""
    for key in ("local", "remote", "remote_gpu"):
        named = getattr(file.auto, key)
        if named is not None and named not in file.targets:
            return f"key 'auto.{key}' names {named!r}, which is no target{nearest(named, file.targets)}"
    if file.targets[file.auto.local].backend != "local":
        return f"key 'auto.local' names {file.auto.local!r}, whose backend is not local; name one that is."
    if file.auto.remote_gpu is not None and not file.targets[file.auto.remote_gpu].gpu:
        return f"key 'auto.remote_gpu' names {file.auto.remote_gpu!r}, which has no GPU; name one that has."
    return ""


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
