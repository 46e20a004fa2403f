"""The control: callers whom the rule in the champion's package answers, so that what the model is worth is measured.

A share of the request keys, by the hash that canaries are routed by, from its other end: the same callers each day.
"""

from driftgate import uris
from driftgate.endpoint.backends import endpoint_backend
from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.registry.package import FALLBACK
from driftgate.use_cases import UseCase


def control_beside(use_case: UseCase, champion: str) -> int:
    """Return the percentage of the control beside ``champion``; 0 where nothing could answer in its place.

    A rollback goes on without a control rather than not at all.
    """
    asked = use_case.promote.control_share
    return asked if asked and _problem(use_case, champion) is None else 0


def require_control(use_case: UseCase, champion: str) -> None:
    """Return when ``champion`` can have the control that the use case asks for.

    :raises PromotionRefused: it cannot
    """
    if use_case.promote.control_share and (problem := _problem(use_case, champion)):
        raise PromotionRefused(
            f"{use_case.name} wants a control of {use_case.promote.control_share} % ('promote.control_share'), and "
            f"{problem}"
        )


def _problem(use_case: UseCase, champion: str) -> str | None:
    if not endpoint_backend().serves_control:
        return "this environment's endpoint (SageMaker) routes between models only, not to a rule; set it to 0."
    if not lake().exists(f"{uris.package(use_case.name, champion)}/{FALLBACK}"):
        return f"the package of version {champion} has no rule to answer by; train a version anew, or set it to 0."
    return None
