"""The sums of the ledger are those of its rows, and what is not known is not in them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from driftgate.compute import Attempt
from driftgate.ledger import TaskTry, collect_all, record_task, rows
from driftgate.ledger.summary import cost_report
from driftgate.metadata import metadata
from driftgate.use_cases import load_use_case

MakeAttempt = Callable[..., Attempt]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def spent(attempt: MakeAttempt) -> None:
    """Two trainings and a tuning in two weeks, one of them interrupted, one of unknown price, and a task."""
    attempt(job_id="train-1", number=1, outcome="interrupted")
    attempt(job_id="train-1", number=2, started_at=MONDAY + timedelta(hours=2))
    attempt(job_id="train-2", started_at=MONDAY + timedelta(days=7), spot=False)
    tags = {"activity": "tune", "owner": "ops"}
    attempt(job_id="tune-1", use_case="air_time", tags=tags, instance_type="p9.huge", started_at=MONDAY)
    collect_all()
    ours = {"dag_id": "d", "run_id": "r", "task_id": "t", "try_number": 1, "activity": "prepare", "owner": "ops"}
    record_task(TaskTry(**ours, outcome="succeeded", started_at=MONDAY, seconds=1), load_use_case("flight_delays"))


@pytest.mark.usefixtures("spent")
def test_groups_add_up_to_the_whole() -> None:
    for by in ("use_case", "activity", "owner", "week"):
        report = cost_report([by])
        assert sum(total.usd for total in report.groups) == pytest.approx(report.total.usd)
        assert sum(total.rows for total in report.groups) == report.total.rows == 5
    assert report.total.usd == pytest.approx(2 * 0.0363 + 0.08925)
    assert (report.total.unknown, report.total.interruptions, report.total.jobs) == (1, 1, 3)
    assert report.total.saved_usd == pytest.approx(2 * 0.05295)
    assert report.total.cpu_hours == pytest.approx(4 * 1.5)


@pytest.mark.usefixtures("spent")
def test_groups_are_called_by_what_the_rows_say() -> None:
    report = cost_report(["use_case", "activity"])
    assert [total.group for total in report.groups] == [
        ("air_time", "tune"),
        ("flight_delays", "prepare"),
        ("flight_delays", "retrain"),
    ]
    assert [total.group for total in cost_report(["week"]).groups] == [("2026-W10",), ("2026-W11",)]


@pytest.mark.usefixtures("spent")
def test_a_report_is_of_its_time_only() -> None:
    assert cost_report(["week"], since=MONDAY + timedelta(days=7)).total.jobs == 1
    assert cost_report(["week"], until=MONDAY).total.rows == 0


@pytest.mark.usefixtures("spent")
def test_what_nobody_answers_for_is_counted() -> None:
    report = cost_report(["owner"])
    assert (report.untagged_rows, report.untagged_spend_pct) == (1, 0.0)  # of unknown cost


def test_untagged_money_is_a_share_of_all(attempt: MakeAttempt) -> None:
    attempt(job_id="a")
    attempt(job_id="b", tags={})
    collect_all()
    assert cost_report(["owner"]).untagged_spend_pct == 50
    assert [total.group for total in cost_report(["owner"]).groups] == [("(none)",), ("ops",)]


def test_nothing_spent_has_no_share() -> None:
    report = cost_report(["owner"])
    assert (report.total.usd, report.untagged_spend_pct, report.groups) == (0, None, ())


@pytest.mark.usefixtures("spent")
def test_quiet_nights_save_the_median_retraining_each() -> None:
    for day, decision in enumerate(["quiet", "watch", "retrain", "review", "cannot_judge", "quiet"]):
        metadata().append("verdict", f"flight_delays/2013-04-0{day + 1}", {"decision": decision, "backfill": day == 5})
    (avoided,) = cost_report(["owner"]).avoided
    each = (2 * 0.0363 + 0.08925) / 2
    assert (avoided.use_case, avoided.nights) == ("flight_delays", 3)
    assert avoided.usd_per_retraining == pytest.approx(each, abs=1e-6)
    assert avoided.usd == pytest.approx(3 * each, abs=1e-5)
    assert "3 nights on which flight_delays was judged and left alone, times $0.0809" in avoided.sentence


def test_a_retraining_that_only_time_asked_for_is_named_with_its_justification() -> None:
    schedule = {"every_days": 7, "justification": "The audit asks for it."}
    body = {"decision": "retrain", "rule": "schedule_due", "backfill": False, "policy": {"schedule": schedule}}
    metadata().append("verdict", "flight_delays/2013-04-01", body)
    (avoided,) = cost_report(["owner"]).avoided
    assert (avoided.nights, avoided.scheduled) == (0, 1)
    assert avoided.sentence.endswith(
        "1 of its retrainings were due to its schedule and to no drift: The audit asks for it."
    )


def test_without_a_retraining_nobody_knows_what_was_saved() -> None:
    metadata().append("verdict", "flight_delays/2013-04-01", {"decision": "quiet", "backfill": False})
    (avoided,) = cost_report(["owner"]).avoided
    assert (avoided.nights, avoided.usd) == (1, None)
    assert "is not known" in avoided.sentence
    assert rows() == []
