"""An endpoint of SageMaker for each use case: production and shadow variants, weights, data capture, rollback by alarm.

:meth:`SageMakerBackend.apply` looks at what is there and makes the next call, so it may die between any two of them and
begin again. One thing it does not do again: an update that SageMaker has taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from driftgate.compute.aws import FORBIDDEN, client_in, is_passing
from driftgate.endpoint.backends.data_capture import collect
from driftgate.endpoint.backends.sagemaker_places import refuse_places
from driftgate.endpoint.backends.sagemaker_requests import (
    CANDIDATE,
    CHAMPION,
    Body,
    config_request,
    deployment_config,
    endpoint_name,
    model_request,
    same_but_weights,
    tags_for,
    version_of,
    weights,
)
from driftgate.errors import ConfigError, EndpointSilent
from driftgate.promotion.served import Reported
from driftgate.promotion.state import DeploymentState, Variant
from driftgate.sagemaker_settings import SageMakerSettings
from driftgate.settings import settings
from driftgate.use_cases import UseCase, load_use_case

IN_SERVICE = "InService"
MOVING = {"Creating", "Updating", "SystemUpdating", "RollingBack"}
ABSENT = "Could not find"  # what all of them say that are not there
BUSY = ("Cannot update in-progress", "already existing", "already exists")  # another process was faster


class SageMakerBackend:
    """The endpoints of this environment's account."""

    poll_seconds: float | None = 2.0
    serves_control = False  # its variants are models, each in a container of its own

    def __init__(self) -> None:
        asked = settings().endpoint.sagemaker
        if asked is None:
            raise ConfigError("The settings have no section 'endpoint.sagemaker'; write what the endpoint is made of.")
        self.asked: SageMakerSettings = asked
        self.follow_seconds: float | None = asked.follow_minutes * 60
        self._awaited: str | None = None  # the configuration that an update was seen on its way to

    def apply(self, state: DeploymentState) -> None:
        """Make the next call that is needed, if there is one and the endpoint takes it now."""
        use_case = load_use_case(state.use_case)
        wanted = config_request(use_case, state, self.asked)
        with _sentences(use_case.name):
            there = self._describe(use_case.name)
            if there is None:
                self._prepare(use_case, state, wanted)
                self._create(use_case, wanted)
            elif there["EndpointStatus"] == IN_SERVICE:
                self._move(use_case, state, wanted, there)

    def served(self, use_case_name: str) -> Reported:
        """Return the variants that SageMaker describes, with the versions that their models are named after."""
        with _sentences(use_case_name):
            there = self._describe(use_case_name)
            if there is None:
                return Reported(None, ())
            config = self._client.describe_endpoint_config(EndpointConfigName=there["EndpointConfigName"])
        status = there["EndpointStatus"]
        problem = self._problem(use_case_name, there)
        moving = status in MOVING or (not problem and self._is_left(there))
        return Reported(None, _variants(there, config), problem, moving=moving, final=problem is not None)

    def collect(self, use_case_name: str) -> int:
        """Take over what data capture has written."""
        return collect(use_case_name)

    @property
    def _client(self) -> Any:
        return client_in("sagemaker", self.asked.region)

    def _describe(self, use_case_name: str) -> Body | None:
        there = _found(self._client.describe_endpoint, EndpointName=endpoint_name(use_case_name))
        if there and (pending := there.get("PendingDeploymentSummary", {}).get("EndpointConfigName")):
            self._awaited = pending
        elif there and there["EndpointConfigName"] == self._awaited:
            self._awaited = None  # it has arrived
        return there

    def _prepare(self, use_case: UseCase, state: DeploymentState, wanted: Body) -> None:
        """Create the models and the configuration, unless they are there; only what may serve, verified, gets so far.

        :raises Tampered: a package is not the one that was registered
        :raises PromotionRefused: a version was not approved
        """
        from driftgate.registry import load_serving_package

        refuse_places(use_case.name, self.asked)
        for variant in state.variants:
            load_serving_package(use_case.name, variant.version)
            model = model_request(use_case, variant.version, self.asked)
            if _found(self._client.describe_model, ModelName=model["ModelName"]) is None:
                self._client.create_model(**model)
        name = wanted["EndpointConfigName"]
        if _found(self._client.describe_endpoint_config, EndpointConfigName=name) is None:
            self._client.create_endpoint_config(**wanted)

    def _create(self, use_case: UseCase, wanted: Body) -> None:
        self._client.create_endpoint(
            EndpointName=endpoint_name(use_case.name),
            EndpointConfigName=wanted["EndpointConfigName"],
            Tags=tags_for(use_case),
        )

    def _move(self, use_case: UseCase, state: DeploymentState, wanted: Body, there: Body) -> None:
        """Change weights where that is all; a candidate that leaves loses its requests before its machines."""
        name, desired = wanted["EndpointConfigName"], weights(state)
        if same_but_weights(there["EndpointConfigName"], name):
            if _weights(there) != {one["VariantName"]: one["DesiredWeight"] for one in desired}:
                self._weigh(there, desired)
            return
        if self._leaves(use_case, state, there):
            self._weigh(there, [*desired, {"VariantName": CANDIDATE, "DesiredWeight": 0.0}])
            return
        if name == self._awaited:
            return  # SageMaker took it back
        self._prepare(use_case, state, wanted)
        self._client.update_endpoint(**self._update(there, wanted))
        self._awaited = name

    def _update(self, there: Body, wanted: Body) -> Body:
        """Return the body of UpdateEndpoint; fleets are exchanged under alarms only when no variant comes or goes."""
        body = {
            "EndpointName": there["EndpointName"],
            "EndpointConfigName": wanted["EndpointConfigName"],
            "RetainAllVariantProperties": True,  # how many machines Auto Scaling has started
            "ExcludeRetainedVariantProperties": [
                {"VariantPropertyType": "DesiredWeight"},
                {"VariantPropertyType": "DataCaptureConfig"},
            ],
        }
        if {one["VariantName"] for one in wanted["ProductionVariants"]} == set(_weights(there)):
            body["DeploymentConfig"] = deployment_config(self.asked)
        return body

    def _weigh(self, there: Body, desired: list[Body]) -> None:
        self._client.update_endpoint_weights_and_capacities(
            EndpointName=there["EndpointName"], DesiredWeightsAndCapacities=desired
        )

    def _leaves(self, use_case: UseCase, state: DeploymentState, there: Body) -> bool:
        """Return whether a candidate that still answers has to go, and the champion beside it is the right one."""
        if state.candidate or not _weights(there).get(CANDIDATE):
            return False
        config = self._client.describe_endpoint_config(EndpointConfigName=there["EndpointConfigName"])
        [model] = [one["ModelName"] for one in config["ProductionVariants"] if one["VariantName"] == CHAMPION]
        return bool(version_of(model) == state.champion)

    def _is_left(self, there: Body) -> bool:
        return _weights(there).get(CANDIDATE) == 0.0

    def _problem(self, use_case_name: str, there: Body) -> str | None:
        """Return what no waiting will heal."""
        status, name = there["EndpointStatus"], there["EndpointName"]
        if status in MOVING:
            return None
        why = str(there.get("FailureReason") or "it does not say why").rstrip(".")
        if status != IN_SERVICE:
            return f"The endpoint {name} of {use_case_name} is {status}: {why}."
        if self._awaited:
            return f"SageMaker took the update of the endpoint {name} of {use_case_name} back: {why}."
        return None


