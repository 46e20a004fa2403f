"""Taking one version out of the traffic, whatever its part in it, where somebody else can take over."""

from driftgate.promotion.moves import roll_back
from driftgate.promotion.state import deployment, deployment_history
from driftgate.registry.states import MAY_SERVE, model_state
from driftgate.use_cases import UseCase


def give_back(use_case: UseCase, version: str, *, reason: str, actor: str, run_id: str) -> str:
    """Take a version out of the traffic, and return the sentence that says who serves.

    As a candidate it leaves at once. As champion it gives way to the champion before, and a candidate beside it leaves
    too. With no champion before it that may serve, it goes on: a bad answer can still be better than none.

    :param run_id: of whoever asks; nothing happens when it has given back before, also when the version came back since
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    asked_before = any(run_id == earlier.run_id for earlier in deployment_history(use_case.name))
    if state is None or asked_before or version not in (state.champion, state.candidate):
        return f"Version {version} of {use_case.name} has no traffic; nothing was moved."
    if state.candidate:
        state = roll_back(use_case, reason=reason, actor=actor, candidate=state.candidate)
    if state.champion == version:
        if not _may_serve(use_case.name, state.previous):
            return (
                f"Version {version} of {use_case.name} goes on serving: no champion before it may serve; "
                "stop the endpoint if that is worse than no answer."
            )
        state = roll_back(use_case, reason=reason, actor=actor, to_previous=True, run_id=run_id)
    return f"Version {state.champion} of {use_case.name} serves, since revision {state.revision}."


def _may_serve(use_case_name: str, version: str | None) -> bool:
    stands = model_state(use_case_name, version) if version else None
    return stands is not None and stands.state in MAY_SERVE
