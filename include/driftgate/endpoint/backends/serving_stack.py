"""The parameters of ``infra/serving.yaml`` for one use case, from its section ``scaling`` and the settings."""

from driftgate.endpoint.backends.sagemaker_requests import CHAMPION, endpoint_name
from driftgate.errors import ConfigError
from driftgate.scaling_policy import Scaling
from driftgate.settings import settings
from driftgate.use_cases import UseCase

STATISTICS = {"InvocationsPerInstance": "Sum", "CPUUtilization": "Average", "ModelLatency": "Average"}


def stack_parameters(use_case: UseCase) -> dict[str, str]:
    """Return the parameters that the use case decides; those of the account are the caller's.

    :raises ConfigError: there is no section ``scaling``, or production would have one machine or one zone without a
        reason
    """
    scaling = use_case.scaling
    if scaling is None:
        raise ConfigError(
            f"The use case {use_case.name} has no section 'scaling', so nobody said how many machines may answer for "
            "it; write scaling: {min: 2, max: 4, target: 6000, scale_in_cooldown_s: 600, scale_out_cooldown_s: 60}."
        )
    _refuse_single(use_case, scaling)
    limit = use_case.promote.guardrails.max_latency_p95_ms
    return {
        "EndpointName": endpoint_name(use_case.name),
        "VariantName": CHAMPION,
        "MinInstances": str(scaling.min),
        "MaxInstances": str(scaling.max),
        "ScalingMetric": scaling.metric,
        "ScalingStatistic": STATISTICS[scaling.metric],
        "ScalingTarget": f"{scaling.target:g}",
        "ScaleInCooldownSeconds": str(scaling.scale_in_cooldown_s),
        "ScaleOutCooldownSeconds": str(scaling.scale_out_cooldown_s),
        "MaxLatencyP95Microseconds": f"{1000 * limit:.0f}",
        "BusinessUnit": use_case.owner.business_unit or settings().business_unit,
        "Owner": use_case.owner.team,
    }


def _refuse_single(use_case: UseCase, scaling: Scaling) -> None:
    """Nothing runs through a zone that fails: two machines, in subnets that AWS spreads them over."""
    asked = settings().endpoint.sagemaker
    if settings().stage != "production" or scaling.single_machine_reason:
        return
    if scaling.min < 2:
        raise ConfigError(
            f"The use case {use_case.name} has scaling.min: {scaling.min} in production: one machine is one failure; "
            "make it 2, or say under 'scaling.single_machine_reason' why an outage of minutes is acceptable."
        )
    if asked and len(asked.subnets) < 2:
        raise ConfigError(
            "The section 'endpoint.sagemaker' of production names fewer than two subnets; name two in different zones, "
            f"or say under 'scaling.single_machine_reason' of {use_case.name} why one will do."
        )
