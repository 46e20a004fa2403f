"""Search the parameters of a use case's trainer, each trial a job on its compute target."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.claims import hold, waiter
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.ui.links import TuningLink

if TYPE_CHECKING:
    from driftgate.tuning import Tuning
    from driftgate.tuning.controller import Controller, Standing
    from driftgate.use_cases import UseCase

# The trigger form's names, and what the section 'tune' calls them.
ASKED = {
    "trials": "max_trials",
    "minutes": "minutes",
    "usd": "usd",
    "strategy": "strategy",
    "parallel": "max_parallel",
    "objective": "objective",
    "target": "target",
}


class TuneOperator(UseCaseOperator):
    """
    Lead a study to its end: ask for parameters, submit trials as jobs, end hopeless ones, write the report.

    Everything is in records, so a task whose worker died is simply run again: it finds the study, the trials that have
    ended and the jobs that run. What the trigger form leaves empty is as ``use_case.yaml`` says.

    :param dataset_version: name of the dataset version to train on (templated)
    :raises AirflowSkipException: the use case's budget of this week does not cover the trials that are to come
    :raises JobFailed: no trial worked; the message carries what the first one said
    """

    activity = "tune"
    template_fields: Sequence[str] = ("use_case", "dataset_version")
    operator_extra_links = (TuningLink(),)
    study_name: str | None = None  # where the button leads
    _controller: "Controller | None" = None

    def __init__(self, *, dataset_version: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_version = dataset_version

    def step(self, context: Context) -> Step:
        from driftgate.lineage import DatasetRef
        from driftgate.tuning import lead, open_tuning, tune_with
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        tune = tune_with(use_case, asked_for(context["params"]), f"The trigger form of {context['ti'].dag_id}")
        tuning = open_tuning(use_case, self.dataset_version, tune)
        self.study_name, self._controller = tuning.study.name, tuning.controller
        self.log.info(
            "study %s: %s, %d trials at once", tuning.study.name, tuning.study.strategy, tuning.study.parallel
        )
        self._require_budget(tuning, use_case, context)
        owner = waiter(context["ti"])

        def say(standing: "Standing") -> None:
            self._say(standing)
            running = [tuning.study.job_id(trial.number) for trial in standing.trials if not trial.ended]
            hold(running, tuning.controller.target, owner)

        report = lead(tuning, say=say)
        return Step(
            summary={"study": tuning.study.name, "ended_by": report.ended_by, **report.numbers.model_dump()},
            inputs=(DatasetRef(f"dataset_version/{self.dataset_version}", None),),
            outputs=(DatasetRef(f"study/{tuning.study.name}", report.hash),),
            parameters={"best": report.best.parameters if report.best else None, "seed": tuning.study.seed},
        )

    def _require_budget(self, tuning: "Tuning", use_case: "UseCase", context: Context) -> None:
        """Skip what the week's budget does not cover: a refusal is an answer, not a failure."""
        from driftgate.tuning import budget_answer

        answer = budget_answer(tuning, use_case, context["dag_run"].start_date or datetime.now(UTC))
        approved = answer.decision == "needs_approval" and bool(context["params"].get("beyond_budget"))
        if answer.decision != "pass" and not approved:
            raise AirflowSkipException(answer.sentence)

    def on_kill(self) -> None:
        """End the running trials: nobody may come back for them. A retry starts them again where they had got to."""
        if self._controller:
            self._controller.pause()

    def _say(self, standing: "Standing") -> None:
        states = [trial.state for trial in standing.trials]
        self.log.info("%d trials: %s", len(states), {state: states.count(state) for state in dict.fromkeys(states)})


def asked_for(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the trigger form asks for, by the names of the section ``tune``; what is empty asks for nothing."""
    changes = {ours: params.get(theirs) for theirs, ours in ASKED.items()}
    parents = [str(name).strip() for name in params.get("warm_start") or [] if str(name).strip()]
    if parents:
        changes["warm_start"] = {"type": params.get("warm_start_type"), "parents": parents}
    return changes
