"""Train a candidate as a job on the compute target of the use case."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.job import JobOperator
from driftgate_airflow.runs import row_share


class TrainCandidateOperator(JobOperator):
    """
    Train one candidate, wherever its compute target is; see :class:`JobOperator` for what happens on the way.

    :param dataset_version: name of the dataset version to train on (templated)
    """

    activity = "train"
    template_fields: Sequence[str] = ("use_case", "dataset_version")

    def __init__(self, *, dataset_version: str, **kwargs: Any) -> None:
        super().__init__(multiple_outputs=True, **kwargs)  # job_id is an XCom of its own
        self.dataset_version = dataset_version

    def spec(self, context: Context) -> Any:
        from driftgate.training import job_id, training_spec
        from driftgate.use_cases import load_use_case

        task = context["ti"]
        index = -1 if task.map_index is None else task.map_index  # Airflow's own number for a task that is not mapped
        name = job_id(task.dag_id, task.task_id, task.run_id, index)
        spec = training_spec(load_use_case(self.use_case), self.dataset_version, name)
        return spec.model_copy(
            update={"row_share": row_share(context, spec.row_share), "tags": {**spec.tags, "run": task.run_id}}
        )

    def concluded(self, spec: Any, answer: Any) -> Step:
        from driftgate.lineage import DatasetRef

        return Step(
            summary={"job_id": spec.job_id, "stop_reason": answer.stop_reason, "metrics": answer.metrics},
            inputs=(DatasetRef(f"dataset_version/{self.dataset_version}", None),),
            outputs=(DatasetRef(f"job/{spec.job_id}", answer.model_sha256),),
            parameters={
                "seed": spec.seed,
                "row_share": spec.row_share,
                "target": spec.target,
                "placed": spec.tags.get("placed", ""),  # why there, where it was chosen
                **spec.parameters,
            },
        )
