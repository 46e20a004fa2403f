"""What a unit of work takes: ratios, a frozen baseline, resources without work, implementations side by side."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from driftgate.alarms import alarms
from driftgate.captures.tally import Tally
from driftgate.compute import Attempt
from driftgate.efficiency_policy import Efficiency
from driftgate.lake import lake
from driftgate.ledger import collect_all
from driftgate.ledger.efficiency import EfficiencyReport, compare, unit_cost, write_efficiency
from driftgate.metadata import metadata
from driftgate.use_cases import load_use_case

from .conftest import MONDAY

USE_CASE = load_use_case("flight_delays").model_copy(update={"efficiency": Efficiency()})
MakeAttempt = Callable[..., Attempt]


@pytest.fixture
def week(attempt: MakeAttempt, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EfficiencyReport]:
    """Have a week with an hour of training on two cores, more or less, and so many answers; return its report."""
    monkeypatch.setattr("driftgate.ledger.efficiency._deployed_before", lambda *_: True)

    def of(number: int, *, answers: int, hours: float = 1, use_case: Any = USE_CASE) -> EfficiencyReport:
        begun = MONDAY + timedelta(weeks=number)
        attempt(job_id=f"train-{number}", seconds=3600 * hours, started_at=begun)
        if answers:
            day = f"{begun:%F}"
            tally = Tally(run="r", use_case=USE_CASE.name, day=day, answers=answers, left_out=0, captures=answers)
            lake().write(tally.path, tally.canonical())
            os.utime(lake().uri(tally.path).removeprefix("file://"), (begun.timestamp(),) * 2)
        collect_all()
        return write_efficiency(use_case, begun.date())

    return of


def told() -> list[str]:
    return [one.sentence for one in alarms(prefix="cost/efficiency/") if one.state == "open"]


def test_a_week_is_divided_by_its_work(week) -> None:
    report = week(0, answers=4_000)
    predictions, trainings = report.costs
    assert (predictions.units, predictions.ratios["vcpu_minutes"]) == (4_000, 30)
    assert (trainings.units, trainings.ratios["vcpu_minutes"], trainings.ratios["gb_stored"]) == (1, 120, None)
    assert (report.week, report.baseline_week, report.findings) == ("2026-W10", "2026-W10", ())
    assert lake().exists("reports/efficiency/flight_delays/2026-W10.json")


def test_a_fifth_more_than_the_frozen_baseline_is_an_alarm_that_ends(week) -> None:
    week(0, answers=4_000)
    assert week(1, answers=3_400).findings == ()
    findings = week(2, answers=3_200).findings
    assert (
        "takes 37.5 vcpu_minutes per 1,000 predictions, 25% more than in the baseline week 2026-W10 (30)" in findings[0]
    )
    assert set(told()) == set(findings)
    assert week(3, answers=4_000).baseline_week == "2026-W10"
    assert told() == []


def test_resources_without_work_are_an_alarm_and_no_division(week) -> None:
    report = week(0, answers=0)
    assert report.costs[0].ratios["vcpu_minutes"] is None
    (finding,) = report.findings
    assert finding == "2026-W10: flight_delays took 120 vcpu_minutes, 90 cpu_minutes and there was no prediction."
    assert told() == list(report.findings)
    week(1, answers=4_000)
    assert told() == []


def test_a_target_holds_in_the_first_week_too(week) -> None:
    strict = USE_CASE.model_copy(update={"efficiency": Efficiency(targets={"vcpu_minutes": 20})})
    (finding,) = week(0, answers=4_000, use_case=strict).findings
    assert finding.endswith("takes 30 vcpu_minutes per 1,000 predictions, over the target 20.")


def test_before_a_promotion_nothing_is_expected(attempt: MakeAttempt) -> None:
    attempt()
    collect_all()
    assert write_efficiency(USE_CASE, date(2026, 3, 4)).findings == ()
    assert metadata().all_latest("efficiency_baseline") == []


def test_what_nobody_knows_is_counted_and_is_no_zero() -> None:
    assert unit_cost("prediction", [], 10).ratios["energy_kwh"] is None


def test_two_trainers_are_compared_by_the_same_ratios(attempt: MakeAttempt) -> None:
    attempt()
    attempt(job_id="train-2", trainer="torch", seconds=7200)
    collect_all()
    found = compare("flight_delays", "trainer")
    assert {name: cost.ratios["vcpu_minutes"] for name, cost in found.items()} == {"lightgbm": 120, "torch": 240}
