"""Search the requests of one day for probing."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class MeasureProbingOperator(UseCaseOperator):
    """Search the run's partition for sweeps and near duplicates; what is found is an alarm, not a failure."""

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring.judges.probing import measure_probing
        from driftgate.use_cases import load_use_case

        key = partition_key(context)
        report = measure_probing(load_use_case(self.use_case), key)
        if report.probes:
            self.log.warning("%s", report.sentence)
        return Step(
            summary={"requests": report.requests, "probing": len(report.prediction_ids)},
            inputs=(DatasetRef(uris.captures(self.use_case, key)),),
            outputs=(DatasetRef(uris.security_report(self.use_case, key), report.hash),),
        )
