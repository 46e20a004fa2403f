"""What happens when a task fails for good, and when it succeeds after all: an alarm begins, or ends."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def record_alarm(context: Any) -> None:
    """Raise an alarm about a failed task, without personal values; the ``on_failure_callback`` of every task."""
    from driftgate.alarms import raise_alarm
    from driftgate.governance.redaction import redactor

    task = context["ti"]
    sentence = redactor()(str(context.get("exception") or "the task failed without a message"))
    evidence = f"{task.run_id}/{task.try_number}"
    raise_alarm("task_failed", _about(context), sentence, use_case=_use_case(task.dag_id), evidence=evidence)


def end_alarm(context: Any) -> None:
    """End the alarm about a task that failed before.

    No callback of Airflow's: with one, a task that does nothing would wait for a worker.
    """
    from driftgate.alarms import clear_alarm

    try:
        clear_alarm("task_failed", _about(context), "The task succeeded after all.")
    except Exception:  # the task's work is done
        logger.exception("the alarm about an earlier failure of this task could not be ended")


def _about(context: Any) -> str:
    task = context["ti"]
    return f"{task.dag_id}/{task.task_id}/{context['dag_run'].partition_key or task.run_id}"


def _use_case(dag_id: str) -> str | None:
    from driftgate.use_cases import use_case_names

    name = dag_id.partition(".")[0]
    return name if name in use_case_names() else None
