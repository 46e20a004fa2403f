"""After a move: wait for the endpoint to follow it, and take it back when it cannot."""

from driftgate.errors import PromotionRefused
from driftgate.promotion.moves import roll_back
from driftgate.promotion.served import Reported, serve
from driftgate.promotion.state import DeploymentState, deployment
from driftgate.use_cases import UseCase


def confirm(use_case: UseCase, state: DeploymentState, *, actor: str, take_back: bool = True) -> None:
    """Return when the endpoint serves ``state``.

    :param take_back: roll back what the endpoint cannot follow; a rollback itself is where the others go back to
    :raises PromotionRefused: it answers and does not follow; the move was taken back, if there is something to go back
        to
    :raises EndpointSilent: it does not answer; the move stands, and asking again is right
    """
    found = serve(state)
    if found.follows(state):
        return
    problem = found.problem or f"it still serves {_told(found)}"
    sentence = f"The endpoint does not serve revision {state.revision} of {use_case.name}: {problem}"
    if take_back and (state.candidate or state.previous) and deployment(use_case.name) == state:
        back = roll_back(use_case, reason=sentence, actor=actor, to_previous=True)
        sentence = f"{sentence} The move was taken back: version {back.champion} serves alone."
    raise PromotionRefused(sentence)


def _told(found: Reported) -> str:
    if found.revision is not None:
        return f"revision {found.revision}"
    versions = dict.fromkeys(variant.version for variant in found.variants)
    return "version " + " and ".join(versions) if versions else "nothing"