def _variants(there: Body, config: Body) -> tuple[Variant, ...]:
    """Return the variants as our records write them; a candidate that answers nobody is none."""
    versions = {
        one["VariantName"]: version_of(one["ModelName"]) or one["ModelName"]
        for one in [*config["ProductionVariants"], *config.get("ShadowProductionVariants", ())]
    }
    given = _weights(there)
    total = sum(given.values()) or 1.0
    found = [
        Variant(
            version=versions[name],
            role="champion" if name == CHAMPION else "canary",
            weight=round(100 * weight / total),
        )
        for name, weight in sorted(given.items(), reverse=True)
        if name == CHAMPION or weight
    ]
    shadows = [one["VariantName"] for one in there.get("ShadowProductionVariants", ())]
    return (*found, *(Variant(version=versions[name], role="shadow", weight=0) for name in shadows))


def _weights(there: Body) -> dict[str, float]:
    return {one["VariantName"]: float(one.get("CurrentWeight") or 0.0) for one in there.get("ProductionVariants", ())}


def _found(describe: Any, **asked: str) -> Body | None:
    """Return what is described, or None when it is not there."""
    from botocore.exceptions import ClientError

    try:
        found: Body = describe(**asked)
        return found
    except ClientError as error:
        if ABSENT in error.response["Error"].get("Message", ""):
            return None
        raise


@contextmanager
def _sentences(use_case_name: str) -> Iterator[None]:
    """Turn the errors of AWS into sentences; what another process is doing at this moment is none.

    :raises EndpointSilent: AWS does not answer, or answers too much; trying again heals it
    :raises ConfigError: AWS refuses the request, or does not permit it
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

    try:
        yield
    except NoCredentialsError:
        raise ConfigError("There are no AWS credentials for the endpoint; give the worker a role.") from None
    except ParamValidationError as error:
        raise ConfigError(f"The section 'endpoint.sagemaker' is wrong: {' '.join(str(error).split())}") from None
    except ClientError as error:
        code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if any(words in message for words in BUSY):
            return
        if is_passing(error):
            raise EndpointSilent(f"SageMaker does not answer {error.operation_name} now ({code}).") from None
        trouble = "does not permit" if code in FORBIDDEN or "not authorized" in message else "refuses"
        raise ConfigError(
            f"AWS {trouble} {error.operation_name} for the endpoint of {use_case_name}: {message.rstrip('.') or code}; "
            "correct the section 'endpoint.sagemaker' of the settings, or the role of the worker."
        ) from None
    except BotoCoreError as error:
        raise EndpointSilent(f"SageMaker cannot be reached: {error}") from None
