"""Give a candidate a larger share of the requests."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import actor


class AdvanceCanaryOperator(CandidateOperator):
    """
    Let the candidate answer ``percent`` of the requests, once the endpoint has loaded it.

    :param percent: share of the requests
    """

    activity = "host"

    def __init__(self, *, percent: int, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # Airflow's own keyword arguments
        self.percent = percent

    def step(self, context: Context) -> Step:
        from driftgate.promotion import advance, require_loaded
        from driftgate.use_cases import load_use_case

        require_loaded(self.use_case, self.model_version)
        state = advance(load_use_case(self.use_case), self.model_version, self.percent, actor=actor(context))
        return self.confirmed(state, context)
