"""Make the dataset version that a candidate is trained on."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import partition_key
from driftgate_airflow.ui.links import DatasetCheckLink


class PrepareDatasetOperator(UseCaseOperator):
    """
    Run the DVC stage on the window that ends with the run's partition; push, then tag, the dataset version.

    Then the version is tested: its partitions by their contracts, its rows by the champion. One that fails is an alarm
    and a warning in the log, and a person must look at the candidate that comes of it.

    :param outcome: id of the retraining that it is for; its lineage then leads to the verdict (templated)
    """

    activity = "prepare"
    template_fields: Sequence[str] = ("use_case", "outcome")
    operator_extra_links = (DatasetCheckLink(),)
    page: str | None = None  # where the button leads

    def __init__(self, *, outcome: str = "", **kwargs: Any) -> None:
        super().__init__(multiple_outputs=True, **kwargs)  # dataset_version is an XCom of its own
        self.outcome = outcome

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.datasets import prepare
        from driftgate.governance.dataset_check import check_version, tell
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import outcome_of
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        version = prepare(use_case, partition_key(context))
        checked = check_version(use_case, version)
        tell(checked)
        self.page = uris.dataset_check(version.name)
        if checked.verdict == "fails":
            self.log.warning("%s", checked.sentence)
        begun = outcome_of(self.use_case, self.outcome) if self.outcome else None
        verdict = (
            (DatasetRef(f"verdict/{self.use_case}/{begun.key}", begun.verdict),) if begun and begun.verdict else ()
        )
        return Step(
            summary={"dataset_version": version.name, "rows": version.rows, "check": checked.verdict},
            inputs=(*(DatasetRef(path, digest) for path, digest in version.pinned), *verdict),
            outputs=(
                DatasetRef(f"dataset_version/{version.name}", version.hash),
                DatasetRef(uris.dataset_check(version.name), checked.hash),
            ),
            parameters={"outcome": self.outcome, "evidence": begun.evidence} if begun else {},
        )
