"""Measure how well the champion did on the nights whose labels are known."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.evidence import evidence_step
from driftgate_airflow.runs import partition_key


class MeasurePerformanceOperator(UseCaseOperator):
    """Measure the champion's performance over the window that ends with the run's partition."""

    def step(self, context: Context) -> Step:
        from driftgate.monitoring import measure_performance
        from driftgate.use_cases import load_use_case

        key = partition_key(context)
        return evidence_step(self.use_case, key, measure_performance(load_use_case(self.use_case), key))
