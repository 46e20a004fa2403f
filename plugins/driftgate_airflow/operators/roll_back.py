"""Take a candidate out of the traffic, or give the traffic back to the champion before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import actor
from driftgate_airflow.ui.links import PromotionLink

if TYPE_CHECKING:
    from driftgate.promotion import DeploymentState


class RollBackOperator(UseCaseOperator):
    """
    Restore the champion, and wait until the endpoint serves it alone: a candidate in shadow or canary is removed.

    After a judge that said no this finds the traffic moved already, and waits.

    :param reason: why, for the record (templated)
    :param model_version: take out this candidate and no other, and do nothing when it is not under way (any more), or
        when it is empty; None takes out whatever is under way and follows the run's parameters ``dry_run`` and
        ``to_previous`` (templated)
    """

    activity = "host"
    template_fields: Sequence[str] = ("use_case", "reason", "model_version")
    operator_extra_links = (PromotionLink(),)
    page: str | None = None  # where the button leads

    def __init__(self, *, reason: str, model_version: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason
        self.model_version = model_version

    def step(self, context: Context) -> Step:
        from driftgate.catalog.model_page import write_pages
        from driftgate.lineage import DatasetRef
        from driftgate.monitoring import complete
        from driftgate.promotion import confirm, deployment
        from driftgate.recovery import release_of
        from driftgate.use_cases import load_use_case

        before = deployment(self.use_case)
        if self.model_version == "" or (self.model_version is None and context["params"].get("dry_run")):
            state = before.model_dump(mode="json") if before else None
            return Step(summary={"moved": False, "deployment": state})
        after, use_case = self._roll_back(context), load_use_case(self.use_case)
        if left := self.model_version or (before and (before.candidate or before.champion)):
            self.page = write_pages(use_case, left)
            if left not in (after.champion, after.candidate):
                complete(self.use_case, left, "rolled_back", after.reason)
        confirm(use_case, after, actor=actor(context), take_back=False)
        if before and after.champion != before.champion:
            release_of(use_case, after)
        return Step(
            summary={
                "moved": after != before,
                "step": after.step,
                "champion": after.champion,
                "reason": after.reason,
            },
            outputs=(DatasetRef(f"deployment/{self.use_case}", str(after.revision)),),
        )

    def _roll_back(self, context: Context) -> "DeploymentState":
        from driftgate.promotion import roll_back
        from driftgate.use_cases import load_use_case

        use_case, who = load_use_case(self.use_case), actor(context)
        if self.model_version is not None:
            return roll_back(use_case, reason=self.reason, actor=who, candidate=self.model_version)
        run = context["dag_run"]
        return roll_back(
            use_case,
            reason=self.reason,
            actor=who,
            to_previous=bool(context["params"].get("to_previous")),
            run_id=f"{run.dag_id}/{run.run_id}",
        )
