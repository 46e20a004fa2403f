"""The traffic as recorded against the traffic as served: what a crash left is completed, what a hand moved is told."""

from datetime import timedelta

from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.errors import EndpointSilent
from driftgate.promotion.changes import changes_of, settle
from driftgate.promotion.moves import align_alias, restore
from driftgate.promotion.served import apply, wait_until_served
from driftgate.promotion.state import DeploymentState, deployment, deployment_history
from driftgate.records import Record
from driftgate.use_cases import UseCase
from driftgate.wall_clock import utc_now

UNDER_WAY = timedelta(minutes=10)  # a move that is younger may still be going on
SETTLE_SECONDS = 5.0  # the endpoint follows a record within a second


class Reconciliation(Record):
    """What was found for one use case; ``manual_change`` says how the traffic was moved past the records."""

    use_case: str
    completed: tuple[str, ...] = ()
    manual_change: str | None = None
    silent: str | None = None
    restored_to: int | None = None


def reconcile(use_case: UseCase, *, actor: str, restores: bool = False) -> Reconciliation:
    """Complete the moves that a crash left half done, and compare the records with what is really served.

    A difference is an alarm ``manual_change`` as long as it stays.

    :param restores: bring back the last state that has a change record, when a newer one has none; ask the endpoint
        for the recorded one, when it serves another
    """
    state = deployment(use_case.name)
    if state is None:
        return Reconciliation(use_case=use_case.name)
    completed = [f"change {change.id} closed" for change in settle(use_case.name, utc_now() - UNDER_WAY)]
    if align_alias(use_case):
        completed.append(f"alias moved to version {state.champion}")
    found = Reconciliation(use_case=use_case.name, completed=tuple(completed))
    if sentence := _unrecorded(state):
        back = _restored(use_case, actor, sentence) if restores else None
        found = found.model_copy(update={"manual_change": sentence, "restored_to": back and back.revision})
    else:
        found = found.model_copy(update=_served(state))
        if restores and found.manual_change:
            apply(state)
    _tell(found)
    return found


def _unrecorded(state: DeploymentState) -> str | None:
    """Return what is wrong with a deployment record that no change record stands for."""
    if state.change in {one.change.id for one in changes_of(state.use_case)}:
        return None
    return (
        f"Revision {state.revision} of the deployment of {state.use_case} (by {state.actor}) has no change record: the "
        f"traffic was moved by hand; restore it with 'driftgate promotion reconcile {state.use_case} --restore'."
    )


def _served(state: DeploymentState) -> dict[str, str]:
    try:
        found = wait_until_served(state, SETTLE_SECONDS)
    except EndpointSilent as silent:
        return {"silent": str(silent)}
    clauses = found.differences(state)
    if not clauses or found.moving or deployment(state.use_case) != state:
        return {}
    served = "; ".join(clauses)
    return {"manual_change": f"The endpoint does not serve {state.use_case} as recorded: {served}."}


def _restored(use_case: UseCase, actor: str, sentence: str) -> DeploymentState | None:
    known = {one.change.id for one in changes_of(use_case.name)}
    recorded = [state for state in deployment_history(use_case.name) if state.change in known]
    return restore(use_case, recorded[-1], actor=actor, reason=sentence) if recorded else None


def _tell(found: Reconciliation) -> None:
    if found.manual_change and not found.restored_to:
        raise_alarm("manual_change", found.use_case, found.manual_change, use_case=found.use_case)
    elif not found.silent:
        clear_alarm("manual_change", found.use_case, "The traffic is as recorded.")
