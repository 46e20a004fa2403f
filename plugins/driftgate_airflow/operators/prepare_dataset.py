"""Make the dataset version that a candidate is trained on."""

from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class PrepareDatasetOperator(UseCaseOperator):
    """Run the DVC stage on the window that ends with the run's partition; push, then tag, the dataset version."""

    activity = "prepare"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(multiple_outputs=True, **kwargs)  # dataset_version is an XCom of its own

    def step(self, context: Context) -> Step:
        from driftgate.datasets import prepare
        from driftgate.lineage import DatasetRef
        from driftgate.use_cases import load_use_case

        version = prepare(load_use_case(self.use_case), partition_key(context))
        return Step(
            summary={"dataset_version": version.name, "rows": version.rows},
            inputs=tuple(DatasetRef(path, digest) for path, digest in version.pinned),
            outputs=(DatasetRef(f"dataset_version/{version.name}", version.hash),),
        )
