"""The base of the operators that move one candidate towards all the traffic."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor
from driftgate_airflow.ui.links import PromotionLink

if TYPE_CHECKING:
    from driftgate.promotion import DeploymentState


class CandidateOperator(UseCaseOperator):
    """
    Acts on one candidate of a use case.

    :param model_version: the candidate's version (templated)
    """

    template_fields: Sequence[str] = ("use_case", "model_version")
    operator_extra_links = (PromotionLink(),)
    page: str | None = None  # where the button leads

    def __init__(self, *, model_version: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_version = model_version

    def confirmed(self, state: "DeploymentState", context: Context) -> Step:
        """Return the step that led to ``state``, when the endpoint serves it."""
        from driftgate.catalog.model_page import write_pages
        from driftgate.promotion import confirm
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        try:
            confirm(use_case, state, actor=actor(context))
        finally:  # a move that was taken back is on the page as well
            self.page = write_pages(use_case, self.model_version)
        return self.moved(state)

    def moved(self, state: "DeploymentState") -> Step:
        """Return the step that led to the deployment ``state``."""
        from driftgate.lineage import DatasetRef

        return Step(
            summary={"step": state.step, "model_version": self.model_version, "revision": state.revision},
            inputs=(DatasetRef(f"model/{self.use_case}/{self.model_version}", None),),
            outputs=(DatasetRef(f"deployment/{self.use_case}", str(state.revision)),),
        )
