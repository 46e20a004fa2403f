"""Job definitions of AWS Batch, named after their content: the same content is found again, never registered twice."""

from typing import Any

from driftgate.compute import containers
from driftgate.compute.aws import region_of
from driftgate.compute.jobs import EXIT_INTERRUPTED, JobSpec
from driftgate.compute.targets import Target
from driftgate.records import canonical_json, sha256

MOST_ATTEMPTS = 10  # that Batch makes
SPEC = "spec"  # the one parameter: the address of the job's spec
OF_ONE_RUN = ("run", "activity", "phase")  # tags of the job only
# The host went away, or the job saw that coming and has saved a checkpoint. Everything else is an error of the code.
RETRY = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onExitCode": str(EXIT_INTERRUPTED), "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]


def registered(batch: Any, name: str, target: Target, spec: JobSpec) -> str:
    """Return the ARN of the definition for jobs such as ``spec`` on a target, registered if nobody has yet."""
    content = definition(name, target, spec)
    called = f"driftgate-{spec.use_case}-{sha256(canonical_json(content))[:16]}"
    pages = batch.get_paginator("describe_job_definitions").paginate(jobDefinitionName=called, status="ACTIVE")
    for page in pages:
        for found in page["jobDefinitions"]:
            return str(found["jobDefinitionArn"])
    return str(batch.register_job_definition(jobDefinitionName=called, **content)["jobDefinitionArn"])


def definition(name: str, target: Target, spec: JobSpec) -> dict[str, Any]:
    """Return everything about a job but which one it is."""
    container = _container(name, target, spec)
    kind: dict[str, Any] = {"type": "container", "containerProperties": container}
    if target.nodes > 1:
        nodes = [{"targetNodes": "0:", "container": container}]
        properties = {"numNodes": target.nodes, "mainNode": 0, "nodeRangeProperties": nodes}
        kind = {"type": "multinode", "nodeProperties": properties}
    return {
        **kind,
        "platformCapabilities": ["EC2"],
        "timeout": {"attemptDurationSeconds": round(target.timeout_minutes * 60)},
        "retryStrategy": {"attempts": min(target.host_loss_attempts, MOST_ATTEMPTS), "evaluateOnExit": RETRY},
        "propagateTags": True,  # what a host costs is told apart by them
        "tags": {key: value for key, value in containers.tags(spec.tags).items() if key not in OF_ONE_RUN},
    }


def _container(name: str, target: Target, spec: JobSpec) -> dict[str, Any]:
    asked = {"VCPU": target.vcpu, "MEMORY": target.memory_mib, "GPU": target.gpu}
    variables = containers.environment(name, target, spec)
    options = {"awslogs-group": target.log_group, "awslogs-stream-prefix": spec.use_case}
    if region := region_of(target):
        options["awslogs-region"] = region
    container: dict[str, Any] = {
        "image": target.image,
        "command": containers.command(spec, f"Ref::{SPEC}"),
        "jobRoleArn": target.job_role,
        "resourceRequirements": [{"type": kind, "value": str(value)} for kind, value in asked.items() if value],
        "environment": [{"name": key, "value": value} for key, value in variables.items()],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    if spec.processes > 1:  # they talk through /dev/shm, of which a container has 64 MiB
        container["linuxParameters"] = {"sharedMemorySize": target.memory_mib // 2}
    if target.execution_role:
        container["executionRoleArn"] = target.execution_role
    if target.secrets:
        secrets = sorted(target.secrets.items())
        container["secrets"] = [{"name": key, "valueFrom": secret} for key, secret in secrets]
    return container
