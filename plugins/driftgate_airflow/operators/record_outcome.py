"""Record what came of a retraining, however it ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.task_states import task_states

if TYPE_CHECKING:
    from driftgate.evaluation import EvaluationReport

TASKS = ("prepare_dataset", "budget_guard", "train_candidate", "evaluate_candidate", "register_candidate")


class RecordOutcomeOperator(UseCaseOperator):
    """
    Complete the record that the drift sensor began: accepted, rejected, failed or stopped, with what was made.

    A retraining without that record fails the run.

    :param outcome: id of the record (templated)
    :param dataset_version: what was prepared, empty if nothing was (templated)
    :param job_id: the training job, empty if there was none (templated)
    :param model_version: the registered candidate, empty if there is none (templated)
    """

    activity = "evaluate"
    template_fields: Sequence[str] = ("use_case", "outcome", "dataset_version", "job_id", "model_version")

    def __init__(
        self, *, outcome: str, dataset_version: str = "", job_id: str = "", model_version: str = "", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.outcome = outcome
        self.dataset_version = dataset_version
        self.job_id = job_id
        self.model_version = model_version

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.errors import CannotJudge
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import conclude, note_outcome, outcome_of, status_of

        begun = outcome_of(self.use_case, self.outcome)
        if begun is None:
            raise CannotJudge(
                f"The retraining {self.outcome or '(without a name)'} of {self.use_case} has no record to complete; "
                "clear drift_sensor, which begins one."
            )
        report = self._report()
        run = context["dag_run"]
        states = task_states(run.dag_id, TASKS, run.run_id)
        status, notes = status_of(states, why_rejected=report.reason if report else "")
        made = {name: getattr(self, name) or None for name in ("dataset_version", "job_id", "model_version")}
        ended = conclude(begun, status, notes, report, **made)
        note_outcome(ended)
        verdict = (DatasetRef(f"verdict/{self.use_case}/{ended.key}", ended.verdict),) if ended.verdict else ()
        model = (DatasetRef(f"model/{self.use_case}/{self.model_version}", None),) if self.model_version else ()
        return Step(
            summary={"outcome": ended.id, "status": status, "notes": notes},
            inputs=(*verdict, *model),
            outputs=(DatasetRef(uris.retraining(self.use_case, ended.id), ended.hash),),
            parameters={"trigger": ended.trigger},
        )

    def _report(self) -> "EvaluationReport | None":
        """Return the candidate's evaluation; None when it did not come so far."""
        from driftgate.errors import CannotJudge
        from driftgate.evaluation.report import read_report

        try:
            return read_report(self.use_case, self.job_id) if self.job_id else None
        except CannotJudge:
            return None
