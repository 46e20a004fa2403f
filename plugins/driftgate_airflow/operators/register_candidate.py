"""Make a registered model version of a candidate that passed its gates."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor
from driftgate_airflow.ui.links import ModelCardLink


class RegisterCandidateOperator(UseCaseOperator):
    """
    Write the model package, register it and announce the candidate. The same job registered again is the same version.

    A candidate that learnt from fewer rows than the use case says is an experiment, whatever its gates said: it is not
    registered.

    :param dataset_version: name of the dataset version that the candidate was trained on (templated)
    :param job_id: the training job whose result is the candidate (templated)
    """

    activity = "evaluate"
    template_fields: Sequence[str] = ("use_case", "dataset_version", "job_id")
    operator_extra_links = (ModelCardLink(),)
    page: str | None = None  # where the button leads

    def __init__(self, *, use_case: str, dataset_version: str, job_id: str, **kwargs: Any) -> None:
        super().__init__(use_case=use_case, outlets=[assets.candidate(use_case)], **kwargs)
        self.dataset_version = dataset_version
        self.job_id = job_id

    def work(self, context: Context) -> Any:
        share, usual = self._row_shares()
        if share < usual:
            raise AirflowSkipException(
                f"Trained on {share:.0%} of the rows, so it is an experiment and is not registered; train with a "
                f"sample fraction of {usual:g} for a candidate."
            )
        summary = super().work(context)
        context["outlet_events"][assets.candidate(self.use_case)].extra = {"model_version": summary["model_version"]}
        return summary

    def _row_shares(self) -> tuple[float, float]:
        """Return what the job learnt from, and what the use case says."""
        from driftgate import uris
        from driftgate.compute.job_files import read_spec
        from driftgate.lake import lake
        from driftgate.use_cases import load_use_case

        spec = read_spec(lake().uri(f"{uris.job(self.job_id)}/spec.json"))
        return spec.row_share, load_use_case(self.use_case).train.row_share

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.catalog.model_page import write_model_page
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import training_baseline
        from driftgate.registry import register_job
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        model = register_job(
            use_case, self.job_id, self.dataset_version, make_baseline=training_baseline, actor=actor(context)
        )
        write_model_page(self.use_case, model.version)
        self.page = uris.model_page(self.use_case, model.version)
        return Step(
            summary={"model_version": model.version, "dataset_version": self.dataset_version},
            inputs=(
                DatasetRef(f"job/{self.job_id}", model.model_sha256),
                DatasetRef(f"dataset_version/{self.dataset_version}", None),
            ),
            outputs=(DatasetRef(f"model/{self.use_case}/{model.version}", model.package_hash),),
        )
