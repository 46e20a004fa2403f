"""Hold what is served against what is recorded."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator


class ReconcileTrafficOperator(DriftgateOperator):
    """
    Complete half-finished moves of every use case, and raise an alarm where the traffic was moved by hand.

    :param restores: bring back the last recorded state where somebody moved the traffic past the records
    """

    activity = "storage"
    stream = "driftgate"

    def step(self, context: Context) -> Step:
        from driftgate.promotion import reconcile
        from driftgate.use_cases import load_use_case, use_case_names

        restores = bool(context["params"].get("restore_traffic"))
        found = [
            reconcile(load_use_case(name), actor="driftgate.sweep", restores=restores) for name in use_case_names()
        ]
        told = {one.use_case: one.manual_change or one.silent for one in found if one.manual_change or one.silent}
        for name, sentence in told.items():
            self.log.warning("%s: %s", name, sentence)
        return Step(
            summary={
                "completed": sum(len(one.completed) for one in found),
                "manual_changes": sum(bool(one.manual_change) for one in found),
                "silent": sum(bool(one.silent) for one in found),
            },
            parameters={"told": told},
        )
