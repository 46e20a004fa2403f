"""The base of the operators that move one candidate towards all the traffic."""

from collections.abc import Sequence
from typing import Any

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator


class CandidateOperator(UseCaseOperator):
    """
    Acts on one candidate of a use case.

    :param model_version: the candidate's version (templated)
    """

    template_fields: Sequence[str] = ("use_case", "model_version")

    def __init__(self, *, model_version: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model_version = model_version

    def moved(self, state: Any) -> Step:
        """Return the step that led to the deployment ``state``."""
        from driftgate.lineage import DatasetRef

        return Step(
            summary={"step": state.step, "model_version": self.model_version, "revision": state.revision},
            inputs=(DatasetRef(f"model/{self.use_case}/{self.model_version}", None),),
            outputs=(DatasetRef(f"deployment/{self.use_case}", str(state.revision)),),
        )
