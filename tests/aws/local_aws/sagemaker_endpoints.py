"""Endpoints of SageMaker that change: UpdateEndpoint, shadow variants, and the way back when an alarm rings.

moto has neither. An update takes ``UPDATE_SECONDS``; an alarm of its DeploymentConfig that is in ALARM before it ends
takes it back. Rules of AWS that our requests must keep are refused here as there: one update at a time, one
production variant beside a shadow, and no exchange of fleets under a DeploymentConfig when a variant comes or goes.
"""

import threading
import time
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint
from moto.sagemaker.responses import SageMakerResponse

UPDATE_SECONDS = 0.3
Shadows = list[dict[str, Any]]

_create_config = SageMakerResponse.create_endpoint_config
_describe_config = SageMakerResponse.describe_endpoint_config
_describe = SageMakerResponse.describe_endpoint
_weigh = SageMakerResponse.update_endpoint_weights_and_capacities


def install() -> None:
    """Put this into moto's place."""
    SageMakerResponse.create_endpoint_config = create_endpoint_config
    SageMakerResponse.describe_endpoint_config = describe_endpoint_config
    SageMakerResponse.describe_endpoint = describe_endpoint
    SageMakerResponse.update_endpoint_weights_and_capacities = update_endpoint_weights_and_capacities
    SageMakerResponse.update_endpoint = update_endpoint


def create_endpoint_config(self: SageMakerResponse) -> ActionResult:
    """Keep the shadow variants, which moto drops."""
    name, shadows = self._get_param("EndpointConfigName"), self._get_param("ShadowProductionVariants")
    if name in self.sagemaker_backend.endpoint_configs:
        raise ValidationError(message=f"Cannot create already existing endpoint configuration {name!r}.")
    if shadows and (len(shadows), len(self._get_param("ProductionVariants"))) != (1, 1):
        raise ValidationError(message="One shadow variant needs one production variant.")
    answer = _create_config(self)
    self.sagemaker_backend.endpoint_configs[name].shadows = shadows or []
    return answer


def describe_endpoint_config(self: SageMakerResponse) -> ActionResult:
    """Tell of the shadow variants too."""
    answer = _describe_config(self).result
    return ActionResult({**answer, "ShadowProductionVariants": _shadows(self, answer["EndpointConfigName"])})


def describe_endpoint(self: SageMakerResponse) -> ActionResult:
    """Tell of the shadow variants, and of an update that is on its way."""
    answer = _describe(self).result
    endpoint = self.sagemaker_backend.endpoints[answer["EndpointName"]]
    shadows = endpoint._process_production_variants(_shadows(self, answer["EndpointConfigName"]))
    answer = {**answer, "ShadowProductionVariants": shadows}
    if pending := getattr(endpoint, "pending", None):
        answer["PendingDeploymentSummary"] = {"EndpointConfigName": pending}
    return ActionResult(answer)


def update_endpoint_weights_and_capacities(self: SageMakerResponse) -> ActionResult:
    """Refuse it while an update is on its way; a number of machines that is not named stays."""
    endpoint = _idle(self)
    counts = {one["VariantName"]: one.get("CurrentInstanceCount") for one in endpoint.production_variants}
    answer = _weigh(self)
    for one in endpoint.production_variants:
        one["CurrentInstanceCount"] = one["DesiredInstanceCount"] = counts[one["VariantName"]]
    return answer


def update_endpoint(self: SageMakerResponse) -> ActionResult:
    """Exchange the fleets a moment later, and not at all when an alarm rings until then."""
    endpoint, name = _idle(self), self._get_param("EndpointConfigName")
    self.sagemaker_backend.describe_endpoint_config(name)
    config = self.sagemaker_backend.endpoint_configs[name]
    deployment = self._get_param("DeploymentConfig") or {}
    names = [{one["VariantName"] for one in each.production_variants} for each in (endpoint, config)]
    if deployment and names[0] != names[1]:
        raise ValidationError(message="A DeploymentConfig needs the same variants before and after.")
    alarms = [one["AlarmName"] for one in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    endpoint.endpoint_status, endpoint.pending, endpoint.failure_reason = "Updating", name, None
    known = cloudwatch_backends[self.current_account][self.region].alarms
    threading.Thread(target=_finish, args=(endpoint, config, alarms, known), daemon=True).start()
    return ActionResult({"EndpointArn": endpoint.arn})


def _finish(endpoint: FakeEndpoint, config: Any, alarms: list[str], known: dict[str, Any]) -> None:
    time.sleep(UPDATE_SECONDS)
    ringing = [name for name in alarms if name in known and known[name].state_value == "ALARM"]
    if ringing:
        endpoint.failure_reason = f"The alarm {ringing[0]} went off while the new fleet baked."
    else:
        endpoint.production_variants = endpoint._process_production_variants(config.production_variants)
        endpoint.endpoint_config_name = config.endpoint_config_name
    endpoint.pending, endpoint.endpoint_status = None, "InService"


def _idle(self: SageMakerResponse) -> FakeEndpoint:
    name = self._get_param("EndpointName")
    self.sagemaker_backend.describe_endpoint(name)
    endpoint: FakeEndpoint = self.sagemaker_backend.endpoints[name]
    if endpoint.endpoint_status != "InService":
        raise ValidationError(message="Cannot update in-progress endpoint.")
    return endpoint


def _shadows(self: SageMakerResponse, config: str) -> Shadows:
    found: Shadows = getattr(self.sagemaker_backend.endpoint_configs[config], "shadows", [])
    return found
