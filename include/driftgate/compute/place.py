"""Where a job's process runs, as whoever started it has told it: its image may know another compute.yaml, or none."""

import os
from contextlib import suppress

from driftgate.compute.jobs import JobSpec
from driftgate.compute.targets import Target, find_target
from driftgate.errors import ConfigError

NAME = "DRIFTGATE_TARGET"  # where it runs now, which need not be the target that its spec names
SETTINGS = "DRIFTGATE_TARGET_SETTINGS"  # what that target is: its price depends on it
TOLD = {"backend", "vcpu", "memory_mib", "timeout_minutes", "gpu", "nodes", "instance_type", "spot", "region"}


def variables(name: str, target: Target) -> dict[str, str]:
    """Return the variables that tell a process where it runs."""
    return {NAME: name, SETTINGS: target.model_dump_json(include=TOLD)}


def place(spec: JobSpec) -> tuple[str, Target | None]:
    """Return the target that this process runs on, by name and, as far as it is known here, what it is."""
    name = os.environ.get(NAME, spec.target)
    if told := os.environ.get(SETTINGS):
        return name, Target.model_validate_json(told)
    with suppress(ConfigError):
        return name, find_target(name)
    return name, None
