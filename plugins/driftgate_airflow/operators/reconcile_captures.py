"""Hold what the endpoint captured against what it counted, and put together what lies in many small objects."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class ReconcileCapturesOperator(DriftgateOperator):
    """Count the captures of every day that has become quiet, raise an alarm for what is missing, then compact."""

    activity = "storage"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.captures import compact_captures, reconcile_captures
        from driftgate.use_cases import use_case_names
        from driftgate.wall_clock import utc_now

        now = utc_now()  # objects of the lake are told apart by when they were written
        counted = [one for name in use_case_names() for one in reconcile_captures(name, now)]
        for one in counted:
            if one.sentence:
                self.log.warning("%s", one.sentence)
        compacted = sum(compact_captures(name, now) for name in use_case_names())
        return Step(
            summary={
                "days": len(counted),
                "missing": sum(one.missing for one in counted),
                "uncaptured": sum(one.uncaptured for one in counted),
                "compacted": compacted,
            },
            parameters={"counted": {f"{one.use_case}/{one.day}": one.hash for one in counted}},
        )
