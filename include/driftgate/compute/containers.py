"""What a job finds in its container, whichever service runs it: image, command, environment and tags."""

import os
import re
from collections.abc import Iterable

from driftgate.compute import place
from driftgate.compute.jobs import JobSpec
from driftgate.compute.local import ENTRYPOINTS, THREAD_VARIABLES, WAITING
from driftgate.compute.regions import refuse_regions
from driftgate.compute.tags import require_tags
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, NotSupported
from driftgate.settings import settings, settings_variables, without_credentials

BY_DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
SECRET = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):\S+")
SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
SECRET_VALUE = re.compile(r"[?&;]\w*(password|secret|token)=", re.IGNORECASE)
OF_THE_IMAGE = {"DRIFTGATE_HOME", "DRIFTGATE_PROJECT"}
NOT_IN_A_TAG = re.compile(r"[^\w\s.:/=+@-]")
TAG_CHARACTERS = 256


def refuse_target(name: str, target: Target, needed: Iterable[str], useless: Iterable[str]) -> None:
    """Refuse a target whose settings no container could be started with.

    :param needed: settings that this backend cannot do without
    :param useless: settings that only another backend can honour
    :raises ConfigError: a needed setting is missing or is not what it should be
    :raises NotSupported: a setting is there that the backend cannot honour
    """
    where = f"Compute target {name!r} in compute.yaml"
    for setting in useless:
        if value := getattr(target, setting):
            raise NotSupported(
                f"{where} has {setting}: {value}, which backend {target.backend} cannot honour; remove it."
            )
    for setting in (*needed, "image"):
        if not getattr(target, setting):
            raise ConfigError(f"{where} has no '{setting}', which backend {target.backend} needs; add it.")
    if problem := _problem(target):
        raise ConfigError(f"{where} {problem}")


def _problem(target: Target) -> str:
    """Return what is wrong with the form of a setting, or nothing."""
    if not BY_DIGEST.fullmatch(target.image or ""):
        return (
            f"names the image {target.image!r} without its digest, so nobody could say later what ran; write it as "
            f"repository@sha256:… with 64 hexadecimal digits."
        )
    for setting in ("job_role", "execution_role"):
        role = getattr(target, setting)
        if role is not None and not ROLE.fullmatch(role):
            return f"has {setting}: {role!r}, which is no ARN of a role; write arn:aws:iam::…:role/…."
    for variable, secret in target.secrets.items():
        if not SECRET.fullmatch(secret):
            return f"gives {variable} a secret that is no ARN of Secrets Manager or Parameter Store."
    return ""


def refuse_spec(name: str, target: Target, spec: JobSpec) -> None:
    """Refuse a spec that no container could work off: nobody pays for it, or its lake is a folder of this machine.

    :raises ConfigError: a required tag is missing, the lake is not on S3 or in another Region, or a secret would be
        readable by whoever may look at the job
    """
    require_tags(spec)
    for variable, value in settings_variables().items():
        if variable not in target.secrets and (SECRET_NAME.search(variable) or SECRET_VALUE.search(value)):
            raise ConfigError(
                f"The settings use {variable}, which looks like a secret, and a job on the compute target {name!r} "
                f"would show it; put it into Secrets Manager and its ARN under the target's 'secrets' in compute.yaml."
            )
    if not settings().lake.startswith("s3://"):
        raise ConfigError(
            f"Compute target {name!r} runs jobs on AWS, which cannot reach the lake {settings().lake}; use a local "
            f"target, or an environment (DRIFTGATE_ENV) whose lake is on S3."
        )
    refuse_regions(name, target)


def command(spec: JobSpec, uri: str) -> list[str]:
    """Return the command of a job whose spec is at ``uri``."""
    return ["python", "-m", ENTRYPOINTS[spec.kind], "--job", uri]


def environment(name: str, target: Target, spec: JobSpec) -> dict[str, str]:
    """Return the variables of a job: those of its settings, without any password, and how many threads it has.

    A variable that holds a secret is named in the target's ``secrets``; the service fills it in.
    """
    threads = str(max(1, target.vcpu // spec.processes))
    variables = {key: without_credentials(value) for key, value in settings_variables().items()}
    region = {"AWS_DEFAULT_REGION": target.region} if target.region else {}
    found = {
        **variables,
        **dict.fromkeys(THREAD_VARIABLES, threads),
        **WAITING,
        **region,
        "DRIFTGATE_ENV": os.environ.get("DRIFTGATE_ENV", "local"),
        **place.variables(name, target),
    }
    return {key: found[key] for key in sorted(found) if key not in OF_THE_IMAGE and key not in target.secrets}


def tags(given: dict[str, str]) -> dict[str, str]:
    """Return tags as AWS takes them: no other characters, and no longer."""
    return {key: NOT_IN_A_TAG.sub("-", value)[:TAG_CHARACTERS] for key, value in given.items()}
