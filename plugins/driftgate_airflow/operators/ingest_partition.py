"""Bring one partition of a dataset from its source into the raw zone."""

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator


class IngestPartitionOperator(DatasetOperator):
    """
    Copy the source's file of the partition into the raw zone, if it has the shape that its contract declares.

    :raises SourceMissing: the source has nothing for this partition; never retried
    :raises SourceBroken: the file is truncated, empty or of another shape; never retried
    """

    def step_for(self, key: str) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.sources import ingest_partition

        manifest = ingest_partition(self.source, self.dataset, key)
        return Step(
            summary={"rows": manifest.rows, "manifest": manifest.hash},
            inputs=tuple(
                DatasetRef(uris.delivery(self.source, self.dataset, key), digest) for digest in manifest.inputs
            ),
            outputs=(DatasetRef(manifest.path, manifest.hash),),
        )
