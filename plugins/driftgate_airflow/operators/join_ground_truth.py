"""Join one day's answers with what really happened."""

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class JoinGroundTruthOperator(UseCaseOperator):
    """Join the captured answers of the run's partition with the labels that are known by then."""

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import join_ground_truth
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        joined = join_ground_truth(use_case, key)
        truth = read_manifest(lake(), uris.partition("validated", use_case.datasets[0], key))
        return Step(
            summary={"requests": joined.requests, "labelled": joined.labelled, "unlabelled": joined.unlabelled},
            inputs=(DatasetRef(truth.path, truth.hash), DatasetRef(uris.captures(self.use_case, key), None)),
            outputs=(DatasetRef(joined.path, joined.manifest_hash),),
        )
