"""Start nothing that the use case's budget of this week does not cover."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor, row_share


class BudgetGuardOperator(UseCaseOperator):
    """
    Hold what was spent this week and what the training would add against the budget; skip the rest if it would overrun.

    A refusal is an answer, not a failure: it is recorded, an alarm tells the owner, and the run ends well. Where the
    use case says ``on_exceeded: needs_approval``, the run's parameter ``beyond_budget`` is the approval.

    :param dataset_version: name of the dataset version to train on (templated)
    :param rows: how many rows it has, for the forecast (templated)
    """

    activity = "train"
    template_fields: Sequence[str] = ("use_case", "dataset_version", "rows")

    def __init__(self, *, dataset_version: str, rows: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_version = dataset_version
        self.rows = rows

    def work(self, context: Context) -> Any:
        summary = super().work(context)
        if not summary["may_start"]:
            raise AirflowSkipException(summary["sentence"])
        return summary

    def step(self, context: Context) -> Step:
        from driftgate.ledger import check_budget, forecast
        from driftgate.lineage import DatasetRef
        from driftgate.training import training_spec
        from driftgate.use_cases import load_use_case

        use_case = load_use_case(self.use_case)
        spec = training_spec(use_case, self.dataset_version, "forecast")
        spec = spec.model_copy(update={"row_share": row_share(context, spec.row_share)})
        expected = forecast(spec, int(self.rows) if self.rows else None)
        self.log.info("forecast: %s", expected.sentence)
        answer = check_budget(use_case, expected.usd, context["dag_run"].start_date or datetime.now(UTC))
        approved = answer.decision == "needs_approval" and bool(context["params"].get("beyond_budget"))
        return Step(
            summary={
                "may_start": answer.decision == "pass" or approved,
                "sentence": answer.sentence,
                "spent_usd": answer.spent_usd,
                "forecast_usd": expected.usd,
            },
            inputs=(DatasetRef(f"dataset_version/{self.dataset_version}", None),),
            parameters={"decision": answer.decision, "approved_by": actor(context) if approved else None},
        )
