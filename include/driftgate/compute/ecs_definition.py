"""Task definitions of Amazon ECS, named after their content: the same content is found again, not registered twice."""

from typing import Any

from driftgate.compute import containers
from driftgate.compute.aws import region_of
from driftgate.compute.jobs import JobSpec
from driftgate.compute.targets import Target
from driftgate.records import canonical_json, sha256

CONTAINER = "job"
NOTICE_SECONDS = 120  # from SIGTERM to SIGKILL: the notice that Spot gives, and the most that Fargate takes
OF_ONE_RUN = ("run", "activity", "phase")  # tags of the task only
MIB_PER_GIB = 1024
# vCPU of Fargate → memory in GiB: the least, the most, and the step between.
FARGATE = {1: (2, 8, 1), 2: (4, 16, 1), 4: (8, 30, 1), 8: (16, 60, 4), 16: (32, 120, 8)}


def family(name: str, target: Target, spec: JobSpec) -> str:
    """Return the name of the definition for jobs such as ``spec`` on a target."""
    return f"driftgate-{spec.use_case}-{sha256(canonical_json(definition(name, target, spec)))[:16]}"


def registered(ecs: Any, name: str, target: Target, spec: JobSpec) -> str:
    """Return the ARN of the definition for jobs such as ``spec`` on a target, registered if nobody has yet."""
    called = family(name, target, spec)
    found = ecs.list_task_definitions(familyPrefix=called, status="ACTIVE", maxResults=1)["taskDefinitionArns"]
    if found:
        return str(found[0])
    answer = ecs.register_task_definition(family=called, **definition(name, target, spec))
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def definition(name: str, target: Target, spec: JobSpec) -> dict[str, Any]:
    """Return everything about a job but which one it is."""
    kind = "EC2" if target.capacity_provider else "FARGATE"
    tags = {key: value for key, value in containers.tags(spec.tags).items() if key not in OF_ONE_RUN}
    found: dict[str, Any] = {
        "containerDefinitions": [_container(name, target, spec)],
        "cpu": str(target.vcpu * 1024),
        "memory": str(target.memory_mib),
        "networkMode": "awsvpc" if target.subnets else "bridge",
        "requiresCompatibilities": [kind],
        "taskRoleArn": target.job_role,
        "tags": as_list(tags, "key"),
    }
    if target.execution_role:
        found["executionRoleArn"] = target.execution_role
    return found


def as_list(values: dict[str, str], key: str = "name") -> list[dict[str, str]]:
    """Return a dictionary as AWS's list of pairs, in order."""
    return [{key: name, "value": value} for name, value in sorted(values.items())]


def why_not_fargate(target: Target) -> str:
    """Return what Fargate cannot give of what a target asks for, or nothing."""
    if target.gpu:
        return f"asks for {target.gpu} GPU, which Fargate does not have; name a 'capacity_provider' of EC2 hosts."
    sizes = FARGATE.get(target.vcpu)
    if sizes is None:
        return f"asks for {target.vcpu} vCPU; Fargate has {', '.join(map(str, FARGATE))}: write one of these."
    least, most, step = sizes
    if target.memory_mib not in range(least * MIB_PER_GIB, most * MIB_PER_GIB + 1, step * MIB_PER_GIB):
        return (
            f"asks for {target.memory_mib} MiB with {target.vcpu} vCPU; Fargate gives {least * MIB_PER_GIB} to "
            f"{most * MIB_PER_GIB} MiB in steps of {step * MIB_PER_GIB}: write one of these."
        )
    return ""


def _container(name: str, target: Target, spec: JobSpec) -> dict[str, Any]:
    options = {"awslogs-group": target.log_group, "awslogs-stream-prefix": spec.use_case}
    if region := region_of(target):
        options["awslogs-region"] = region
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": target.image,
        "essential": True,
        "memory": target.memory_mib,
        "environment": as_list(containers.environment(name, target, spec)),
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        "stopTimeout": NOTICE_SECONDS,
    }
    if target.gpu:
        container["resourceRequirements"] = [{"type": "GPU", "value": str(target.gpu)}]
    if target.secrets:
        container["secrets"] = [{"name": key, "valueFrom": arn} for key, arn in sorted(target.secrets.items())]
    return container
