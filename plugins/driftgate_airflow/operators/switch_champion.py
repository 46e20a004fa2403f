"""Make a candidate the champion."""

from typing import Any

from airflow.sdk import Context

from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.candidate import CandidateOperator
from driftgate_airflow.runs import actor


class SwitchChampionOperator(CandidateOperator):
    """Give the candidate all the traffic and the alias, and announce the new champion."""

    activity = "host"

    def __init__(self, *, use_case: str, **kwargs: Any) -> None:
        super().__init__(use_case=use_case, outlets=[assets.champion(use_case)], **kwargs)

    def step(self, context: Context) -> Step:
        from driftgate.monitoring import complete
        from driftgate.promotion import switch_champion
        from driftgate.recovery import release_of
        from driftgate.use_cases import load_use_case

        use_case, reason = load_use_case(self.use_case), f"run {context['dag_run'].run_id}"
        state = switch_champion(use_case, self.model_version, actor=actor(context), reason=reason)
        step = self.confirmed(state, context)
        release_of(use_case, state)
        complete(self.use_case, self.model_version, "champion", f"It serves since revision {state.revision}.")
        return step
