"""Compare what the endpoint saw of one day's requests with what training sees of them."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.operators.evidence import evidence_step
from driftgate_airflow.runs import partition_key


class MeasureSkewOperator(UseCaseOperator):
    """Measure the skew between serving and training of the run's partition; without captures there is none to see."""

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.monitoring import measure_skew
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        read = [uris.captures(use_case.name, key)]
        read += [uris.partition("validated", dataset, key) for dataset in use_case.datasets]
        return evidence_step(self.use_case, key, measure_skew(use_case, key), read)
