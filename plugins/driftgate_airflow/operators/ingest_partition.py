"""Bring one partition of a dataset from its source into the raw zone."""

from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DatasetOperator
from driftgate_airflow.runs import is_on_time


class IngestPartitionOperator(DatasetOperator):
    """
    Copy what the source delivered for the partition into the raw zone, if it has the shape that its contract declares.

    The same delivery again changes nothing. Another one is a correction: a new revision of the partition. Of a night
    and of a run by hand the content is known since now; a history is taken to have come in time.

    :raises SourceMissing: the source has nothing for this partition; never retried
    :raises SourceBroken: it is torn, empty or of another shape; never retried
    :raises NotPermitted: the contract does not permit the use; never retried
    :raises SourceUnready: it is still being written, or the database does not answer; retried
    """

    activity = "ingest"

    def work(self, context: Context) -> Any:
        self.on_time = is_on_time(context)
        return super().work(context)

    def step_for(self, key: str) -> Step:
        from driftgate import uris
        from driftgate.lineage import DatasetRef
        from driftgate.sources import bring_in
        from driftgate.wall_clock import wall_clock

        known_at = None if self.on_time else wall_clock()
        done = bring_in(self.source, self.dataset, key, known_at=known_at)
        return Step(
            summary={
                "rows": done.manifest.rows,
                "manifest": done.manifest.hash,
                "revision": done.revision,
                "duplicate": done.duplicate,
                "dropped_columns": len(done.manifest.dropped),
            },
            inputs=tuple(
                DatasetRef(uris.delivery(self.source, self.dataset, name), digest) for name, digest in done.delivered
            ),
            outputs=(DatasetRef(done.manifest.path, done.manifest.hash),),
            parameters={"contract": done.manifest.contract, "synthetic": done.synthetic},
        )
