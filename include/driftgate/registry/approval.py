"""Who says that a registered version may go before users: the policy by itself, or a person who did not make it."""

from driftgate import uris
from driftgate.errors import ConfigError, PromotionRefused, nearest
from driftgate.evaluation.receipts import require_receipts, write_receipt
from driftgate.lake import lake
from driftgate.registry.states import ModelState, State, model_state, move_state, require_state
from driftgate.registry.versions import ModelVersion, Registration, find_model, registration_of, registrations
from driftgate.use_cases import UseCase

POLICY = "policy"
APPROVAL = "approval"  # the gate of a person; ask for its receipt where one must have approved
UNDECIDED: tuple[State, ...] = ("candidate", "needs_review")


def admit(use_case: UseCase, model: ModelVersion, *, actor: str, needs_review: bool = False) -> ModelState:
    """Record where a version stands that was just registered; where nobody has to be asked, it is approved.

    :param needs_review: its evaluation could not decide, so a person does, whatever the use case says
    """
    state = model_state(use_case.name, model.version)
    if state is None:
        first: State = "needs_review" if needs_review else "candidate"
        reason = f"job {model.job_id} passed its gates"
        state = move_state(use_case.name, model.version, first, actor=actor, reason=reason)
    if state.state == "candidate" and use_case.promote.approve == "never":
        return approve_by_policy(use_case, model.version, "promote.approve is never")
    return state


def approve_by_policy(use_case: UseCase, version: str, reason: str) -> ModelState:
    """Approve a version that no person has to be asked about."""
    return move_state(use_case.name, version, "approved", actor=POLICY, reason=reason)


def approve(use_case: UseCase, version: str, *, actor: str, reason: str) -> ModelState:
    """Let a person approve a version that waits for it; the answer is signed as the receipt of the gate ``approval``.

    :raises ConfigError: there is no such version
    :raises PromotionRefused: the person had it trained or registered, is no approver, it does not wait, or a receipt of
        its gates is missing, altered or stale
    :raises Tampered: its package is not what was registered
    """
    may_approve(use_case, version, actor)
    model = find_model(use_case.name, version)
    evaluation, *_ = require_receipts(use_case, model)
    before = require_state(use_case.name, version, (*UNDECIDED, "approved"), "be approved")
    state = move_state(use_case.name, version, "approved", actor=actor, reason=reason, expected=before.state)
    evidence = uris.approval(use_case.name, model.job_id)
    lake().write(evidence, state.canonical())
    write_receipt(
        use_case,
        APPROVAL,
        subject=model.job_id,
        model_sha256=model.model_sha256,
        verdict="pass",
        as_of=evaluation.as_of,
        inputs={**evaluation.inputs, "approver": state.actor, "package": model.package_hash},
        evidence=evidence,
    )
    return state


def reject(use_case: UseCase, version: str, *, actor: str, reason: str) -> ModelState:
    """Let a person reject a version that waits for it, or was approved and has no traffic yet; it is an answer.

    :raises ConfigError: there is no such version
    :raises PromotionRefused: the person is no approver, or it does not wait
    """
    registered(use_case, version)
    _require_approver(use_case, actor)
    before = require_state(use_case.name, version, (*UNDECIDED, "approved", "rejected"), "be rejected")
    return move_state(use_case.name, version, "rejected", actor=actor, reason=reason, expected=before.state)


def may_approve(use_case: UseCase, version: str, actor: str) -> None:
    """Return when ``actor`` may approve a version: an approver of the use case who neither trained nor registered it.

    :raises ConfigError: there is no such version
    :raises PromotionRefused: the actor may not
    """
    registration = registered(use_case, version)
    for maker, did in ((registration.trained_by, "trained"), (registration.registered_by, "registered")):
        if maker is not None and _same(maker, actor):
            raise PromotionRefused(
                f"{actor} had version {version} of {use_case.name} {did}, so somebody else must approve it."
            )
    _require_approver(use_case, actor)


def registered(use_case: UseCase, version: str) -> Registration:
    """Return the registration of a version.

    :raises ConfigError: there is no such version
    """
    found = registration_of(use_case.name, version)
    if found is None:
        known = [registration.version for registration in registrations(use_case.name)]
        raise ConfigError(f"{use_case.name} has no model version {version!r}{nearest(version, known)}")
    return found


def _require_approver(use_case: UseCase, actor: str) -> None:
    if use_case.approval and not any(_same(name, actor) for name in use_case.approval.approvers):
        raise PromotionRefused(
            f"{actor} is none of the approvers of {use_case.name} ({', '.join(use_case.approval.approvers)}); ask one "
            "of them, or have 'approval.approvers' changed."
        )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
