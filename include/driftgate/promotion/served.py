"""What the endpoint itself says that it serves. A record is not yet traffic, so it is asked after each move."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from driftgate.endpoint.backends import EndpointBackend, endpoint_backend
from driftgate.errors import EndpointSilent, PromotionRefused
from driftgate.evaluation.golden_check import GoldenCheck
from driftgate.promotion.state import DeploymentState, Variant, deployment

FOLLOW_SECONDS = 30.0  # a network of some hundred megabytes is loaded by then
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Reported:
    """The revision and the variants that answer now, and why they are not those of the newest record.

    :param revision: None when nothing is served, or where the variants are all that is known (SageMaker)
    :param moving: what is served is being changed, so that it is neither right nor wrong yet
    :param final: no waiting will change the problem
    :param golden: what came of the golden set of each version when it was loaded; None where nobody tells (SageMaker)
    """

    revision: int | None
    variants: tuple[Variant, ...]
    problem: str | None = None
    moving: bool = False
    final: bool = False
    golden: Mapping[str, GoldenCheck] | None = None

    def follows(self, state: DeploymentState) -> bool:
        """Return whether this is ``state``, or what came after it."""
        if self.problem or not self.variants:
            return False
        return bool(self.revision and self.revision > state.revision) or not self.differences(state)

    def differences(self, state: DeploymentState) -> list[str]:
        """Return, as clauses, how this differs from what ``state`` says."""
        clauses = []
        if self.revision not in (None, state.revision):
            clauses.append(f"revision {self.revision} instead of {state.revision}")
        served, recorded = (_by_name(variants) for variants in (self.variants, state.variants))
        for name in sorted({*served, *recorded}):
            was, should = served.get(name), recorded.get(name)
            if was != should:
                clauses.append(f"{name} {_told(was)} instead of {_told(should)}")
        return [*clauses, *([self.problem] if self.problem else [])]


def apply(state: DeploymentState) -> None:
    """Ask the endpoint to serve ``state``, without waiting for it; asking again changes nothing."""
    endpoint_backend().apply(state)


def reported(use_case_name: str) -> Reported:
    """Return what the endpoint serves of a use case.

    :raises EndpointSilent: it does not answer
    """
    return endpoint_backend().served(use_case_name)


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


def serve(state: DeploymentState) -> Reported:
    """Have the endpoint serve ``state``, wait for it, and return what it serves then.

    :raises EndpointSilent: it does not answer at the end
    """
    backend = endpoint_backend()
    return _wait(backend, state, backend.follow_seconds or FOLLOW_SECONDS, asks=True)


def wait_until_served(state: DeploymentState, seconds: float) -> Reported:
    """Wait until the endpoint serves ``state``, or ``seconds`` have passed, and return what it serves then.

    :raises EndpointSilent: it does not answer at the end
    """
    return _wait(endpoint_backend(), state, seconds, asks=False)


def _wait(backend: EndpointBackend, state: DeploymentState, seconds: float, *, asks: bool) -> Reported:
    deadline = time.monotonic() + seconds
    while True:
        newest = deployment(state.use_case) or state  # another move may have come after it
        try:
            if asks:
                backend.apply(newest)
            found = backend.served(state.use_case)
            if found.revision is None and found.follows(newest):
                found = replace(found, revision=newest.revision)
            if found.final or (found.follows(state) and not found.moving) or time.monotonic() > deadline:
                return found
        except EndpointSilent:
            if time.monotonic() > deadline:
                raise
        time.sleep(backend.poll_seconds or POLL_SECONDS)


def _by_name(variants: tuple[Variant, ...]) -> dict[str, Variant]:
    """Return variants by what a sentence calls them; the control is a rule, and has the version of its package."""
    names = {"control": "the control of version"}
    return {f"{names.get(one.role, 'version')} {one.version}": one for one in variants}


def _told(variant: Variant | None) -> str:
    return f"as {variant.role} with {variant.weight} %" if variant else "not at all"
