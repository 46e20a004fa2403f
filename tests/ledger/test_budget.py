"""Nothing is started that the week's budget does not hold, and the owner hears of it once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.compute import Attempt
from driftgate.compute.job_records import JobRecord, note
from driftgate.errors import ConfigError, NotPermitted
from driftgate.lake import lake
from driftgate.ledger import check_budget, collect_all, over_budget, rows
from driftgate.ledger.budget import require_budget, week_of
from driftgate.ledger.prices import price_table
from driftgate.ledger.rows import write_row
from driftgate.metadata import metadata
from driftgate.training import training_spec
from driftgate.use_cases import Budget, UseCase, load_use_case

MakeAttempt = Callable[..., Attempt]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def use_case(usd_per_week: float = 1.0, **changes: Any) -> UseCase:
    budget = Budget(usd_per_week=usd_per_week, **changes)
    return load_use_case("flight_delays").model_copy(update={"budget": budget})


def alarms() -> list[str]:
    return [entry.subject.rpartition("/")[2] for entry in metadata().all_latest("alarm", "budget/flight_delays/")]


@pytest.fixture
def spent(attempt: MakeAttempt) -> Callable[[float], None]:
    """Spend this many hours at $0.08925 (c7i.large, on demand) on Monday morning."""

    def of(hours: float, **changes: Any) -> None:
        attempt(job_id=f"job-{len(rows())}", spot=False, seconds=hours * 3600, **changes)
        collect_all()

    return of


def test_what_fits_passes_and_what_does_not_is_blocked(spent: Callable[..., None]) -> None:
    spent(8)  # 0.714
    fits = check_budget(use_case(), 0.286, MONDAY)
    assert (fits.decision, fits.spent_usd, fits.limit_usd, fits.week) == ("pass", 0.714, 1.0, "2026-W10")
    assert fits.sentence == "flight_delays has spent $0.71 of $1.00 in 2026-W10; this adds about $0.29 and fits."
    over = check_budget(use_case(), 0.3, MONDAY)
    assert over.decision == "block"
    assert (
        "this would add about $0.30, more than is left: wait for Monday, use a cheaper target, or raise"
        in over.sentence
    )


def test_the_use_case_decides_whether_a_person_may_allow_it(spent: Callable[..., None]) -> None:
    spent(8)
    asked = check_budget(use_case(on_exceeded="needs_approval"), 0.3, MONDAY)
    assert asked.decision == "needs_approval"
    assert "let its owner approve it" in asked.sentence


def test_by_hand_nothing_starts_that_is_not_covered(spent: Callable[..., None]) -> None:
    spent(8)
    require_budget(check_budget(use_case(), 0.2, MONDAY))
    with pytest.raises(NotPermitted, match="more than is left"):
        require_budget(check_budget(use_case(), 0.3, MONDAY), approved=True)
    asked = check_budget(use_case(on_exceeded="needs_approval"), 0.3, MONDAY)
    with pytest.raises(NotPermitted, match="--beyond-budget"):
        require_budget(asked)
    require_budget(asked, approved=True)


def test_last_week_and_other_use_cases_are_not_counted(spent: Callable[..., None]) -> None:
    spent(8, started_at=MONDAY - timedelta(days=1))
    spent(8, use_case="air_time")
    assert check_budget(use_case(), 1.0, MONDAY + timedelta(days=6)).decision == "pass"
    assert check_budget(use_case(), 1.0, MONDAY - timedelta(days=1)).decision == "block"


def test_what_costs_nothing_may_go_on_when_all_is_spent(spent: Callable[..., None]) -> None:
    spent(20)
    assert check_budget(use_case(), 0.0, MONDAY).decision == "pass"


def test_an_unknown_price_does_not_pass(spent: Callable[..., None]) -> None:
    spent(1, instance_type="p9.huge")
    answer = check_budget(use_case(), None, MONDAY)
    assert (answer.decision, answer.unknown_rows) == ("block", 1)
    assert (
        "not counting 1 rows or jobs of unknown cost; what this would add is not known, so it is not started"
        in answer.sentence
    )


def test_without_a_budget_everything_passes() -> None:
    free = load_use_case("flight_delays").model_copy(update={"budget": None})
    answer = check_budget(free, None, MONDAY)
    assert (answer.decision, answer.limit_usd) == ("pass", None)


def running(job_id: str, target: str = "local_small") -> None:
    spec = training_spec(use_case(), "flight_delays/2013-03-31-3f9c2a1", job_id).model_copy(update={"target": target})
    note(JobRecord(job_id=job_id, spec=spec, target=target, submitted_at=MONDAY, placed_at=MONDAY), expected=0)


def test_what_running_jobs_will_spend_counts_once(spent: Callable[..., None], monkeypatch: Any) -> None:
    dear = price_table().model_copy(update={"local_usd_per_hour": 1.0})  # local_small: half an hour at the most
    monkeypatch.setattr("driftgate.ledger.prices.price_table", lambda: dear)
    running("job-a")
    running("job-b")
    answer = check_budget(use_case(1.2), 0.25, MONDAY)
    assert (answer.decision, answer.committed_usd) == ("block", 1.0)
    assert "and running jobs are expected to spend $1.00 more; this would add about $0.25" in answer.sentence
    assert check_budget(use_case(1.2), 0.5, MONDAY, job_id="job-b").committed_usd == 0.5

    lake().write("jobs/job-b/result.json", b"{}")  # it has ended, nobody has taken note yet
    assert check_budget(use_case(1.2), 0.25, MONDAY).committed_usd == 0.5


def test_what_a_running_job_has_spent_is_not_expected_again(attempt: MakeAttempt, monkeypatch: Any) -> None:
    dear = price_table().model_copy(update={"local_usd_per_hour": 1.0})
    monkeypatch.setattr("driftgate.ledger.prices.price_table", lambda: dear)
    monkeypatch.setattr("driftgate.ledger.jobs.price_table", lambda: dear)
    running("job-a")
    attempt(job_id="job-a", target="local_small", backend="local", seconds=900, spot=False, outcome="running")
    answer = check_budget(use_case(), 0.1, MONDAY)
    assert (answer.spent_usd, answer.committed_usd) == (0.25, 0.25)


def test_the_bill_overrules_the_estimate(spent: Callable[..., None]) -> None:
    spent(8)
    (row,) = rows()
    write_row(row.model_copy(update={"cost_billed_usd": 0.95}))
    assert check_budget(use_case(), 0.06, MONDAY).spent_usd == 0.95


def test_each_share_of_the_budget_is_an_alarm_once_a_week(spent: Callable[..., None]) -> None:
    spent(5)  # 0.446
    check_budget(use_case(), 0.1, MONDAY)
    assert alarms() == []
    spent(1)  # 0.536
    check_budget(use_case(), 0.1, MONDAY)
    assert alarms() == ["50"]
    spent(6)  # 1.071
    for _ in range(3):
        check_budget(use_case(), 0.1, MONDAY)
    assert alarms() == ["100", "50", "80", "forecast"]
    entries = metadata().all_latest("alarm", "budget/")
    assert {entry.revision for entry in entries} == {1}
    assert entries[0].body["sentence"].startswith("100 % of the week's budget is spent: flight_delays has spent $1.07")


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no zone, so its week is not certain"):
        check_budget(use_case(), 0.1, datetime(2026, 3, 2))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_week_has_seven_days_and_begins_on_monday(at: datetime) -> None:
    first, last = week_of(at)
    assert first <= at < last
    assert (first.isoweekday(), first.hour, last - first) == (1, 0, timedelta(days=7))
    assert week_of(last)[0] == last


@settings(max_examples=25, deadline=None)  # each asks the store
@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_never_over_budget(limit: float, forecast: float) -> None:
    answer = check_budget(use_case(limit), forecast, MONDAY)
    assert (answer.decision == "pass") == (forecast <= limit)


def test_what_a_training_usually_costs_is_held_against_the_week_and_nobody_is_told(spent: Callable[..., None]) -> None:
    assert over_budget(use_case(0.7), MONDAY) is None  # nothing is spent, nothing is known
    spent(4)  # 0.357
    assert over_budget(use_case(0.72), MONDAY) is None
    sentence = over_budget(use_case(0.7), MONDAY)
    assert sentence is not None
    assert sentence.startswith("flight_delays has spent $0.36 of $0.70 this week, and a training costs about $0.36")
    assert over_budget(use_case(0.7, on_exceeded="needs_approval"), MONDAY) is None
    assert over_budget(use_case(0.7), MONDAY + timedelta(days=7)) is None
    assert alarms() == []
