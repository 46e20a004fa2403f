"""What happens when a task fails for good: a line in the log and an alarm record that an operator can list."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def record_alarm(context: Any) -> None:
    """Record a failed task as an alarm; used as ``on_failure_callback`` of every task."""
    from driftgate.metadata import metadata

    task = context["ti"]
    sentence = str(context.get("exception") or "the task failed without a message")
    subject = f"{task.dag_id}/{task.task_id}/{context['dag_run'].partition_key or task.run_id}"
    metadata().append("alarm", subject, {"state": "open", "sentence": sentence[:1000], "run_id": task.run_id})
    logger.error("alarm %s: %s", subject, sentence)
