"""Hold a candidate against the baselines and the champion."""

from collections.abc import Sequence

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.ui.links import EvaluationLink


class EvaluateCandidateOperator(UseCaseOperator):
    """
    Evaluate the candidate out of time, on the same rows as the champion, and apply the use case's gates.

    A candidate that does not pass is an answer, not a failure: the report is written and the rest of the run skipped.

    :param dataset_version: name of the dataset version that holds the validation rows (templated)
    :param job_id: the training job whose result is the candidate (templated)
    """

    activity = "evaluate"
    template_fields: Sequence[str] = ("use_case", "dataset_version", "job_id")
    operator_extra_links = (EvaluationLink(),)
    page: str | None = None  # where the button leads

    def __init__(self, *, dataset_version: str, job_id: str, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # Airflow's own keyword arguments
        self.dataset_version = dataset_version
        self.job_id = job_id

    def work(self, context: Context) -> object:
        summary = super().work(context)
        if not summary["passed"]:
            raise AirflowSkipException(f"The candidate is {summary['status']}: {summary['reason']}")
        return summary

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.compute import result
        from driftgate.contracts import require_real
        from driftgate.datasets import version_files
        from driftgate.evaluation import evaluate
        from driftgate.evaluation.page import write_page
        from driftgate.lineage import DatasetRef
        from driftgate.registry import champion
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        require_real(use_case)
        job = result(self.job_id, use_case.train.target)
        current = champion(self.use_case)
        report = evaluate(use_case, self.dataset_version, version_files(self.dataset_version), job, current)
        self.page = write_page(report)
        return Step(
            summary={
                "passed": report.passed,
                "status": report.status,
                "reason": report.reason,
                "report": report.model_id,
            },
            inputs=(
                DatasetRef(f"job/{self.job_id}", job.model_sha256),
                DatasetRef(f"dataset_version/{self.dataset_version}", None),
            ),
            outputs=(DatasetRef(uris.evaluation_report(self.use_case, report.model_id), report.hash),),
            parameters={"status": report.status},
        )
