"""Sketch one validated partition."""

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator


class ProfilePartitionOperator(DatasetOperator):
    """Write the mergeable statistical sketch of the validated partition."""

    def step_for(self, key: str) -> Step:
        from driftgate import uris
        from driftgate.lake import lake, read_manifest
        from driftgate.lineage import DatasetRef
        from driftgate.profiles import profile_partition

        validated = read_manifest(lake(), uris.partition("validated", self.dataset, key))
        profile = profile_partition(self.dataset, key)
        return Step(
            summary={"rows": profile.rows, "columns": len(profile.columns)},
            inputs=(DatasetRef(validated.path, validated.hash),),
            outputs=(DatasetRef(uris.profile(self.dataset, key), profile.hash),),
        )
