"""The moves of traffic: each a compare-and-swap on the revision that it read; running it again changes nothing.

The deployment record is the truth. The registry's alias and the endpoint follow it, so a move appends the record first;
when it dies before they have followed, its retry only moves them. Every move happens under a change record of its own.
"""

from contextlib import AbstractContextManager

from driftgate import uris
from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion.allowed import (
    previous_champion,
    require_champion_to_be,
    require_earned,
    require_free,
    require_share,
    serving,
    under_way,
)
from driftgate.promotion.approvals import approver_of
from driftgate.promotion.changes import Action, Change, change_of, close, require_open, take_back
from driftgate.promotion.control import control_beside
from driftgate.promotion.freeze import require_not_frozen
from driftgate.promotion.model_states import follow, leave
from driftgate.promotion.plan import deployment_plan
from driftgate.promotion.served import apply
from driftgate.promotion.state import (
    KIND,
    SERVING,
    SHADOW,
    DeploymentState,
    canary_step,
    deployment,
    deployment_history,
    variants,
)
from driftgate.registry import set_champion
from driftgate.registry.aliases import champion_version
from driftgate.use_cases import UseCase


def start_shadow(use_case: UseCase, version: str, *, actor: str, reason: str) -> DeploymentState:
    """Let the candidate ``version`` see every request.

    :raises PromotionRefused: no champion serves, another candidate is under way, or the version cannot be one
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    if state and (state.candidate, state.step) == (version, SHADOW):
        return _done(state)
    with change_of(use_case, "start_shadow", version, requester=actor, reason=reason) as change:
        state = serving(use_case, f"version {version} has nothing to be compared with")
        require_free(use_case, state, version)
        return _candidate_moves(use_case, state, version, SHADOW, actor=actor, reason=reason, change=change)


def advance(use_case: UseCase, version: str, percent: int, *, actor: str) -> DeploymentState:
    """Let the candidate answer ``percent`` of the requests; the share only grows, from one passed step to the next.

    :raises PromotionRefused: the version is not under way, has a larger share already, has not passed its step, or the
        use case's plan has no shares
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    if state and (state.candidate, state.step) == (version, canary_step(percent)):
        return _done(state)
    reason = f"passed {state.step}" if state else f"{percent} % of the requests"
    with _earned(use_case, "advance", version, state, actor, reason) as change:
        state = under_way(use_case, version)
        require_share(use_case, state, version, percent)
        require_earned(use_case, state)
        return _candidate_moves(
            use_case, state, version, canary_step(percent), actor=actor, reason=reason, change=change
        )


def switch_champion(use_case: UseCase, version: str, *, actor: str, reason: str) -> DeploymentState:
    """Give ``version`` all the requests and the registry's alias: the candidate under way, or the first model of all.

    With the strategy ``all_at_once`` no candidate is ever under way.

    :raises PromotionRefused: the version is not under way, has not passed its step, or is not registered
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    if state and state.champion == version:
        _align_alias(use_case)
        return _done(state)
    with _earned(use_case, "switch_champion", version, state, actor, reason) as change:
        require_champion_to_be(use_case, state, version)
        before = state.champion if state else None
        moved = _append(use_case, state, champion=version, previous=before, actor=actor, reason=reason, change=change)
    _align_alias(use_case)
    return _done(moved)


def end_shadow(use_case: UseCase, version: str, *, actor: str) -> DeploymentState:
    """Take a candidate that has passed a shadow with nothing behind it out of the traffic again.

    :raises PromotionRefused: the version is not under way, has not passed, or its plan goes on
    :raises Conflict: someone else moved the traffic meanwhile
    """
    with _earned(use_case, "end_shadow", version, deployment(use_case.name), actor, "passed shadow") as change:
        state = under_way(use_case, version)
        if deployment_plan(use_case).switches:
            raise PromotionRefused(
                f"The shadow of version {version} of {use_case.name} is not the end of its plan "
                f"({use_case.promote.strategy}); move it on, or roll it back."
            )
        require_earned(use_case, state)
        moved = _append(
            use_case, state, champion=state.champion, previous=state.previous, actor=actor, reason="passed shadow",
            change=change,
        )  # fmt: skip
    leave(moved, version)
    return _done(moved)


def roll_back(
    use_case: UseCase,
    *,
    reason: str,
    actor: str,
    candidate: str | None = None,
    to_previous: bool = False,
    run_id: str | None = None,
    rejects: bool = False,
) -> DeploymentState:
    """Take the candidate out of the traffic; when none is under way, and ``to_previous``, restore the champion before.

    :param candidate: act on this version only; nothing happens when it is not under way (any more)
    :param run_id: the run that asks; nothing happens when it has rolled back before
    :param rejects: whether the version that leaves may never try again; otherwise it stays approved
    :raises PromotionRefused: there is nothing to roll back
    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = serving(use_case, "a rollback has nothing to act on")
    if candidate is not None and state.candidate != candidate:
        return _done(state)
    if run_id is not None and any(run_id == earlier.run_id for earlier in deployment_history(use_case.name)):
        _align_alias(use_case)
        return _done(state)
    leaves = state.candidate or state.champion
    with change_of(use_case, "roll_back", leaves, requester=actor, reason=reason) as change:
        champion = state.champion if state.candidate else previous_champion(use_case, state, to_previous)
        previous = state.previous if state.candidate else None
        restored = _append(
            use_case, state, champion=champion, previous=previous, actor=actor, reason=reason, run_id=run_id,
            change=change,
        )  # fmt: skip
    take_back(use_case.name, leaves)
    leave(restored, leaves, rejects=rejects)
    if not state.candidate:
        _align_alias(use_case)
    return _done(restored)


