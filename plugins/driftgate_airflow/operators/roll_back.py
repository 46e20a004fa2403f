"""Take a candidate out of the traffic, or give the traffic back to the champion before."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor


class RollBackOperator(UseCaseOperator):
    """
    Restore the champion: a candidate in shadow or canary is removed.

    :param reason: why, for the record (templated)
    :param obey_params: follow the run's parameters ``dry_run`` and ``to_previous`` (the manual DAG); else act at once
    """

    template_fields: Sequence[str] = ("use_case", "reason")

    def __init__(self, *, reason: str, obey_params: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason
        self.obey_params = obey_params

    def step(self, context: Context) -> Step:
        from driftgate.lineage import DatasetRef
        from driftgate.promotion import deployment, roll_back
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        params = context["params"] if self.obey_params else {}
        if params.get("dry_run"):
            return Step(summary={"dry_run": True, "would_roll_back": str(deployment(self.use_case))})
        state = roll_back(
            use_case, reason=self.reason, actor=actor(context), to_previous=bool(params.get("to_previous"))
        )
        return Step(
            summary={"step": state.step, "champion": state.champion, "reason": self.reason},
            outputs=(DatasetRef(f"deployment/{self.use_case}", str(state.revision)),),
        )
