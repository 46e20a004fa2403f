"""Put the online values that rest on one partition."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_keys


class MaterializeOnlineOperator(UseCaseOperator):
    """
    Compute the online views for the first day that knows the run's partition, and put them into the online store.

    Of an initial load, only the last partition counts. The views are those of ``features.sql`` and of every model that
    serves or may serve again at once: champion, candidate, previous champion.
    """

    activity = "host"

    def step(self, context: Context) -> Step:
        from driftgate.lineage import DatasetRef
        from driftgate.online import materialize
        from driftgate.promotion import deployment
        from driftgate.registry import load_signature
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_keys(context)[-1]
        state = deployment(self.use_case)
        versions = dict.fromkeys([state.champion, state.candidate, state.previous] if state else [])
        views = [view for one in versions if one for view in load_signature(self.use_case, one).views]
        made = materialize(use_case, key, views)
        return Step(
            summary={"for_day": made.for_day, "snapshots": len(made.snapshots), "rows": made.rows},
            inputs=tuple(DatasetRef(path, digest) for path, digest in made.inputs),
            outputs=tuple(DatasetRef(f"online/{one.view}/{one.for_day}", one.digest) for one in made.snapshots),
            parameters={"for_day": made.for_day},
        )
