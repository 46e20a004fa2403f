"""What a use case earns: against its rule on the same rows, less what it takes; what follows; what is not known."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from driftgate import uris
from driftgate.alarms import alarms
from driftgate.lake import lake
from driftgate.ledger.rows import LedgerRow, write_row
from driftgate.models.rule import Rule
from driftgate.monitoring import join_ground_truth
from driftgate.monitoring.value import ValueReport, read_value, write_value
from driftgate.value_policy import Value

DAY = "2013-04-09"  # a Tuesday; its outcomes are joined in the night of the same day
MONDAY = date(2013, 4, 8)


@pytest.fixture
def ledger(use_case):
    """Two dollars that the week cost to run."""

    def of(usd: float) -> None:
        at = datetime(2013, 4, 8, 9, tzinfo=UTC)
        write_row(LedgerRow(
            kind="job", job_id="train-1", attempt=1, activity="retrain", phase="training", use_case=use_case.name,
            outcome="succeeded", started_at=at, ended_at=at, seconds=1, billed_seconds=60, cost_usd=usd,
        ))  # fmt: skip

    return of


@pytest.fixture
def week(nights, use_case, ledger):
    """A day of real flights, answered with so much skill beside a rule that says the same of all; what came of it."""

    def of(
        *, skill: float = 1.0, value: Value | None = None, outcomes: bool = True, usd: float | None = None
    ) -> ValueReport:
        if usd is not None:
            ledger(usd)
        rule = Rule(by=(), event_time="scheduled_departure", groups=(), answer=0.0)  # never warns
        lake().write(f"{uris.package(use_case.name, '1')}/fallback.json", rule.canonical())
        nights.answer(DAY, nights.rows(DAY), nights.scores(DAY, skill=skill))
        if outcomes:
            nights.happen(DAY)
            join_ground_truth(use_case, DAY)
        report = write_value(use_case.model_copy(update={"value": value}), MONDAY)
        assert report is not None
        return report

    return of


def earlier(use_case: Any, report: ValueReport, week: str, net: float) -> None:
    told = report.model_copy(update={"week": week, "net_usd": net})
    lake().write(uris.value(use_case.name, week), told.canonical())


def test_the_value_is_the_rules_errors_less_the_models_on_the_same_rows(week) -> None:
    report = week(value=Value(upkeep_usd_per_week=100, usd_per_review=10), usd=2)
    (model,) = report.models
    late = round(model.rule_usd / 90)
    assert (model.model_usd, model.rule_usd) == (0, 90 * late)
    assert 0 < late < model.rows <= report.answers
    assert (report.value_usd, report.review_usd, report.net_usd) == (90 * late, 0, 90 * late - 102)
    assert (report.week, report.action) == ("2013-W15", "expand")
    assert read_value("flight_delays", "2013-W15") == report


def test_what_is_not_known_is_told_and_not_made_up(week) -> None:
    report = week()
    assert (report.infra_usd, report.upkeep_usd, report.review_usd) == (None, None, None)
    assert report.action == "keep"  # nobody knows whether more of it would pay
    assert [finding.split(",")[0] for finding in report.findings] == [
        "The ledger has no cost of that week",
        "flight_delays does not say what upkeep and reviews cost (key 'value')",
    ]


def test_without_outcomes_the_value_is_a_finding_and_an_alarm(week) -> None:
    report = week(outcomes=False)
    assert (report.value_usd, report.net_usd, report.action) == (None, None, "mend_outcomes")
    assert "answers has an outcome" in report.findings[0]
    assert [one.key for one in alarms(prefix="cost/value/")] == ["cost/value/flight_delays"]


def test_a_loss_names_its_remedy_and_three_in_a_row_ask_whether_to_go_on(week, use_case) -> None:
    report = week(value=Value(upkeep_usd_per_week=1e6, usd_per_review=0))
    assert (report.action, report.remedy) == ("optimise", "Take a simpler model that asks for less upkeep.")
    earlier(use_case, report, "2013-W14", -1)
    earlier(use_case, report, "2013-W13", 5)
    again = use_case.model_copy(update={"value": Value(upkeep_usd_per_week=1e6, usd_per_review=0)})
    assert getattr(write_value(again, MONDAY), "action", None) == "optimise"
    earlier(use_case, report, "2013-W13", -1)
    assert getattr(write_value(again, MONDAY), "action", None) == "sunset_review"
    assert "nothing for 3 weeks" in next(one.sentence for one in alarms(prefix="cost/value/"))


def test_a_model_no_better_than_its_rule_is_to_be_retrained(nights, use_case) -> None:
    rule = Rule(by=(), event_time="scheduled_departure", groups=(), answer=0.5)  # warns always
    lake().write(f"{uris.package(use_case.name, '1')}/fallback.json", rule.canonical())
    rows = nights.rows(DAY)
    nights.answer(DAY, rows, [0.5] * len(rows))
    nights.happen(DAY)
    join_ground_truth(use_case, DAY)
    report = write_value(use_case, MONDAY)
    assert report is not None
    assert (report.value_usd, report.action) == (0, "optimise")
    assert report.remedy.startswith("Retrain, or let the rule answer")


def test_a_week_without_answers_has_no_report(use_case) -> None:
    assert write_value(use_case, MONDAY) is None
