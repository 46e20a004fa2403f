"""What each try of a task took goes to the ledger, whatever became of it, and never at the price of the task."""

import logging
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped, TaskDeferred

logger = logging.getLogger(__name__)


@contextmanager
def metered(operator: Any, context: Any) -> Iterator[None]:
    """Write the ledger's row of what runs inside; a try that is deferred gets one row of all its parts."""
    started_at, started, cpu_before = datetime.now(UTC), time.monotonic(), _cpu_seconds()
    outcome, skipped_reason = "failed", None
    try:
        yield
        outcome = "succeeded"
    except DownstreamTasksSkipped:  # how a branch succeeds
        outcome = "succeeded"
        raise
    except TaskDeferred:
        outcome = "deferred"
        raise
    except AirflowSkipException as skipped:
        outcome, skipped_reason = "skipped", str(skipped)
        raise
    finally:
        taken = {
            "outcome": outcome,
            "skipped_reason": skipped_reason,
            "started_at": started_at,
            "seconds": round(time.monotonic() - started, 3),
            "cpu_seconds": round(_cpu_seconds() - cpu_before, 3),
            "peak_memory_mib": round(_peak_memory_mib(), 1),
        }
        try:
            _write(operator, context, taken)
        except Exception:
            logger.exception("the ledger has no row of this try")


def bring_up_to_date(job_id: str | None = None) -> None:
    """Write the ledger's rows of what a job, or every job, took; what fails here is done by the next sweep."""
    from driftgate.ledger import collect, collect_all

    try:
        _ = collect(job_id) if job_id else collect_all()
    except Exception:
        logger.exception("the ledger is not up to date")


def _write(operator: Any, context: Any, taken: dict[str, Any]) -> None:
    from driftgate.ledger import TaskTry, record_task

    task = context["ti"]
    one = TaskTry(
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        try_number=task.try_number,
        map_index=-1 if task.map_index is None else task.map_index,
        activity=operator.activity,
        owner=operator.owner,
        **taken,
    )
    record_task(one, _use_case(operator))


def _use_case(operator: Any) -> Any:
    """Return the use case of the task; None if it has none, or none that can be read."""
    from driftgate.errors import ConfigError
    from driftgate.use_cases import load_use_case

    name = getattr(operator, "use_case", None)
    with suppress(ConfigError):
        return load_use_case(name) if name else None
    return None


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of the commands that it ran (DVC, git)."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes on macOS, KiB on Linux
