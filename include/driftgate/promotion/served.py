"""What the endpoint itself says that it serves. A record is not yet traffic, so it is asked after each move."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from driftgate.errors import EndpointSilent, PromotionRefused
from driftgate.promotion.state import DeploymentState, Variant
from driftgate.settings import settings

ASK_SECONDS = 2
FOLLOW_SECONDS = 30.0  # a network of some hundred megabytes is loaded by then
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Reported:
    """The revision and the variants that answer now, and why they are not those of the newest record."""

    revision: int | None
    variants: tuple[Variant, ...]
    problem: str | None

    def follows(self, state: DeploymentState) -> bool:
        """Return whether this is ``state``, or what came after it."""
        if self.revision is None or self.problem:
            return False
        return self.revision > state.revision or not self.differences(state)

    def differences(self, state: DeploymentState) -> list[str]:
        """Return, as clauses, how this differs from what ``state`` says."""
        clauses = [] if self.revision == state.revision else [f"revision {self.revision} instead of {state.revision}"]
        served, recorded = ({one.version: one for one in variants} for variants in (self.variants, state.variants))
        for version in sorted({*served, *recorded}):
            was, should = served.get(version), recorded.get(version)
            if was != should:
                clauses.append(f"version {version} {_told(was)} instead of {_told(should)}")
        return [*clauses, *([self.problem] if self.problem else [])]


def reported(use_case_name: str) -> Reported:
    """Return what the endpoint serves of a use case.

    :raises EndpointSilent: it does not answer
    """
    address = f"{settings().endpoint.address}/deployments"
    try:
        with urlopen(address, timeout=ASK_SECONDS) as answer:  # noqa: S310  the address is written in the settings
            found = json.load(answer).get(use_case_name)
    except (OSError, ValueError) as error:
        raise EndpointSilent(f"The endpoint does not say at {address} what it serves ({error}); start it.") from None
    return _parsed(found or {})


def require_loaded(use_case_name: str, version: str) -> None:
    """Return when the endpoint has loaded ``version``.

    :raises PromotionRefused: it has not, so giving it traffic would give it to nobody
    :raises EndpointSilent: the endpoint does not answer
    """
    found = reported(use_case_name)
    if version not in {variant.version for variant in found.variants}:
        raise PromotionRefused(
            f"The endpoint has not loaded version {version} of {use_case_name}, so it gets no traffic: "
            f"{found.problem or 'it follows an older record'}"
        )


def wait_until_served(state: DeploymentState, seconds: float | None = None) -> Reported:
    """Wait until the endpoint serves ``state``, or ``seconds`` have passed, and return what it serves then.

    :raises EndpointSilent: it does not answer at the end
    """
    deadline = time.monotonic() + (FOLLOW_SECONDS if seconds is None else seconds)
    while True:
        try:
            found = reported(state.use_case)
            if found.follows(state) or time.monotonic() > deadline:
                return found
        except EndpointSilent:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def _parsed(found: dict[str, Any]) -> Reported:
    variants = tuple(Variant(**variant) for variant in found.get("variants", ()))
    return Reported(found.get("revision"), variants, found.get("problem"))


def _told(variant: Variant | None) -> str:
    return f"as {variant.role} with {variant.weight} %" if variant else "not at all"
