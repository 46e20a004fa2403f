"""Whether a person has to agree before a candidate answers anybody, and what that person said."""

from driftgate.errors import PromotionRefused
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.registry.states import model_state
from driftgate.use_cases import UseCase

KIND = "approval"


class Approval(Record):
    """What one person answered about one version; ``approver`` is None when nobody did before the deadline."""

    schema_version: int = 1
    use_case: str
    version: str
    approved: bool
    approver: str | None
    requester: str


def needs_approval(use_case: UseCase, version: str) -> bool:
    """Return whether a person decides about the version: by the use case, or because its gates asked for one."""
    promote = use_case.promote
    if promote.approve == "always" or (promote.approve == "when_high_risk" and promote.risk == "high"):
        return True
    stands = model_state(use_case.name, version)
    return stands is not None and stands.state == "needs_review"


def record_answer(use_case: UseCase, version: str, *, approved: bool, approver: str | None, requester: str) -> Approval:
    """Write down what was answered.

    :raises PromotionRefused: who asked for the promotion approves it
    """
    if approved and approver in (None, requester):
        raise PromotionRefused(
            f"{approver or 'Nobody'} asked for the promotion of version {version} of {use_case.name} and cannot "
            "approve it; let another person answer."
        )
    answer = Approval(
        use_case=use_case.name, version=version, approved=approved, approver=approver, requester=requester
    )
    metadata().append(KIND, f"{use_case.name}/{version}", answer.model_dump(mode="json"))
    return answer


def approval_of(use_case_name: str, version: str) -> Approval | None:
    """Return the newest answer about a version; None if nobody was asked."""
    entry = metadata().latest(KIND, f"{use_case_name}/{version}")
    return parse_record(entry.body, Approval, where=f"the approval of {entry.subject}") if entry else None


def require_approved(use_case: UseCase, version: str) -> None:
    """Return when the version needs nobody's approval, or has it.

    :raises PromotionRefused: it needs one and has none
    """
    answer = approval_of(use_case.name, version)
    if needs_approval(use_case, version) and not (answer and answer.approved):
        said = f"{answer.approver or 'nobody'} answered no" if answer else "nobody was asked"
        raise PromotionRefused(
            f"Version {version} of {use_case.name} may answer nobody before a person approves it, and {said}; run "
            f"{use_case.name}.promote and answer its 'approve'."
        )
