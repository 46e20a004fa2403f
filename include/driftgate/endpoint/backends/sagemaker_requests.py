"""From a deployment state to what SageMaker is asked: names and bodies of requests. No call is made here.

A name tells what is behind it, so that a request which is made twice names what is there already. The two variants are
called ``champion`` and ``candidate``, because a fleet can only be exchanged under the alarms when its name stays.
"""

import re
from typing import Any

from driftgate import uris
from driftgate.compute.containers import tags
from driftgate.compute.tags import missing_tags, tags_of
from driftgate.errors import ConfigError, NotSupported
from driftgate.lake import lake
from driftgate.promotion.state import DeploymentState, Variant
from driftgate.records import canonical_json, sha256
from driftgate.sagemaker_settings import SageMakerSettings
from driftgate.settings import settings
from driftgate.use_cases import UseCase

CHAMPION = "champion"
CANDIDATE = "candidate"
LONGEST_NAME = 40  # of 63 characters; versions, hashes and weights come behind it
Body = dict[str, Any]


def endpoint_name(use_case_name: str) -> str:
    """Return the name of the endpoint of a use case.

    :raises ConfigError: it would be too long for SageMaker
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{settings().project}-{use_case_name}").strip("-")
    if len(name) > LONGEST_NAME:
        raise ConfigError(
            f"The endpoint of {use_case_name} would be called {name!r}, longer than the {LONGEST_NAME} characters that "
            "leave room for a version; shorten 'project' in the settings or the use case's name."
        )
    return name


def model_request(use_case: UseCase, version: str, asked: SageMakerSettings) -> Body:
    """Return the body of CreateModel: the image by its digest, and the package where the lake has it."""
    container = {
        "Image": asked.image,
        "ModelDataSource": {
            "S3DataSource": {
                "S3Uri": f"{lake().uri(uris.package(use_case.name, version))}/",
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
        "Environment": _environment(use_case.name, version, asked),
    }
    body = {"PrimaryContainer": container, "ExecutionRoleArn": asked.role}
    if asked.subnets:
        body["VpcConfig"] = {"Subnets": [*asked.subnets], "SecurityGroupIds": [*asked.security_groups]}
    name = f"{endpoint_name(use_case.name)}-v{version}-{_digest(body)}"
    return {"ModelName": name, **body, "Tags": tags_for(use_case)}


def version_of(model_name: str) -> str | None:
    """Return the version that a model of ours serves; None for a name that we did not give."""
    found = re.search(r"-v(\w+)-[0-9a-f]{8}$", model_name)
    return found[1] if found else None


def config_request(use_case: UseCase, state: DeploymentState, asked: SageMakerSettings) -> Body:
    """Return the body of CreateEndpointConfig; its name ends with the weights, what comes before them is the rest.

    :raises NotSupported: the state has a control
    """
    if state.control_share:
        raise NotSupported(
            f"Revision {state.revision} of {use_case.name} gives {state.control_share} % of the requests to a rule, "
            "and SageMaker routes between models only; move the traffic again, which leaves the control out."
        )
    fleets = {_variant_name(one): _fleet(use_case, one, asked) for one in state.variants}
    shadows = [fleets[_variant_name(one)] for one in state.variants if one.role == "shadow"]
    body: Body = {"ProductionVariants": [fleet for fleet in fleets.values() if fleet not in shadows]}
    if shadows:
        body["ShadowProductionVariants"] = shadows
    if asked.kms_key:
        body["KmsKeyId"] = asked.kms_key
    body["DataCaptureConfig"] = _capture(asked)
    timeless = [{**fleet, "InitialVariantWeight": 0} for fleet in fleets.values()]
    same = _digest({**body, "ProductionVariants": timeless, "ShadowProductionVariants": len(shadows)})
    shares = "-".join(str(one.weight) for one in state.variants)
    name = f"{endpoint_name(use_case.name)}-{same}-{shares}"
    return {"EndpointConfigName": name, **body, "Tags": tags_for(use_case)}


def same_but_weights(one: str, other: str) -> bool:
    """Return whether two names of endpoint configurations differ at most in the weights."""
    return re.sub(r"(-\d+){1,2}$", "", one) == re.sub(r"(-\d+){1,2}$", "", other)


def weights(state: DeploymentState) -> list[Body]:
    """Return the weights of the variants that answer, as UpdateEndpointWeightsAndCapacities takes them."""
    answering = [one for one in state.variants if one.role != "shadow"]
    return [{"VariantName": _variant_name(one), "DesiredWeight": float(one.weight)} for one in answering]


def deployment_config(asked: SageMakerSettings) -> Body:
    """Return how a fleet is exchanged: all at once when it is ready, and back when an alarm rings while it bakes."""
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": asked.bake_seconds}
    policy = {"TrafficRoutingConfiguration": routing, "MaximumExecutionTimeoutInSeconds": 3600 + asked.bake_seconds}
    config: Body = {"BlueGreenUpdatePolicy": policy}
    if asked.alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in asked.alarms]}
    return config


def tags_for(use_case: UseCase) -> list[Body]:
    """Return the tags of everything that serves a use case.

    :raises ConfigError: nobody would answer for its cost
    """
    found = tags_of(use_case, "host")
    if missing := missing_tags(found):
        raise ConfigError(
            f"The endpoint of {use_case.name} lacks the tags {', '.join(missing)}, so nobody would answer for its "
            "cost; write 'business_unit' under 'owner' in its use_case.yaml or into the settings file."
        )
    return [{"Key": key, "Value": value} for key, value in tags(found).items()]


def _variant_name(variant: Variant) -> str:
    return CHAMPION if variant.role == "champion" else CANDIDATE


def _fleet(use_case: UseCase, variant: Variant, asked: SageMakerSettings) -> Body:
    """Return one variant; a shadow's weight is the share of the champion's requests that it sees, which is all."""
    weight = 100 if variant.role == "shadow" else variant.weight
    return {
        "VariantName": _variant_name(variant),
        "ModelName": model_request(use_case, variant.version, asked)["ModelName"],
        "InstanceType": asked.instance_type,
        "InitialInstanceCount": asked.instances,
        "InitialVariantWeight": float(weight),
    }


def _capture(asked: SageMakerSettings) -> Body:
    body: Body = {
        "EnableCapture": True,
        "InitialSamplingPercentage": asked.capture_percent,
        "DestinationS3Uri": lake().uri(uris.data_capture()),
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    return body | ({"KmsKeyId": asked.kms_key} if asked.kms_key else {})


def _environment(use_case_name: str, version: str, asked: SageMakerSettings) -> dict[str, str]:
    """Return the variables of a container. Whoever may describe a model reads them, so that none is a secret.

    :raises NotSupported: the lake is not on S3, or no container could check a signature of this environment
    """
    here = settings()
    if not here.lake.startswith("s3://"):
        raise NotSupported(f"SageMaker reads packages from S3, and the lake is {here.lake}; use an environment on AWS.")
    if here.signing.backend != "kms" or not here.signing.key_id:
        raise NotSupported("A container of SageMaker checks packages by a key of KMS; set signing: {backend: kms, …}.")
    return {
        "AWS_DEFAULT_REGION": asked.region,
        "DRIFTGATE_ENV": "sagemaker",
        "DRIFTGATE_ONLINE": here.online,
        "DRIFTGATE_SERVES": f"{use_case_name}/{version}",
        "DRIFTGATE_SIGNING_KEY": here.signing.key_id,
    }


def _digest(body: Body) -> str:
    return sha256(canonical_json(body))[:8]
