"""Train a candidate as a job on the compute target of the use case."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.errors import fail_at_once
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.triggers.job_trigger import JobTrigger


class TrainCandidateOperator(UseCaseOperator):
    """
    Submit the training job, wait for it in the triggerer, and conclude.

    The job's name is made from dag, task, run and map index: a retry finds the job that is already running, or its
    result, and never starts a second one.

    :param dataset_version: name of the dataset version to train on (templated)
    :raises JobFailed: the job ended with an error of its own; the message carries it; never retried
    """

    template_fields: Sequence[str] = ("use_case", "dataset_version")

    def __init__(self, *, dataset_version: str, **kwargs: Any) -> None:
        super().__init__(multiple_outputs=True, **kwargs)  # job_id is an XCom of its own
        self.dataset_version = dataset_version

    def execute(self, context: Context) -> Any:
        from driftgate.compute import submit

        with fail_at_once():
            handle = submit(self._spec(context))
            self.log.info("job %s: %s, log at %s", handle.job_id, handle.state, handle.log)
            if not handle.ended:
                self.defer(
                    trigger=JobTrigger(job_id=handle.job_id, target=handle.target),
                    method_name="execute_complete",
                    timeout=timedelta(minutes=handle.timeout_minutes + 1),  # the backend's own time limit comes first
                )
            return self.execute_complete(context, {"job_id": handle.job_id})

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        with fail_at_once():
            return self.conclude([self._concluded(event["job_id"], context)], context)

    def _concluded(self, job_id: str, context: Context) -> Step:
        from driftgate.compute import result
        from driftgate.lineage import DatasetRef

        spec = self._spec(context)
        answer = result(job_id, spec.target)
        return Step(
            summary={"job_id": job_id, "stop_reason": answer.stop_reason, "metrics": answer.metrics},
            inputs=(DatasetRef(f"dataset_version/{self.dataset_version}", None),),
            outputs=(DatasetRef(f"job/{job_id}", answer.model_sha256),),
            parameters={"seed": spec.seed, **spec.parameters},
        )

    def on_kill(self) -> None:
        """Leave the job alone: a retry re-attaches to it. Cancelling is for people who mark the task failed."""

    def _spec(self, context: Context) -> Any:
        from driftgate.training import job_id, training_spec
        from driftgate.use_cases import load_use_case

        task = context["ti"]
        index = -1 if task.map_index is None else task.map_index  # Airflow's own number for a task that is not mapped
        name = job_id(task.dag_id, task.task_id, task.run_id, index)
        return training_spec(load_use_case(self.use_case), self.dataset_version, name)
