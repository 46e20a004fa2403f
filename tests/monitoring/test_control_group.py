"""What a model is worth against its control: what was planted is found, too few rows say nothing, lots are drawn."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from driftgate import uris
from driftgate.lake import lake
from driftgate.models.rule import Rule
from driftgate.monitoring import join_ground_truth
from driftgate.monitoring.answers import answers
from driftgate.monitoring.control_group import control_findings, difference, measured_value
from driftgate.monitoring.judges.service import counted
from driftgate.monitoring.recorded_night import RecordedNight
from driftgate.monitoring.value import write_value
from driftgate.use_cases import UseCase

DAY = "2013-04-02"  # 983 flights, three of them without an arrival
EVERY = 4  # n-th caller is the control's


@pytest.fixture
def split(nights: Any, use_case: UseCase) -> Any:
    """A real day whose callers a model answered, and every fourth a rule that never warns."""

    def of(
        *, skill: float = 1.0, rules: float | None = None, rows: int = 983, revision: int = 1, control: Any = None
    ) -> None:
        asked, scores = nights.rows(DAY)[:rows], nights.scores(DAY, skill=skill)[:rows]
        theirs = control or [n % EVERY == 0 for n in range(rows)]
        kept = [(row, score) for row, score, other in zip(asked, scores, theirs, strict=True) if not other]
        nights.answer(DAY, *zip(*kept, strict=True), revision=revision)
        told = [0.0] * rows if rules is None else nights.scores(DAY, skill=rules)[:rows]
        others = [(row, score) for row, score, other in zip(asked, told, theirs, strict=True) if other]
        nights.answer(DAY, *zip(*others, strict=True), role="control", revision=revision)
        nights.happen(DAY)
        join_ground_truth(use_case, DAY)

    return of


def test_a_planted_difference_is_found_with_an_interval(split: Any, use_case: UseCase, nights: Any) -> None:
    split()
    late = np.array(nights.scores(DAY, skill=1))
    (found,) = measured_value(use_case, DAY)
    assert (found.version, found.since, found.until) == ("1", "2013-03-06", DAY)
    assert (found.rows, found.control_rows) == (736, 244)
    whole = 1000 * 90 * late.mean()  # a model that errs nowhere against a rule that misses every late flight
    assert found.saved_interval is not None
    assert found.saved_interval[0] < whole < found.saved_interval[1]
    assert found.verdict == "saves"
    assert not found.changes_outcomes
    assert "244 of the control" in found.sentence
    assert list(control_findings(use_case, (found,))) == []


def test_a_model_that_costs_more_than_its_control_is_a_finding(split: Any, use_case: UseCase) -> None:
    split(skill=0, rules=1)  # noise against a rule that never errs
    (found,) = measured_value(use_case, DAY)
    assert found.verdict == "costs"
    assert list(control_findings(use_case, (found,))) == [
        "Version 1 costs its callers more than the control does, as measured on both."
    ]


def test_few_rows_are_counted_and_nothing_is_said(split: Any, use_case: UseCase) -> None:
    split(rows=790)  # 198 of the control
    (found,) = measured_value(use_case, DAY)
    assert (found.verdict, found.saved_usd_per_1000, found.outcome_interval) == ("insufficient", None, None)
    assert "200 of each are needed" in found.sentence


def test_answers_before_there_was_a_control_are_left_out(split: Any, nights: Any, use_case: UseCase) -> None:
    rows = nights.rows(DAY)
    nights.answer(DAY, rows[900:], [1.0] * 83, revision=1)
    split(rows=900, revision=2)
    (found,) = measured_value(use_case, DAY)
    assert found.rows + found.control_rows <= 900


def test_where_answers_change_what_happens_the_report_says_so(split: Any, nights: Any, use_case: UseCase) -> None:
    late = [score > 0.5 for score in nights.scores(DAY, skill=1)]
    split(control=[is_late or n % 3 == 0 for n, is_late in enumerate(late)])  # as if the model had prevented the rest
    (found,) = measured_value(use_case, DAY)
    assert found.outcome_shift is not None
    assert found.outcome_shift < 0
    assert found.changes_outcomes
    assert "is not causal; go by what was measured" in next(control_findings(use_case, (found,)))


def test_it_stands_beside_the_rule_in_the_report_of_the_week(split: Any, nights: Any, use_case: UseCase) -> None:
    rule = Rule(by=(), event_time="scheduled_departure", groups=(), answer=0.0)
    lake().write(f"{uris.package(use_case.name, '1')}/fallback.json", rule.canonical())
    split()
    report = write_value(use_case, date(2013, 4, 2))
    assert report is not None
    assert [one.verdict for one in report.measured] == ["saves"]
    assert (report.answers, report.models[0].rows) == (737, 736)  # the control's answers are none of the model's


def test_a_control_that_was_asked_for_and_is_not_there_is_a_finding(use_case: UseCase) -> None:
    promote = use_case.promote.model_copy(update={"control_share": 5})
    asked = use_case.model_copy(update={"promote": promote})
    assert "No answer of a control" in next(control_findings(asked, measured_value(asked, DAY)))
    assert list(control_findings(use_case, ())) == []


def test_no_monitor_takes_the_controls_answers_for_the_models(split: Any, nights: Any, use_case: UseCase) -> None:
    nights.model("1")
    split()
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.labelled, result.control, result.duplicates) == (737, 736, 246, 0)
    assert set(answers(use_case.name, DAY).column("variant_role").to_pylist()) == {"champion"}
    night = RecordedNight(use_case, DAY)
    day = night.labelled_day(DAY)
    assert day is not None
    assert len(day.labels) == 736
    assert counted(night.captures_of(DAY)).requests == 737
    assert night.features.num_rows == 737


def test_the_interval_covers_as_often_as_it_says_when_lots_are_drawn_anew() -> None:
    """Of 2,000 draws of a control out of the same callers, whose costs are rare, large and alike on a day."""
    random = np.random.default_rng(11)
    days = np.repeat(random.normal(0, 0.08, 28), 150)
    one, other = (random.random(days.size) < np.clip(share + days, 0, 1) for share in (0.2, 0.25))
    paid, control = 90.0 * one, 90.0 * other
    held = 0
    for _ in range(2000):
        drawn = random.random(days.size) < 0.05
        _, (low, high) = difference(control[drawn], paid[~drawn], 0.95)
        held += low <= control.mean() - paid.mean() <= high
    assert 0.935 < held / 2000 < 0.975
