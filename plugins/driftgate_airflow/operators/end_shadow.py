"""End a shadow that nothing follows."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import actor


class EndShadowOperator(CandidateOperator):
    """Take the candidate, which has passed its shadow, out of the traffic again."""

    activity = "host"

    def step(self, context: Context) -> Step:
        from driftgate.promotion import end_shadow
        from driftgate.use_cases import load_use_case

        state = end_shadow(load_use_case(self.use_case), self.model_version, actor=actor(context))
        return self.confirmed(state, context)
