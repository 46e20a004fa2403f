"""Split one raw partition into validated and quarantined rows and publish both."""

from typing import Any

from airflow.sdk import Context

from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator
from driftgate_airflow.runs import is_late, is_old_backfill, partition_keys


class PublishPartitionOperator(DatasetOperator):
    """
    Publish the rows that keep the contract, quarantine the others with their reason, and announce the partition.

    The same raw partition published again gives the same manifests.
    """

    activity = "validate"

    def __init__(self, *, dataset: str, **kwargs: Any) -> None:
        super().__init__(dataset=dataset, outlets=[assets.validated(dataset)], **kwargs)

    def work(self, context: Context) -> Any:
        answer = super().work(context)
        event = context["outlet_events"][assets.validated(self.dataset)]
        event.extra = {"old_backfill": is_old_backfill(context)}
        if is_late(context):  # the run has a range and no key of its own: each partition is told by its name
            event.add_partitions(partition_keys(context))
        return answer

    def step_for(self, key: str) -> Step:
        from driftgate.contracts import publish_partition
        from driftgate.lineage import DatasetRef

        result = publish_partition(self.dataset, key)
        published = [result.manifest, *([result.quarantined] if result.quarantined else [])]
        return Step(
            summary={
                "rows_in": result.rows_in,
                "validated": result.rows_validated,
                "quarantined": result.rows_quarantined,
            },
            inputs=tuple(DatasetRef(f"raw/{self.dataset}/{key}", digest) for digest in result.manifest.inputs),
            outputs=tuple(DatasetRef(manifest.path, manifest.hash) for manifest in published),
            parameters={"contract": result.manifest.contract},
        )
