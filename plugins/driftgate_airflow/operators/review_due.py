"""Begin a feature review on the night on which one is due."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.runs import is_old_backfill, partition_key, run_name


class ReviewDueOperator(UseCaseOperator):
    """
    Begin the feature review of the run's partition if it is due and none waits for its answer, else skip the rest.

    It is due by the calendar of ``feature_review``, or because of a drift since the last one; a run with a reason is
    due anyway. A backfill of old partitions asks nobody.

    :param reason: why to review now; empty to ask the calendar (templated)
    """

    activity = "monitor"
    template_fields: Sequence[str] = ("use_case", "reason")

    def __init__(self, *, reason: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason = reason

    def step(self, context: Context) -> Step:
        from driftgate.errors import NotPermitted
        from driftgate.feature_reviews.due import Due, due_on, policy_of
        from driftgate.feature_reviews.round import begin_round
        from driftgate.registry.aliases import champion_version
        from driftgate.use_cases import load_use_case

        if is_old_backfill(context):
            raise AirflowSkipException("A backfill of old partitions asks nobody for a review.")
        use_case, key = load_use_case(self.use_case), partition_key(context)
        policy = policy_of(use_case)
        if champion_version(self.use_case) is None:
            raise AirflowSkipException(f"{self.use_case} has no champion yet whose features could be reviewed.")
        found = Due(True, self.reason) if self.reason else due_on(use_case, policy, key)
        if not found.due:
            raise AirflowSkipException(found.sentence)
        try:
            begun = begin_round(self.use_case, key, run_name(context), found.sentence, policy)
        except NotPermitted as reason:
            raise AirflowSkipException(str(reason)) from None
        return Step(summary={"key": begun.key, "why": begun.why}, parameters={"why": begun.why})
