"""Join one day's answers with what really happened."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class JoinGroundTruthOperator(UseCaseOperator):
    """Join the newest answers whose outcomes are known on the night of the run's partition with those outcomes."""

    activity = "monitor"

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.endpoint.backends import endpoint_backend
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import join_ground_truth
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        endpoint_backend().collect(use_case.name)
        joined = join_ground_truth(use_case, partition_key(context))
        day = joined.labelled_key
        truth = read_manifest(lake(), uris.partition("validated", use_case.datasets[0], day))
        return Step(
            summary={"requests": joined.requests, "labelled": joined.labelled, "unlabelled": joined.unlabelled},
            inputs=(DatasetRef(truth.path, truth.hash), DatasetRef(uris.captures(self.use_case, day), None)),
            outputs=(DatasetRef(joined.path, joined.manifest_hash),),
        )
