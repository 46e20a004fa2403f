"""Compare one day's requests with the champion's training data."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.evidence import evidence_step
from driftgate_airflow.runs import partition_key


class MeasureDriftOperator(UseCaseOperator):
    """Measure data drift of the run's partition; too little data is evidence of nothing, and says so."""

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.monitoring import measure_drift
        from driftgate.use_cases import load_use_case

        key = partition_key(context)
        evidence = measure_drift(load_use_case(self.use_case), key)
        return evidence_step(self.use_case, key, evidence, [uris.captures(self.use_case, key)])
