"""Find the partitions of a source that have other rows than when they were ingested."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.runs import is_late, is_on_time, partition_key

MOST_RUNS = 50  # of one night; the next one finds the others again


class FindLateRowsOperator(DriftgateOperator):
    """
    Ask the databases of a source, by their watermarks, which earlier partitions have changed.

    Returns one set of arguments of ``TriggerDagRunOperator`` per partition: a run that ingests it again, as a revision.
    A backfill, an initial load and such a run itself ask nothing.

    :param source: where the datasets come from
    :param datasets: those of its datasets that have a watermark
    :raises SourceUnready: a database does not answer; retried
    """

    activity = "ingest"
    template_fields: Sequence[str] = ("source",)

    def __init__(self, *, source: str, datasets: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.datasets = datasets

    @property
    def stream(self) -> str:  # type: ignore[override]  # known only when the templates are rendered
        return self.source

    def work(self, context: Context) -> Any:
        if is_late(context) or is_on_time(context):
            return []
        tonight = partition_key(context)
        late = [key for key in self._changed() if key != tonight][:MOST_RUNS]
        self.conclude([Step(summary={"late_partitions": late})], context)
        return [
            {
                "trigger_run_id": f"late__{key}__{tonight}",
                "conf": {"first_partition": key, "last_partition": key, "late": True},
            }
            for key in late
        ]

    def _changed(self) -> list[str]:
        from driftgate.sources import changed_partitions

        return sorted({key for dataset in self.datasets for key in changed_partitions(self.source, dataset)})
