"""The answer to an incident, step by step; each may be tried again, and changes nothing then."""

from driftgate.datasets.quarantined_days import QuarantinedDays, quarantine_days
from driftgate.incidents.incident import Incident
from driftgate.promotion import deployment, roll_back
from driftgate.promotion.freeze import freeze
from driftgate.registry.states import MAY_SERVE, NEXT, model_state, move_state
from driftgate.use_cases import UseCase


def freeze_promotions(use_case: UseCase, incident: Incident) -> str:
    """Let no version get more traffic, and return the sentence that says so."""
    found = freeze(use_case.name, actor=incident.actor, reason=incident.cause)
    return f"The promotions of {use_case.name} are frozen by {found.actor} ({found.reason})."


def give_back_traffic(use_case: UseCase, incident: Incident) -> str:
    """Take the suspected version out of the traffic, and return the sentence that says who serves.

    As a candidate it leaves at once. As champion it gives way to the champion before, and a candidate beside it leaves
    too. With no champion before it that may serve, it goes on: a bad answer can still be better than none.

    :raises Conflict: someone else moved the traffic meanwhile
    """
    state, cause = deployment(use_case.name), incident.cause
    if state is None or incident.version not in (state.champion, state.candidate):
        return f"Version {incident.version} of {use_case.name} has no traffic; nothing was moved."
    if state.candidate:
        state = roll_back(use_case, reason=cause, actor=incident.actor, candidate=state.candidate)
    if state.champion == incident.version:
        if not _may_serve(use_case.name, state.previous):
            return (
                f"Version {incident.version} of {use_case.name} goes on serving: no champion before it may serve; "
                "stop the endpoint if that is worse than no answer."
            )
        run = f"incident/{incident.id}"
        state = roll_back(use_case, reason=cause, actor=incident.actor, to_previous=True, run_id=run)
    return f"Version {state.champion} of {use_case.name} serves, since revision {state.revision}."


def set_apart(use_case: UseCase, incident: Incident) -> str:
    """Quarantine the days of the incident and, if it has no traffic any more, the version; return what was done."""
    span = QuarantinedDays(
        use_case=use_case.name,
        name=incident.id,
        first_day=incident.first_day,
        last_day=incident.last_day,
        actor=incident.actor,
        reason=incident.reason,
    )
    quarantine_days(span)
    days = f"The days {incident.first_day} to {incident.last_day} of {use_case.name} are in quarantine"
    state, stands = deployment(use_case.name), model_state(use_case.name, incident.version)
    if state and any(variant.version == incident.version for variant in state.variants):
        return f"{days}; version {incident.version} is not, for it still serves."
    if stands and "quarantined" in NEXT[stands.state]:
        move_state(use_case.name, incident.version, "quarantined", actor=incident.actor, reason=incident.cause)
        return f"{days}, and so is version {incident.version}."
    return f"{days}; version {incident.version} is {stands.state if stands else 'in no state'}, and stays it."


def _may_serve(use_case_name: str, version: str | None) -> bool:
    stands = model_state(use_case_name, version) if version else None
    return stands is not None and stands.state in MAY_SERVE
