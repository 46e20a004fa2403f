"""Make the dataset version that a candidate is trained on."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key


class PrepareDatasetOperator(UseCaseOperator):
    """
    Run the DVC stage on the window that ends with the run's partition; push, then tag, the dataset version.

    :param outcome: id of the retraining that it is for; its lineage then leads to the verdict (templated)
    """

    activity = "prepare"
    template_fields: Sequence[str] = ("use_case", "outcome")

    def __init__(self, *, outcome: str = "", **kwargs: Any) -> None:
        super().__init__(multiple_outputs=True, **kwargs)  # dataset_version is an XCom of its own
        self.outcome = outcome

    def step(self, context: Context) -> Step:
        from driftgate.datasets import prepare
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import outcome_of
        from driftgate.use_cases import load_use_case

        version = prepare(load_use_case(self.use_case), partition_key(context))
        begun = outcome_of(self.use_case, self.outcome) if self.outcome else None
        verdict = (
            (DatasetRef(f"verdict/{self.use_case}/{begun.key}", begun.verdict),) if begun and begun.verdict else ()
        )
        return Step(
            summary={"dataset_version": version.name, "rows": version.rows},
            inputs=(*(DatasetRef(path, digest) for path, digest in version.pinned), *verdict),
            outputs=(DatasetRef(f"dataset_version/{version.name}", version.hash),),
            parameters={"outcome": self.outcome, "evidence": begun.evidence} if begun else {},
        )
