"""Rows of tasks: one for every try, however often its worker was given back and taken again."""

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime

from driftgate.compute.tags import PHASES, Activity
from driftgate.ledger.prices import price_table
from driftgate.ledger.rows import LedgerRow, row_history, write_row
from driftgate.records import Record
from driftgate.settings import settings
from driftgate.use_cases import UseCase

SECONDS_PER_HOUR = 3600
TaskOutcome = Literal["deferred", "succeeded", "failed", "skipped"]


class TaskTry(Record):
    """What an operator knows when one execution of it ends: the whole try, or the part up to a deferral."""

    dag_id: str
    run_id: str
    task_id: str
    try_number: int
    map_index: int = -1  # Airflow's own number for a task that is not mapped
    activity: Activity
    owner: str  # the task's; of a use case, its team
    outcome: TaskOutcome
    started_at: AwareDatetime
    seconds: float
    cpu_seconds: float | None = None
    peak_memory_mib: float | None = None
    skipped_reason: str | None = None
    cache_hit: bool | None = None
    dataset_version: str | None = None
    model_version: str | None = None


def record_task(one: TaskTry, use_case: UseCase | None = None) -> LedgerRow:
    """Write the row of a try and return it. Written twice it is one row; after a deferral the parts are added up.

    What the worker costs is the price of the machine that runs Airflow; a job that it started has rows of its own.
    """
    first = _row(one, use_case)
    deferred = [
        row for row in row_history(first.subject) if row.outcome == "deferred" and row.ended_at <= first.started_at
    ]
    return write_row(_joined(deferred[-1], first) if deferred else first)


def _row(one: TaskTry, use_case: UseCase | None) -> LedgerRow:
    owner = use_case.owner if use_case else None
    about = one.model_dump()
    return LedgerRow(
        kind="task",
        phase=PHASES[one.activity],
        project=settings().project,
        business_unit=(owner and owner.business_unit) or settings().business_unit or None,
        cost_centre=owner.cost_centre if owner else None,
        environment=settings().stage,
        use_case=use_case.name if use_case else None,
        ended_at=one.started_at + timedelta(seconds=one.seconds),
        **about,
        **_cost(one.seconds),
    )


def _cost(seconds: float) -> dict[str, object]:
    table = price_table()
    cost = round(table.local_usd_per_hour * seconds / SECONDS_PER_HOUR, 6)
    source = f"price table of {table.as_of}"
    return {"billed_seconds": seconds, "cost_usd": cost, "on_demand_usd": cost, "price_source": source}


def _joined(before: LedgerRow, now: LedgerRow) -> LedgerRow:
    """Return the row of the whole try: the seconds of both parts, and nothing for the time between them."""
    seconds = round(before.seconds + now.seconds, 3)
    cpu = (before.cpu_seconds, now.cpu_seconds)
    memory = [peak for peak in (before.peak_memory_mib, now.peak_memory_mib) if peak is not None]
    return now.model_copy(
        update={
            "started_at": before.started_at,
            "seconds": seconds,
            "cpu_seconds": None if None in cpu else round(sum(part for part in cpu if part), 3),
            "peak_memory_mib": max(memory, default=None),
            **_cost(seconds),
        }
    )
