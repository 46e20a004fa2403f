"""Whether a person has to agree before a candidate meets any traffic, and what that person said."""

from driftgate.errors import PromotionRefused
from driftgate.registry.approval import POLICY, approve, approve_by_policy, may_approve, reject
from driftgate.registry.states import MAY_SERVE, model_state, move_state, require_state, state_history
from driftgate.use_cases import UseCase


def needs_approval(use_case: UseCase, version: str) -> bool:
    """Return whether a version waits for a person; one that does not, and has nobody's word yet, gets the policy's.

    :raises PromotionRefused: it was rejected, or is quarantined
    """
    promote = use_case.promote
    require_state(use_case.name, version, (*MAY_SERVE, "candidate", "needs_review"), "meet any traffic")
    stands = model_state(use_case.name, version)
    if stands is None or stands.state in MAY_SERVE:
        return False
    asked = promote.approve == "always" or (promote.approve == "when_high_risk" and promote.risk == "high")
    if stands.state == "needs_review" or asked:
        return True
    approve_by_policy(use_case, version, f"promote.approve is {promote.approve}, and its risk is {promote.risk}")
    return False


def require_other_person(use_case: UseCase, version: str, *, approver: str, requester: str) -> None:
    """Return when the approver neither asked for the promotion nor made the version.

    :raises PromotionRefused: it is the same person, or none of the use case's approvers
    """
    if approver == requester:
        raise PromotionRefused(
            f"{approver} asked for the promotion of version {version} of {use_case.name}, so somebody else must "
            "approve it."
        )
    may_approve(use_case, version, approver)


def record_answer(use_case: UseCase, version: str, *, approved: bool, approver: str | None) -> None:
    """Write down what was answered; nobody's answer sends the version to a person's review.

    :raises PromotionRefused: the approver may not answer, or the version does not wait for an answer
    """
    if approver is None:
        reason = "nobody answered before the deadline"
        move_state(use_case.name, version, "needs_review", actor=POLICY, reason=reason)
    elif approved:
        approve(use_case, version, actor=approver, reason="approved in Airflow")
    else:
        reject(use_case, version, actor=approver, reason="rejected in Airflow")


def approver_of(use_case_name: str, version: str) -> str | None:
    """Return the person who approved a version; None if it was the policy."""
    approvals = [one.actor for one in state_history(use_case_name, version) if one.state == "approved"]
    return next((actor for actor in approvals if actor != POLICY), None)
