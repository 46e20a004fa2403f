"""Turn one night's evidence into the verdict."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink, Context

from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor, is_old_backfill, partition_key
from driftgate_airflow.ui.links import NightLink

if TYPE_CHECKING:
    from driftgate.monitoring import Verdict
    from driftgate.use_cases import UseCase


class DecideVerdictOperator(UseCaseOperator):
    """
    Decide by the use case's policy, record evidence and rule, and announce the verdict.

    A ``rollback`` moves the traffic here and now, not by the task that comes next: between two tasks lie seconds.
    Deciding again moves nothing again.
    """

    activity = "monitor"
    page = ""
    operator_extra_links: Sequence[BaseOperatorLink] = (NightLink(),)

    def __init__(self, *, use_case: str, **kwargs: Any) -> None:
        super().__init__(use_case=use_case, outlets=[assets.verdict(use_case)], **kwargs)

    def step(self, context: Context) -> Step:
        from driftgate import uris
        from driftgate.ledger import over_budget
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import decide
        from driftgate.promotion import candidate_under_way
        from driftgate.use_cases import load_use_case

        use_case, key = load_use_case(self.use_case), partition_key(context)
        verdict = decide(
            use_case,
            key,
            backfill=is_old_backfill(context),
            promotion_active=candidate_under_way(self.use_case),
            budget=lambda: over_budget(use_case, context["dag_run"].start_date or datetime.now(UTC)),
        )
        self.page = uris.night_page(self.use_case, key)
        moved = {"moved": self._go_back(use_case, verdict, context)} if verdict.decision == "rollback" else {}
        return Step(
            summary={"decision": verdict.decision, "rule": verdict.rule, **moved},
            inputs=tuple(
                DatasetRef(uris.monitoring_report(self.use_case, key, evidence.monitor), evidence.hash)
                for evidence in verdict.evidence
            ),
            outputs=(DatasetRef(f"verdict/{self.use_case}/{key}", verdict.hash),),
        )

    def _go_back(self, use_case: "UseCase", verdict: "Verdict", context: Context) -> str:
        from driftgate.alarms import raise_alarm
        from driftgate.catalog.model_page import write_pages
        from driftgate.monitoring import complete
        from driftgate.promotion import confirm, deployment, give_back
        from driftgate.recovery import release_of

        run_id, failing = f"verdict/{self.use_case}/{verdict.key}", str(verdict.champion)
        reason = f"verdict about {verdict.key} ({verdict.rule}): {verdict.sentence}"
        sentence = give_back(use_case, failing, reason=reason, actor=actor(context), run_id=run_id)
        state = deployment(self.use_case)
        if state and state.run_id == run_id:
            complete(self.use_case, failing, "rolled_back", reason)
            write_pages(use_case, failing)
            confirm(use_case, state, actor=actor(context), take_back=False)
            release_of(use_case, state)
        elif state and state.champion == failing:
            raise_alarm("drift", self.use_case, sentence, use_case=self.use_case, severity="critical")
        return sentence
