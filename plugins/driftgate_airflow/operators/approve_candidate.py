"""Ask a person before a candidate answers anybody."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import BaseBranchOperator, Context

from driftgate.compute.tags import Activity
from driftgate_airflow.errors import fail_at_once
from driftgate_airflow.runs import actor


class ApproveCandidateOperator(ApprovalOperator, BaseBranchOperator):
    """
    Ask for approval in Airflow's UI where the use case or the evaluation asks for a person, and branch.

    A rejection is an answer: it is recorded, the candidate is taken out of the traffic, and the task is a success. So
    is silence until the deadline. Who asked for the promotion cannot approve it: the question is then asked again.

    :param use_case: name of a folder in ``include/use_cases/``
    :param model_version: the candidate's version (templated)
    :param then: the task to go on with
    :param straight: the task to go on with when no champion serves yet
    :param otherwise: the task that waits for the rollback
    """

    activity: Activity = "host"
    template_fields: Sequence[str] = (*HITLOperator.template_fields, "use_case", "model_version")

    def __init__(
        self,
        *,
        use_case: str,
        model_version: str,
        deadline_minutes: int,
        then: str,
        straight: str,
        otherwise: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            subject=f"May this candidate of {use_case} answer requests?",
            body="Version {{ task.model_version }}. Its evaluation and the judgement of its shadow are in the lake: "
            f"`reports/evaluation/{use_case}` and `reports/promotion/{use_case}/{{{{ task.model_version }}}}`.",
            defaults=ApprovalOperator.REJECT,
            response_timeout=timedelta(minutes=deadline_minutes),
            **kwargs,
        )
        self.use_case = use_case
        self.model_version = model_version
        self.then = then
        self.straight = straight
        self.otherwise = otherwise

    def execute(self, context: Context) -> Any:
        from driftgate.promotion import needs_approval
        from driftgate.use_cases import load_use_case

        with fail_at_once():
            if needs_approval(load_use_case(self.use_case), self.model_version):
                return super().execute(context)  # waits, and goes on in execute_complete
        self.log.info("nobody has to approve version %s", self.model_version)
        return self._go_on(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate.errors import PromotionRefused

        answer = HITLOperator.execute_complete(self, context, event)
        person = answer["responded_by_user"]
        approver = (person.get("name") or person.get("id")) if person else None
        try:
            approved = self._record(answer["chosen_options"] == [self.APPROVE], approver, context)
        except PromotionRefused as refusal:
            self.log.warning("%s", refusal)
            # Airflow guards ``execute`` against calls by others than its task runner; this is the same task, once more.
            return HITLOperator.execute.__wrapped__(self, context)  # type: ignore[attr-defined]
        return self._go_on(context) if approved else self.do_branch(context, self.otherwise)

    def _go_on(self, context: Context) -> Any:
        from driftgate.promotion import deployment

        return self.do_branch(context, self.then if deployment(self.use_case) else self.straight)

    def _record(self, approved: bool, approver: str | None, context: Context) -> bool:
        """Write the answer down; a no takes the candidate out of the traffic here and now."""
        from driftgate.promotion import deployment, record_answer, roll_back
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        record_answer(use_case, self.model_version, approved=approved, approver=approver, requester=actor(context))
        if not approved and deployment(self.use_case):
            reason = f"{approver} did not approve it" if approver else "nobody approved it before the deadline"
            roll_back(use_case, reason=reason, actor=approver or actor(context), candidate=self.model_version)
        return approved
