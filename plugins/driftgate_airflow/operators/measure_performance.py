"""Measure how well the champion did on the nights whose labels are known."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.evidence import evidence_step
from driftgate_airflow.runs import partition_key


class MeasurePerformanceOperator(UseCaseOperator):
    """Measure the champion's performance over the window that ends with the run's partition."""

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.monitoring import joined_days, measure_performance
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        read = [uris.joined(use_case.name, day) for day in joined_days(use_case, key)]
        return evidence_step(self.use_case, key, measure_performance(use_case, key), read)
