"""The moves of traffic: each a compare-and-swap on the revision that it read; running it again changes nothing.

The deployment record is the truth. The registry's alias follows it, so a move appends the record first; when it dies
before the alias has followed, its retry only moves the alias.
"""

from functools import partial

from driftgate.errors import PromotionRefused, nearest
from driftgate.metadata import metadata
from driftgate.promotion.judgement import has_passed
from driftgate.promotion.state import (
    KIND,
    SERVING,
    SHADOW,
    DeploymentState,
    canary_step,
    deployment,
    deployment_history,
    share_of,
    variants,
)
from driftgate.registry import list_models, set_champion
from driftgate.registry.aliases import champion_version
from driftgate.use_cases import UseCase


def start_shadow(use_case: UseCase, version: str, *, actor: str, reason: str) -> DeploymentState:
    """Let the candidate ``version`` see every request.

    :raises PromotionRefused: no champion serves, another candidate is under way, or the version cannot be one
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = _serving(use_case, f"version {version} has nothing to be compared with")
    if state.candidate == version and state.step == SHADOW:
        return state
    if state.candidate:
        raise PromotionRefused(
            f"Version {state.candidate} of {use_case.name} is under way ({state.step}), so the shadow of version "
            f"{version} cannot start; wait for it, or roll it back first."
        )
    if state.champion == version:
        raise PromotionRefused(
            f"Version {version} of {use_case.name} already is the champion; there is nothing to promote."
        )
    _require_registered(use_case, version)
    return _candidate_moves(use_case, state, version, SHADOW, actor=actor, reason=reason)


def advance(use_case: UseCase, version: str, percent: int, *, actor: str) -> DeploymentState:
    """Let the candidate answer ``percent`` of the requests; the share only grows, from one passed step to the next.

    :raises PromotionRefused: the version is not under way, has a larger share already, or has not passed its step
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = _under_way(use_case, version)
    share = share_of(state.step)
    if share == percent:
        return state
    if not share < percent < 100:
        raise PromotionRefused(
            f"Version {version} of {use_case.name} answers {share} % of the requests, so its next share lies between "
            f"{share + 1} and 99 %, not at {percent} %; all of them is the switch of the champion."
        )
    _require_passed(use_case, state)
    return _candidate_moves(use_case, state, version, canary_step(percent), actor=actor, reason=f"passed {state.step}")


def switch_champion(use_case: UseCase, version: str, *, actor: str, reason: str) -> DeploymentState:
    """Give ``version`` all the requests and the registry's alias: the candidate under way, or the first model of all.

    :raises PromotionRefused: the version is not under way, has not passed its step, or is not registered
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    if state is None:
        _require_registered(use_case, version)
    elif state.champion != version:
        _require_passed(use_case, _under_way(use_case, version))
    if state is None or state.champion != version:
        before = state.champion if state else None
        state = _append(use_case, state, champion=version, previous=before, actor=actor, reason=reason)
    _align_alias(use_case)
    return state


def roll_back(
    use_case: UseCase,
    *,
    reason: str,
    actor: str,
    candidate: str | None = None,
    to_previous: bool = False,
    run_id: str | None = None,
) -> DeploymentState:
    """Take the candidate out of the traffic; when none is under way, and ``to_previous``, restore the champion before.

    :param candidate: act on this version only; nothing happens when it is not under way (any more)
    :param run_id: the run that asks; nothing happens when it has rolled back before
    :raises PromotionRefused: there is nothing to roll back
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = _serving(use_case, "a rollback has nothing to act on")
    if candidate is not None and state.candidate != candidate:
        return state
    if run_id is not None and any(run_id == earlier.run_id for earlier in deployment_history(use_case.name)):
        _align_alias(use_case)
        return state
    move = partial(_append, use_case, state, actor=actor, reason=reason, run_id=run_id)
    if state.candidate:
        return move(champion=state.champion, previous=state.previous)
    restored = move(champion=_previous(use_case, state, to_previous), previous=None)
    _align_alias(use_case)
    return restored


def _candidate_moves(
    use_case: UseCase, state: DeploymentState, version: str, step: str, *, actor: str, reason: str
) -> DeploymentState:
    return _append(
        use_case,
        state,
        champion=state.champion,
        previous=state.previous,
        step=step,
        candidate=version,
        actor=actor,
        reason=reason,
    )


def _previous(use_case: UseCase, state: DeploymentState, to_previous: bool) -> str:
    if not to_previous:
        raise PromotionRefused(
            f"No candidate of {use_case.name} is under way, so there is nothing to roll back; turn on 'To previous "
            f"champion' to take the traffic from version {state.champion}."
        )
    if state.previous is None:
        raise PromotionRefused(
            f"No champion of {use_case.name} before version {state.champion} is recorded to give the traffic back to; "
            "promote another version."
        )
    return state.previous


def _serving(use_case: UseCase, consequence: str) -> DeploymentState:
    state = deployment(use_case.name)
    if state is None:
        raise PromotionRefused(f"No champion serves {use_case.name} yet, so {consequence}; switch its first champion.")
    return state


def _under_way(use_case: UseCase, version: str) -> DeploymentState:
    state = _serving(use_case, f"version {version} cannot be a candidate")
    if state.candidate != version:
        now = f"version {state.candidate} is ({state.step})" if state.candidate else "no candidate is"
        raise PromotionRefused(
            f"Version {version} of {use_case.name} is not under way: {now}; start its shadow before you move it on."
        )
    return state


def _require_passed(use_case: UseCase, state: DeploymentState) -> None:
    """Whatever asks for the move: no candidate gets more traffic than it has earned."""
    if not has_passed(use_case.name, state):
        raise PromotionRefused(
            f"Version {state.candidate} of {use_case.name} has not passed its judgement in {state.step}, so it gets no "
            "more traffic; judge the step first, or roll it back."
        )


def _require_registered(use_case: UseCase, version: str) -> None:
    known = [model.version for model in list_models(use_case.name)]
    if version not in known:
        raise PromotionRefused(f"{use_case.name} has no registered version {version!r}{nearest(version, known)}")


def _append(
    use_case: UseCase,
    before: DeploymentState | None,
    *,
    champion: str,
    previous: str | None,
    actor: str,
    reason: str,
    step: str = SERVING,
    candidate: str | None = None,
    run_id: str | None = None,
) -> DeploymentState:
    revision = before.revision if before else 0
    state = DeploymentState(
        use_case=use_case.name,
        revision=revision + 1,
        step=step,
        champion=champion,
        candidate=candidate,
        previous=previous,
        variants=variants(champion, candidate, step),
        actor=actor,
        reason=reason,
        run_id=run_id,
    )
    body = state.model_dump(mode="json", exclude={"revision"})
    metadata().append(KIND, use_case.name, body, expected=revision)
    return state


def _align_alias(use_case: UseCase) -> None:
    """Move the registry's alias to the recorded champion, again when another move came in between."""
    aligned = None
    while (champion := _serving(use_case, "no alias can follow it").champion) != aligned:
        set_champion(use_case.name, champion, expected=champion_version(use_case.name))
        aligned = champion
