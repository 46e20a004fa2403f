"""The states of the models follow the traffic: what shadows, answers, is champion, or went out."""

from driftgate.promotion.state import DeploymentState
from driftgate.registry.states import State, model_state, move_state, require_state


def require_approved(use_case_name: str, version: str) -> None:
    """Return when a version may meet its first traffic.

    :raises PromotionRefused: it was not approved, was rejected, or has been through it all before
    """
    approved: tuple[State, ...] = ("approved",)
    require_state(use_case_name, version, approved, "meet any traffic")


def follow(state: DeploymentState) -> None:
    """Move the models of ``state`` to where it says that they are; again is nothing."""
    for variant in state.variants:
        if variant.role != "control":  # which is a rule and no model
            _move(state, variant.version, variant.role)
    if state.previous and (before := model_state(state.use_case, state.previous)) and before.state == "champion":
        _move(state, state.previous, "retired")


def leave(state: DeploymentState, version: str, *, rejects: bool = False) -> None:
    """Move a version that ``state`` has no more to where it went: a champion retires, a candidate may try again."""
    stands = model_state(state.use_case, version)
    if rejects:
        _move(state, version, "rejected")
    elif stands is not None and stands.state in ("shadow", "canary", "champion"):
        _move(state, version, "retired" if stands.state == "champion" else "approved")


def _move(state: DeploymentState, version: str, to: State) -> None:
    stands = model_state(state.use_case, version)
    if stands is not None and stands.state != to:
        move_state(state.use_case, version, to, actor=state.actor, reason=state.reason)
