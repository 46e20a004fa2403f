"""Every try of a task has one row, also when its worker was given back in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from driftgate.ledger import TaskTry, record_task, rows
from driftgate.use_cases import load_use_case

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def task(**changes: Any) -> TaskTry:
    values: dict[str, Any] = {
        "dag_id": "flight_delays.retrain",
        "run_id": "nightly",
        "task_id": "train_candidate",
        "try_number": 1,
        "activity": "retrain",
        "owner": "network-operations",
        "outcome": "succeeded",
        "started_at": START,
        "seconds": 4.0,
        "cpu_seconds": 1.5,
        "peak_memory_mib": 200.0,
    }
    return TaskTry(**{**values, **changes})


def test_a_try_has_a_row_with_whose_it_is() -> None:
    row = record_task(task(), load_use_case("flight_delays"))
    assert rows() == [row]
    assert (row.owner, row.business_unit, row.environment, row.tagged) == (
        "network-operations",
        "demo",
        "development",
        True,
    )
    assert (row.phase, row.cost_usd, row.seconds, row.week) == ("training", 0, 4, "2026-W10")


def test_written_twice_it_is_one_row_and_another_try_another() -> None:
    record_task(task())
    record_task(task())
    record_task(task(try_number=2, outcome="failed"))
    record_task(task(map_index=3))
    assert [(row.try_number, row.map_index) for row in rows()].count((1, -1)) == 1
    assert len(rows()) == 3


def test_the_parts_of_a_deferred_try_are_added_up_and_the_waiting_is_not() -> None:
    record_task(task(outcome="deferred", seconds=2))
    record_task(task(outcome="deferred", seconds=1, started_at=START + timedelta(hours=1)))
    last = task(seconds=4, peak_memory_mib=900, started_at=START + timedelta(hours=2))
    for _ in range(2):  # the worker may die between the row and its answer to Airflow
        row = record_task(last)
        assert (row.outcome, row.seconds, row.cpu_seconds, row.peak_memory_mib) == ("succeeded", 7, 4.5, 900)
        assert (row.started_at, row.ended_at) == (START, START + timedelta(hours=2, seconds=4))
    assert len(rows()) == 1


def test_a_part_written_twice_counts_once() -> None:
    record_task(task(outcome="deferred", seconds=2))
    record_task(task(outcome="deferred", seconds=2))
    assert record_task(task(started_at=START + timedelta(hours=1))).seconds == 6


def test_a_skipped_task_says_why() -> None:
    assert record_task(task(outcome="skipped", skipped_reason="a quiet night")).skipped_reason == "a quiet night"


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        task(started_at=datetime(2026, 3, 2))
