"""Let a candidate watch the traffic, or lead one that has nothing to watch straight to its switch."""

from typing import Any

from airflow.sdk import BaseBranchOperator, Context

from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import actor


class DeployShadowOperator(CandidateOperator, BaseBranchOperator):
    """
    Start the shadow of the candidate.

    Without a champion there is nothing to compare with, and a plan may have no shadow: the branch then leads straight
    to the switch. A model that is made from personal data gets nowhere without a privacy impact
    assessment of the last year, no model does while a critical bias case of its use case is open, and one that takes
    other requests than the champion gets no shadow.

    :param then: the task that judges the shadow; None without a shadow
    :param straight: the task that makes the candidate champion
    """

    activity = "host"

    def __init__(self, *, then: str | None, straight: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.then = then
        self.straight = straight

    def work(self, context: Context) -> Any:
        from driftgate.governance.privacy_impact import review_privacy
        from driftgate.promotion import deployment
        from driftgate.use_cases import load_use_case

        version = self.model_version
        review_privacy(load_use_case(self.use_case), version)
        serving = deployment(self.use_case)
        if serving is None or self.then is None:
            self.log.info("version %s has no shadow and goes live at once", version)
            return self.do_branch(context, self.straight)
        self._start(version, serving.champion, context)
        return self.do_branch(context, self.then)

    def _start(self, version: str, champion: str, context: Context) -> None:
        from driftgate.promotion import require_same_requests, start_shadow
        from driftgate.use_cases import load_use_case

        if version != champion:
            require_same_requests(self.use_case, version, champion)
        state = start_shadow(
            load_use_case(self.use_case), version, actor=actor(context), reason=f"run {context['dag_run'].run_id}"
        )
        self.conclude([self.confirmed(state, context)], context)
