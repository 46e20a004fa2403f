"""Judge one step of a candidate on the traffic that it has seen."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseBranchOperator, Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import actor
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger

if TYPE_CHECKING:
    from driftgate.promotion import Judgement


class JudgeCandidateOperator(CandidateOperator, BaseBranchOperator):
    """
    Wait until the step has seen enough traffic and labels and has baked, judge it by the guardrails, and branch.

    A candidate that fails is taken out of the traffic here and now, not by the task that comes next: between two tasks
    lie seconds. When the deadline passes first, the judge decides on what there is, and too little is a failed
    judgement.

    :param step_name: the step to judge: ``shadow`` or ``canary_25``
    :param deadline_minutes: how long to wait for traffic and labels
    :param then: the task to go on with when the candidate keeps its guardrails
    :param otherwise: the task that waits for the rollback
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
            self._wait()
        return self.go_on(context, {"ready": True})

    def _wait(self, bakes_until: float = 0.0) -> None:
        self.defer(
            trigger=TrafficTrigger(
                use_case=self.use_case,
                model_version=self.model_version,
                step_name=self.step_name,
                deadline_minutes=self.deadline_minutes,
                bakes_until=bakes_until,
            ),
            method_name="execute_complete",
            timeout=timedelta(minutes=self.deadline_minutes + 5),  # the trigger's own deadline comes first
        )

    def go_on(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate.catalog.model_page import write_pages
        from driftgate.promotion import judge, roll_back, step_bakes_until
        from driftgate.promotion.page import write_step_page
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        if not event["ready"]:
            self.log.warning("%d minutes passed without enough traffic or labels", self.deadline_minutes)
        judgement = judge(use_case, self.model_version, self.step_name)
        if event["ready"] and judgement.outcome == "not_yet":  # requests that came since made it undecided again
            self._wait()
        bakes_until = step_bakes_until(use_case)
        if judgement.passed and event["ready"] and time.time() < bakes_until:
            self.log.info("%s is passed so far and bakes on", self.step_name)
            self._wait(bakes_until)
        if not judgement.passed:
            roll_back(
                use_case,
                reason=judgement.reason,
                actor=actor(context),
                candidate=self.model_version,
                rejects=judgement.outcome == "fail_now",
            )
        write_pages(use_case, self.model_version)
        self.page = write_step_page(judgement)
        self.conclude([self._judged(judgement)], context)
        return self.do_branch(context, self.then if judgement.passed else self.otherwise)

    def _judged(self, judgement: "Judgement") -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef

        report = uris.promotion_report(self.use_case, self.model_version, self.step_name)
        return Step(
            summary={"passed": judgement.passed, "reason": judgement.reason},
            inputs=(
                DatasetRef(f"model/{self.use_case}/{self.model_version}", None),
                *(DatasetRef(uris.captures(self.use_case, day), None) for day in judgement.outcomes),
            ),
            outputs=(DatasetRef(report, judgement.hash),),
        )
