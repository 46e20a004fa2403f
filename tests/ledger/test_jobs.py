"""Every attempt of a job becomes one row, the killed ones too, and however often it is collected."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from driftgate.compute import Attempt
from driftgate.ledger import collect, collect_all, prices, rows
from driftgate.metadata import metadata

MakeAttempt = Callable[..., Attempt]


def test_an_attempt_becomes_a_row_with_its_price_and_what_spot_saved(attempt: MakeAttempt) -> None:
    attempt(bytes_received=2_000_000_000, bytes_sent=500_000_000)
    (row,) = collect("train-1")
    assert (row.kind, row.job_id, row.attempt, row.outcome, row.interruptions) == ("job", "train-1", 1, "succeeded", 0)
    assert (row.activity, row.phase, row.owner, row.run_id, row.tagged) == (
        "retrain",
        "training",
        "ops",
        "nightly",
        True,
    )
    assert (row.cost_usd, row.on_demand_usd, row.saving_usd) == (0.0363, 0.08925, 0.05295)
    assert (row.price_source, row.cost_note, row.cost_billed_usd) == ("price table of 2026-06-17", "", None)
    assert (row.vcpu_minutes, row.gpu_minutes, row.gb_moved, row.arch) == (120, None, 2.5, "x86_64")
    assert row.energy_kwh == pytest.approx((1.48 + 1.5 * 2.76 + 4 * 0.392) / 1000 * 1.135, abs=1e-6)
    assert row.kg_co2e == pytest.approx(row.energy_kwh * 0.365, abs=1e-6)
    assert row.energy_method is not None
    assert rows("flight_delays") == [row]


def test_collecting_again_and_at_once_is_still_one_row_each(attempt: MakeAttempt) -> None:
    attempt(outcome="interrupted")
    attempt(number=2, resumed_from=40, started_at=datetime(2026, 3, 2, 11, tzinfo=UTC))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(collect, ["train-1"] * 8))
    assert [(row.attempt, row.interruptions) for row in rows()] == [(1, 1), (2, 0)]
    revisions = len(metadata().history("ledger", rows()[0].subject))
    collect("train-1")
    assert len(metadata().history("ledger", rows()[0].subject)) == revisions


def test_a_running_attempt_is_brought_up_to_date_and_a_silent_one_counts_as_interrupted(attempt: MakeAttempt) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=20)
    attempt(outcome="running", started_at=begun, seconds=10)
    (row,) = collect("train-1")
    assert (row.outcome, row.seconds, row.billed_seconds) == ("running", 10, 60)  # the least that EC2 bills
    attempt(outcome="running", started_at=begun - timedelta(minutes=5), seconds=18)
    (row,) = collect("train-1")
    assert (row.outcome, row.seconds, len(rows())) == ("interrupted", 18, 1)


def test_an_attempt_that_was_only_silent_is_brought_up_to_date(attempt: MakeAttempt) -> None:
    attempt(outcome="running", seconds=100)  # of March: silent for long
    assert collect("train-1")[0].outcome == "interrupted"
    attempt(outcome="running", seconds=500)
    assert [row.seconds for row in collect("train-1")] == [500]


def test_jobs_whose_task_never_came_to_its_end_are_found(attempt: MakeAttempt) -> None:
    attempt(job_id="train-1")
    attempt(job_id="tune-2", use_case="air_time", number=1)
    assert {(row.job_id, row.use_case) for row in collect_all()} == {
        ("train-1", "flight_delays"),
        ("tune-2", "air_time"),
    }
    assert [row.job_id for row in rows("air_time")] == ["tune-2"]


def test_what_has_said_how_it_ended_is_not_read_again(attempt: MakeAttempt) -> None:
    attempt(job_id="train-1")
    attempt(job_id="train-2", outcome="interrupted")
    assert len(collect_all()) == 2
    attempt(job_id="train-2", number=2)
    assert [(row.job_id, row.attempt) for row in collect_all()] == [("train-2", 1), ("train-2", 2)]


def test_an_ended_attempt_keeps_the_price_it_was_written_with(attempt: MakeAttempt, monkeypatch) -> None:
    attempt()
    (before,) = collect("train-1")
    dearer = prices.price_table().model_copy(update={"regions": {}})
    monkeypatch.setattr("driftgate.ledger.prices.price_table", lambda: dearer)
    assert collect("train-1") == [before]


def test_a_price_that_is_not_known_is_not_nothing(attempt: MakeAttempt) -> None:
    attempt(instance_type="c7i.larg")
    (row,) = collect("train-1")
    assert (row.cost_usd, row.on_demand_usd, row.saving_usd, row.price_source) == (None, None, None, None)
    assert "has no instance type 'c7i.larg' in us-east-1; did you mean 'c7i.large'" in row.cost_note


def test_a_local_job_costs_the_stated_nothing(attempt: MakeAttempt) -> None:
    attempt(backend="local", instance_type=None, spot=False, region=None, seconds=5)
    (row,) = collect("train-1")
    assert (row.cost_usd, row.billed_seconds, row.saving_usd) == (0, 5, None)


def test_an_untagged_job_is_written_all_the_same(attempt: MakeAttempt) -> None:
    attempt(tags={})
    (row,) = collect("train-1")
    assert (row.tagged, row.activity, row.owner) == (False, "train", None)


def test_rows_can_be_asked_for_by_time(attempt: MakeAttempt) -> None:
    attempt()
    collect("train-1")
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert len(rows(since=start, until=start + timedelta(seconds=1))) == 1
    assert rows(until=start) == rows(since=start + timedelta(seconds=1)) == []
