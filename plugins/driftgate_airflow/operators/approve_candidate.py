"""Ask a person before a candidate meets any traffic."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk import BaseBranchOperator, Context

from driftgate import uris
from driftgate.compute.tags import Activity
from driftgate_airflow.errors import fail_at_once
from driftgate_airflow.runs import actor, candidate_version
from driftgate_airflow.ui.addresses import full_url


class ApproveCandidateOperator(ApprovalOperator, BaseBranchOperator):
    """
    Find the candidate that the run is about, ask in Airflow's UI where somebody has to approve it, and branch.

    A rejection is an answer: it is recorded, nothing is promoted, and the task is a success. So is silence until the
    deadline. Who asked for the promotion, or made the model, cannot approve it: the question is then asked again.

    :param use_case: name of a folder in ``include/use_cases/``
    :param then: the task to go on with
    :param otherwise: the task that makes sure that nothing is left of the candidate
    """

    activity: Activity = "host"
    template_fields: Sequence[str] = (*HITLOperator.template_fields, "use_case")

    def __init__(self, *, use_case: str, deadline_minutes: int, then: str, otherwise: str, **kwargs: Any) -> None:
        super().__init__(
            subject=f"May this candidate of {use_case} be promoted?",
            defaults=ApprovalOperator.REJECT,
            response_timeout=timedelta(minutes=deadline_minutes),
            **kwargs,
        )
        self.use_case = use_case
        self.then = then
        self.otherwise = otherwise

    def execute(self, context: Context) -> Any:
        from driftgate.promotion import needs_approval
        from driftgate.use_cases import load_use_case

        with fail_at_once():
            version = candidate_version(context)
            context["ti"].xcom_push(key="model_version", value=version)
            asks = needs_approval(load_use_case(self.use_case), version)
        if asks:
            self.body = (
                f"Version {version}: [its card, with links to its evaluation]"
                f"({full_url(uris.model_page(self.use_case, version))}); `driftgate model show` prints everything."
            )
            return super().execute(context)  # waits, and goes on in execute_complete
        self.log.info("nobody has to be asked about version %s", version)
        return self.do_branch(context, self.then)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate.errors import PromotionRefused
        from driftgate.promotion import record_answer, require_other_person
        from driftgate.use_cases import load_use_case

        answer = HITLOperator.execute_complete(self, context, event)
        use_case, version, person = (
            load_use_case(self.use_case),
            candidate_version(context),
            answer["responded_by_user"],
        )
        approver = (person.get("name") or person.get("id")) if person else None
        approved = answer["chosen_options"] == [self.APPROVE]
        try:
            if approver:
                require_other_person(use_case, version, approver=approver, requester=actor(context))
        except PromotionRefused as refusal:
            self.log.warning("%s", refusal)
            # Airflow guards ``execute`` against calls by others than its task runner; this is the same task, once more.
            return HITLOperator.execute.__wrapped__(self, context)  # type: ignore[attr-defined]
        with fail_at_once():
            record_answer(use_case, version, approved=approved, approver=approver)
        return self.do_branch(context, self.then if approved else self.otherwise)
