"""Join one day's answers with what really happened."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class JoinGroundTruthOperator(UseCaseOperator):
    """
    Join the newest answers whose outcomes are known on the night of the run's partition with those outcomes.

    Earlier days whose outcomes have changed are joined again, and the nights that looked at them measured again, as
    revisions: what was decided about them stands.
    """

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.endpoint.backends import endpoint_backend
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import join_night
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        endpoint_backend().collect(use_case.name)
        joined, revised = join_night(use_case, partition_key(context))
        day = joined.labelled_key
        truth = read_manifest(lake(), uris.partition("validated", use_case.datasets[0], day))
        again = [((evidence.use_case, evidence.key, evidence.monitor), evidence) for evidence in revised]
        return Step(
            summary={
                "requests": joined.requests,
                "labelled": joined.labelled,
                "unlabelled": joined.unlabelled,
                "outstanding": joined.outstanding,
                "revised_nights": sorted({evidence.key for evidence in revised}),
            },
            inputs=(DatasetRef(truth.path, truth.hash), DatasetRef(uris.captures(self.use_case, day), None)),
            outputs=(
                DatasetRef(joined.path, joined.manifest_hash),
                *(DatasetRef(uris.monitoring_report(*night), evidence.hash) for night, evidence in again),
            ),
        )
