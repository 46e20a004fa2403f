"""What a step read and wrote, told twice: to our own lineage store, and to whatever OpenLineage transport is set up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from driftgate.errors import Tampered
from driftgate.lineage import DatasetRef


@dataclass(frozen=True)
class Step:
    """What one task did for one partition or model: the small answer, and what went in and out."""

    summary: dict[str, Any]
    inputs: tuple[DatasetRef, ...] = ()
    outputs: tuple[DatasetRef, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)


def record_step(stream: str, step: Step, context: Any) -> None:
    """Append the lineage record of ``step`` to the hash chain ``stream``."""
    from driftgate.lineage import emit

    task, run = context["ti"], context["dag_run"]
    emit(
        stream,
        job=f"{task.dag_id}.{task.task_id}",
        run_id=f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.try_number}",
        inputs=list(step.inputs),
        outputs=list(step.outputs),
        parameters={"partition_key": run.partition_key, **step.parameters},
    )


@contextmanager
def tampering_recorded(stream: str, context: Any) -> Iterator[None]:
    """Leave a lineage record of a run that found other bytes than those recorded, and let the error through."""
    try:
        yield
    except Tampered as error:
        from driftgate.lineage import emit

        task, run = context["ti"], context["dag_run"]
        emit(
            stream,
            job=f"{task.dag_id}.{task.task_id}",
            run_id=f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.try_number}",
            inputs=[],
            outputs=[],
            parameters={"partition_key": run.partition_key, "integrity_failed": True},
            failure=str(error),
        )
        raise


def operator_lineage(steps: list[Step]) -> Any:
    """Return the steps as the OpenLineage provider's ``OperatorLineage``; a pure function of what was recorded."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    from driftgate.lineage import NAMESPACE

    def datasets(refs: tuple[DatasetRef, ...]) -> list[Any]:
        return [Dataset(namespace=NAMESPACE, name=ref.name) for ref in refs]

    return OperatorLineage(
        inputs=[dataset for step in steps for dataset in datasets(step.inputs)],
        outputs=[dataset for step in steps for dataset in datasets(step.outputs)],
    )
