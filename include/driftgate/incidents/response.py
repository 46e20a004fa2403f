"""The answer to an incident, step by step; each may be tried again, and changes nothing then."""

from driftgate.datasets.quarantined_days import QuarantinedDays, quarantine_days
from driftgate.incidents.incident import Incident
from driftgate.promotion import deployment, give_back
from driftgate.promotion.freeze import freeze
from driftgate.registry.states import NEXT, model_state, move_state
from driftgate.use_cases import UseCase


def freeze_promotions(use_case: UseCase, incident: Incident) -> str:
    """Let no version get more traffic, and return the sentence that says so."""
    found = freeze(use_case.name, actor=incident.actor, reason=incident.cause)
    return f"The promotions of {use_case.name} are frozen by {found.actor} ({found.reason})."


def give_back_traffic(use_case: UseCase, incident: Incident) -> str:
    """Take the suspected version out of the traffic where another may serve, and say who serves then.

    :raises Conflict: someone else moved the traffic meanwhile
    """
    run = f"incident/{incident.id}"
    return give_back(use_case, incident.version, reason=incident.cause, actor=incident.actor, run_id=run)


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
