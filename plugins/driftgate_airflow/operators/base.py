"""The skeleton of every operator: errors decide the retry, each step leaves a lineage record, the answer is small."""

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator, Context

from driftgate.compute.tags import Activity
from driftgate_airflow.errors import fail_at_once
from driftgate_airflow.ledger import metered
from driftgate_airflow.lineage import Step, operator_lineage, record_step, tampering_recorded
from driftgate_airflow.runs import partition_keys


class DriftgateOperator(BaseOperator):
    """
    Runs :meth:`step`, records its lineage and what it took, and returns its summary.

    A subclass sets ``stream`` (the lineage chain: a use case or a source) and ``activity`` (what its cost is for), and
    implements :meth:`step`, or :meth:`work` if it does more than a step, and :meth:`go_on` if it defers.
    """

    stream: str
    activity: Activity

    def pre_execute(self, context: Any) -> None:
        """Keep personal values out of the log of this task, and let its jobs use Airflow's connection to AWS."""
        from driftgate_airflow.aws import use_airflow_connection
        from driftgate_airflow.redaction import install_redaction

        install_redaction()
        use_airflow_connection()

    def post_execute(self, context: Any, result: Any = None) -> None:
        """End the alarm about an earlier failure."""
        from driftgate_airflow.alarms import end_alarm

        end_alarm(context)

    def execute(self, context: Context) -> Any:
        with metered(self, context), fail_at_once(), tampering_recorded(self.stream, context):
            return self.work(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on after a deferral: Airflow calls this instead of :meth:`execute`."""
        with metered(self, context), fail_at_once(), tampering_recorded(self.stream, context):
            return self.go_on(context, event)

    def work(self, context: Context) -> Any:
        """Do the whole work of this task and return what goes to XCom."""
        return self.conclude([self.step(context)], context)

    def go_on(self, context: Context, event: dict[str, Any]) -> Any:
        """Do the rest of the work, after the trigger fired with ``event``."""
        raise NotImplementedError

    def step(self, context: Context) -> Step:
        """Do the work of this task and say what it read and wrote."""
        raise NotImplementedError

    def conclude(self, steps: list[Step], context: Context) -> Any:
        """Record the lineage of ``steps`` and return the summary that goes to XCom."""
        self._steps = steps
        for step in steps:
            record_step(self.stream, step, context)
        self.log.info("%s", steps[-1].summary if len(steps) == 1 else f"{len(steps)} partitions done")
        return steps[-1].summary if len(steps) == 1 else {"partitions": len(steps)}

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        return operator_lineage(getattr(self, "_steps", []))


class DatasetOperator(DriftgateOperator):
    """
    Does one step per partition of one dataset: the run's own partition, or each one of the range in its parameters.

    :param source: where the dataset comes from
    :param dataset: name of a file in ``data_contracts/``, without the suffix
    """

    template_fields: Sequence[str] = ("source", "dataset")
    reached: str | None = None  # the partition that the task came to last: at the end, where its button leads

    def __init__(self, *, source: str, dataset: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.dataset = dataset

    @property
    def stream(self) -> str:  # type: ignore[override]  # known only when the templates are rendered
        return self.source

    def work(self, context: Context) -> Any:
        steps = []
        for key in partition_keys(context):
            self.reached = key
            steps.append(self.step_for(key))
            self.log.info("%s %s: %s", self.dataset, key, steps[-1].summary)
        return self.conclude(steps, context)

    def step_for(self, key: str) -> Step:
        """Do the work for one partition."""
        raise NotImplementedError


class UseCaseOperator(DriftgateOperator):
    """
    Does one step for one use case.

    :param use_case: name of a folder in ``include/use_cases/``
    """

    template_fields: Sequence[str] = ("use_case",)

    def __init__(self, *, use_case: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_case = use_case

    @property
    def stream(self) -> str:  # type: ignore[override]  # known only when the templates are rendered
        return self.use_case
