"""Judge one step of a candidate on the traffic that it has seen."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseBranchOperator, Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger


class JudgeCandidateOperator(CandidateOperator, BaseBranchOperator):
    """
    Wait until the step has seen enough traffic and labels, judge it by the guardrails, and branch.

    When the deadline passes first, the judge decides on what there is, and too little is a failed judgement.

    :param step_name: the step to judge: ``shadow`` or ``canary_25``
    :param deadline_minutes: how long to wait for traffic and labels
    :param then: the task to go on with when the candidate keeps its guardrails
    :param otherwise: the task that rolls back
    """

    activity = "host"
    template_fields: Sequence[str] = ("use_case", "model_version", "step_name")

    def __init__(self, *, step_name: str, deadline_minutes: int, then: str, otherwise: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step_name = step_name
        self.deadline_minutes = deadline_minutes
        self.then = then
        self.otherwise = otherwise

    def work(self, context: Context) -> Any:
        from driftgate.promotion import ready_to_judge
        from driftgate.use_cases import load_use_case

        if not ready_to_judge(load_use_case(self.use_case), self.model_version, self.step_name):
            self.defer(
                trigger=TrafficTrigger(
                    use_case=self.use_case,
                    model_version=self.model_version,
                    step_name=self.step_name,
                    deadline_minutes=self.deadline_minutes,
                ),
                method_name="execute_complete",
                timeout=timedelta(minutes=self.deadline_minutes + 5),  # the trigger's own deadline comes first
            )
        return self.go_on(context, {"ready": True})

    def go_on(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.promotion import judge
        from driftgate.use_cases import load_use_case

        if not event["ready"]:
            self.log.warning("%d minutes passed without enough traffic or labels", self.deadline_minutes)
        judgement = judge(load_use_case(self.use_case), self.model_version, self.step_name)
        report = uris.promotion_report(self.use_case, self.model_version, self.step_name)
        step = Step(
            summary={"passed": judgement.passed, "reason": judgement.reason},
            inputs=(
                DatasetRef(f"model/{self.use_case}/{self.model_version}", None),
                *(DatasetRef(uris.captures(self.use_case, day), None) for day in judgement.outcomes),
            ),
            outputs=(DatasetRef(report, judgement.hash),),
        )
        self.conclude([step], context)
        return self.do_branch(context, self.then if judgement.passed else self.otherwise)
