"""Find what has reached its end, and delete it if the run says so."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import DriftgateOperator
from driftgate_airflow.runs import actor, partition_key


class SweepExpiredOperator(DriftgateOperator):
    """
    Report what has reached its end by the day of the run; delete it only with the parameter ``delete``.

    :param reason: why it is deleted; recorded (templated)
    """

    activity = "storage"
    stream = "driftgate"
    template_fields: Sequence[str] = ("reason",)

    def __init__(self, *, reason: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason

    def step(self, context: Context) -> Step:
        from driftgate.governance.retention import plan_retention, sweep
        from driftgate.partition_keys import parse_key

        plan = plan_retention(parse_key(partition_key(context)))
        for partition, version in sorted(plan.kept.items()):
            self.log.info("kept: %s, needed by %s", partition, version)
        for path in sorted({item.path.rpartition("/")[0] for item in plan.ended}):
            self.log.info("ended: %s", path)
        wanted = bool(context["params"].get("delete"))
        deleted = sweep(plan, by=actor(context), reason=self.reason) if wanted else 0
        return Step(
            summary={"ended": len(plan.ended), "bytes": plan.bytes, "kept": len(plan.kept), "deleted": deleted},
            parameters={"today": plan.today.isoformat(), "delete": wanted, "plan": plan.hash},
        )
