"""Turn one night's evidence into the verdict."""

from typing import Any

from airflow.sdk import Context

from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import is_old_backfill, partition_key


class DecideVerdictOperator(UseCaseOperator):
    """Decide by the use case's policy, record evidence and rule, and announce the verdict."""

    activity = "monitor"

    def __init__(self, *, use_case: str, **kwargs: Any) -> None:
        super().__init__(use_case=use_case, outlets=[assets.verdict(use_case)], **kwargs)

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import decide
        from driftgate.promotion import candidate_under_way
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        verdict = decide(
            use_case, key, backfill=is_old_backfill(context), promotion_active=candidate_under_way(self.use_case)
        )
        return Step(
            summary={"decision": verdict.decision, "rule": verdict.rule},
            inputs=tuple(
                DatasetRef(uris.monitoring_report(self.use_case, key, evidence.monitor), evidence.hash)
                for evidence in verdict.evidence
            ),
            outputs=(DatasetRef(f"verdict/{self.use_case}/{key}", verdict.hash),),
        )
