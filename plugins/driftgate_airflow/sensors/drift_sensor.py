"""The gate: a retraining happens only when monitoring says so."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate.errors import CannotJudge, NotPermitted
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import is_old_backfill, partition_key, run_name
from driftgate_airflow.triggers.verdict_trigger import VerdictTrigger

if TYPE_CHECKING:
    from driftgate.monitoring import Outcome


class DriftSensor(UseCaseOperator):
    """
    Wait for the verdict about the run's partition; go on only if it says ``retrain``, else skip what comes after.

    What a retraining is due to is in the lineage as ``trigger``: ``drift``, ``age`` (the champion is older than
    ``retrain.max_model_age_days``), ``schedule`` or ``manual``: a run with a reason passes without a verdict, and the
    reason is recorded. Or ``feature_review``: people approved one, and nothing was trained since. A backfill of old
    partitions never passes unless the run says ``replay``. Passing begins the record of the retraining, and one
    verdict, or review, lets one run pass.

    :param reason: why to pass without a verdict; empty to ask monitoring (templated)
    :param deadline_minutes: how long to wait for the verdict; then the task fails, which is an alarm
    """

    activity = "monitor"
    template_fields: Sequence[str] = ("use_case", "reason")

    def __init__(self, *, reason: str = "", deadline_minutes: int = 120, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason
        self.deadline_minutes = deadline_minutes

    def work(self, context: Context) -> Any:
        from driftgate.monitoring import by_hand, verdict_of

        key = partition_key(context)
        if is_old_backfill(context):
            raise AirflowSkipException("A backfill of old partitions never retrains; turn on 'Replay' if it should.")
        if self.reason:
            begun = self._begin(by_hand(self.use_case, key, run_name(context), self.reason))
            trigger = {"trigger": "manual", "reason": self.reason}
            return self.conclude(
                [Step({"passed": True, **trigger, "outcome": begun.id}, parameters={**trigger, "outcome": begun.id})],
                context,
            )
        if verdict_of(self.use_case, key) is None:
            self.defer(
                trigger=VerdictTrigger(use_case=self.use_case, key=key, deadline_minutes=self.deadline_minutes),
                method_name="execute_complete",
                timeout=timedelta(minutes=self.deadline_minutes + 5),  # the trigger's own deadline comes first
            )
        return self.go_on(context, {"late": False})

    def go_on(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate.feature_reviews.round import approved, trained
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import due_to_review, due_to_verdict, verdict_of

        key = partition_key(context)
        verdict = verdict_of(self.use_case, key)
        if event["late"] or verdict is None:
            raise CannotJudge(
                f"No verdict about {self.use_case} for {key} after {self.deadline_minutes} minutes; look at the "
                f"run of {self.use_case}.monitor for that partition, then clear this task."
            )
        asked, due_to = approved(self.use_case, run_name(context)), dict[str, Any]()
        passed = verdict.decision == "retrain" or asked is not None
        if verdict.decision == "retrain":
            begun = self._begin(due_to_verdict(verdict, run_name(context)))
            due_to = {"trigger": begun.trigger, "outcome": begun.id, "evidence": begun.evidence}
        elif asked:
            begun = self._begin(due_to_review(self.use_case, key, run_name(context), asked.key, asked.request))
            due_to = {"trigger": begun.trigger, "reason": begun.reason, "outcome": begun.id}
        if asked:  # the training of a verdict has the features of today too, so it is that of the review as well
            trained(asked, begun.id)
        step = Step(
            summary={"passed": passed, "decision": verdict.decision, "reason": verdict.sentence, **due_to},
            inputs=(DatasetRef(f"verdict/{self.use_case}/{key}", verdict.hash),),
            parameters=due_to,
        )
        summary = self.conclude([step], context)
        if not passed:
            raise AirflowSkipException(f"{key}: {verdict.decision}. {verdict.sentence}")
        return summary

    def _begin(self, outcome: "Outcome") -> "Outcome":
        """Begin the record of a retraining; a verdict that has one starts no other, whoever triggers the run."""
        from driftgate.monitoring import begin

        try:
            return begin(outcome)
        except NotPermitted as reason:
            raise AirflowSkipException(str(reason)) from None
