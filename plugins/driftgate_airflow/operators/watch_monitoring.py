"""Notice that monitoring did not run, which no failed task tells."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class WatchMonitoringOperator(DriftgateOperator):
    """Raise an alarm for each use case with a champion whose nights get no verdict, or none that says anything."""

    activity = "monitor"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.metadata import metadata
        from driftgate.monitoring.watchdog import watch
        from driftgate.use_cases import load_use_case, use_case_names
        from driftgate.wall_clock import utc_now

        now = utc_now()  # silence is measured by the clock
        serving = {name: states for name in use_case_names() if (states := metadata().history("deployment", name))}
        told = [
            sentence
            for name, states in serving.items()
            for sentence in watch(load_use_case(name), since=states[0].written_at, now=now)
        ]
        for sentence in told:
            self.log.warning("%s", sentence)
        return Step(summary={"use_cases": len(serving), "silent_or_blind": len(told)})