def restore(use_case: UseCase, recorded: DeploymentState, *, actor: str, reason: str) -> DeploymentState:
    """Bring back the variants of ``recorded``, an earlier state: somebody moved the traffic past the records, or they
    are lost.

    :raises Conflict: someone else moved the traffic meanwhile
    """
    state = deployment(use_case.name)
    with change_of(
        use_case, "restore", recorded.candidate or recorded.champion, requester=actor, reason=reason
    ) as change:
        moved = _append(
            use_case, state, champion=recorded.champion, previous=recorded.previous, step=recorded.step,
            candidate=recorded.candidate, control=recorded.control_share, actor=actor, reason=reason, change=change,
        )  # fmt: skip
    align_alias(use_case)
    return _done(moved)


def align_alias(use_case: UseCase) -> bool:
    """Complete a switch that died before the registry's alias followed; return whether there was something to do."""
    state = deployment(use_case.name)
    if state is None or champion_version(use_case.name) == state.champion:
        return False
    _align_alias(use_case)
    return True


def _done(state: DeploymentState) -> DeploymentState:
    """Complete what belongs to a move beside its record; another may have come after it."""
    close(state)
    newest = deployment(state.use_case) or state
    follow(newest)
    apply(newest)  # an endpoint that follows the records by itself needs no word
    return state


def _earned(
    use_case: UseCase, action: Action, version: str, state: DeploymentState | None, actor: str, reason: str
) -> AbstractContextManager[Change]:
    """Open the change of a move that rests on a judgement and, where the use case asks for it, on an approval."""
    report = uris.promotion_report(use_case.name, version, state.step) if state else ""
    return change_of(
        use_case,
        action,
        version,
        requester=actor,
        reason=reason,
        approver=approver_of(use_case.name, version),
        evidence=(lake().uri(report),) if report and lake().exists(report) else (),
    )


def _candidate_moves(
    use_case: UseCase, state: DeploymentState, version: str, step: str, *, actor: str, reason: str, change: Change
) -> DeploymentState:
    moved = _append(
        use_case,
        state,
        champion=state.champion,
        previous=state.previous,
        step=step,
        candidate=version,
        actor=actor,
        reason=reason,
        change=change,
    )
    return _done(moved)


def _append(
    use_case: UseCase,
    before: DeploymentState | None,
    *,
    champion: str,
    previous: str | None,
    actor: str,
    reason: str,
    change: Change,
    step: str = SERVING,
    candidate: str | None = None,
    run_id: str | None = None,
    control: int | None = None,
) -> DeploymentState:
    require_open(change)
    require_not_frozen(use_case.name, change.action)
    revision = before.revision if before else 0
    control = control_beside(use_case, champion) if control is None else control
    state = DeploymentState(
        use_case=use_case.name,
        revision=revision + 1,
        step=step,
        champion=champion,
        candidate=candidate,
        previous=previous,
        variants=variants(champion, candidate, step, control),
        actor=actor,
        reason=reason,
        run_id=run_id,
        change=change.id,
    )
    body = state.model_dump(mode="json", exclude={"revision"})
    metadata().append(KIND, use_case.name, body, expected=revision)
    return state


def _align_alias(use_case: UseCase) -> None:
    """Move the registry's alias to the recorded champion, again when another move came in between."""
    aligned = None
    while (champion := serving(use_case, "no alias can follow it").champion) != aligned:
        set_champion(use_case.name, champion, expected=champion_version(use_case.name))
        aligned = champion
