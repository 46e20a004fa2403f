"""The calibration report: what it promises holds in the world it was made of, and a newcomer can read it."""

import json

import numpy as np
import pytest
from watched_worlds import Watched

from driftgate.errors import CannotJudge
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.calibration.alarm_price import AlarmRule
from driftgate.monitoring.calibration.page import detection_rows, lead, render_calibration
from driftgate.monitoring.calibration.prices import agreed_prices
from driftgate.monitoring.calibration.report import CalibrationReport, calibration_report
from driftgate.monitoring.worlds import Shift, World
from driftgate.monitoring_policy import Tier
from driftgate.profiles import merge, numeric_column
from driftgate.use_cases import load_use_case

RULE = AlarmRule(2, 3, 4.0)
TIERS: dict[str, Tier] = {"x0": "critical", "x1": "important", "c0": "important", "region": "informational"}


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched(World(3, rows=400, numeric=2, weekday=0.1, level=0.05), range(90))


@pytest.fixture(scope="module")
def baseline(watched: Watched) -> Baseline:
    profiles = [watched.profile(day) for day in range(90)]
    scores = numeric_column(np.array([0.5]), rows=1)
    return Baseline(use_case="a_world", profile=merge(*profiles), days=watched.days, scores=scores, reference={})


@pytest.fixture(scope="module")
def report(baseline: Baseline) -> CalibrationReport:
    return calibration_report(baseline, "3", TIERS, RULE)


def test_the_rate_out_of_sample_has_an_interval_with_the_agreed_one_in_it(report: CalibrationReport) -> None:
    assert report.judged_nights == len(report.keys) == len(report.numbers) == 90
    assert report.achieved_per_year is not None and report.achieved_interval is not None
    low, high = report.achieved_interval
    assert low <= report.achieved_per_year <= high and low <= 4 <= high
    assert "which agrees with it" in lead(report)


def test_informational_features_are_not_counted(report: CalibrationReport) -> None:
    assert [(one.feature, one.tier) for one in report.detections] == [
        ("c0", "important"),
        ("x0", "critical"),
        ("x1", "important"),
    ]


def test_a_shift_of_the_size_that_it_promises_is_found(report: CalibrationReport, watched: Watched) -> None:
    found = {one.feature: one for one in report.detections}
    mean, category = found["x0"].mean, found["c0"].category
    assert mean is not None and mean[0] is not None and 0.05 <= mean[0] <= 0.5
    assert category is not None and category[0] is not None
    sizes = [Shift("mean", mean[0] * 1.03), Shift("category", category[0])]
    for shift in sizes:
        assert watched.over(range(90, 110), RULE, shift).mean() >= 0.7


def test_more_nights_find_no_less(report: CalibrationReport) -> None:
    for one in report.detections:
        for sizes in (one.mean, one.variance, one.category):
            assert sizes is None or (sizes[2] or 99) <= (sizes[1] or 99)


def test_the_same_baseline_gives_the_same_bytes(report: CalibrationReport, baseline: Baseline) -> None:
    again = calibration_report(baseline, "3", TIERS, RULE)
    assert again.canonical() == report.canonical()
    assert CalibrationReport.model_validate(json.loads(report.canonical())) == report
    assert render_calibration(report) == render_calibration(again)


def test_the_page_says_it_in_a_sentence_and_line_by_line(report: CalibrationReport) -> None:
    page = render_calibration(report).decode()
    assert lead(report) in page
    assert "Each quarter of the window was judged by the days of the others" in page
    lines = [row for one in report.detections for row in detection_rows(one)]
    assert len(lines) == 5 and all(len(cells) == 3 for *_, cells in lines)
    assert page.count("<svg ") == 1


def test_the_page_adds_up_what_all_monitors_cost(baseline: Baseline, report: CalibrationReport) -> None:
    page = render_calibration(report.model_copy(update={"prices": agreed_prices(load_use_case("flight_delays"))}))
    assert b"together 10. Of them 4 may start a training (payoff)." in page
    assert b"What all monitors cost together" not in render_calibration(report)  # of before prices were in it


def test_a_window_too_short_to_be_split_says_nothing_of_its_rate(watched: Watched, baseline: Baseline) -> None:
    days = watched.days
    short = days.model_copy(
        update={
            "keys": days.keys[:30],
            "features": {n: f.model_copy(update={"counts": f.counts[:30]}) for n, f in days.features.items()},
        }
    )
    found = calibration_report(baseline.model_copy(update={"days": short}), "3", TIERS, RULE)
    assert (found.judged_nights, found.achieved_per_year) == (0, None)
    assert lead(found).endswith("its window is too short to say how often it does.")
    assert b"Train on a longer window" in render_calibration(found)


def test_a_baseline_without_days_is_a_sentence(baseline: Baseline) -> None:
    old = baseline.model_copy(update={"days": None, "schema_version": 1})
    with pytest.raises(CannotJudge, match="does not tell its training days"):
        calibration_report(old, "3", TIERS, RULE)


def test_the_golden_report_is_written_and_read_unchanged() -> None:
    golden = (
        '{"accepted_per_year":4.0,"achieved_interval":[0.0,9.1],"achieved_per_year":0.0,"detections":[{"category":[0.07'
        ',0.05,null],"feature":"carrier","mean":null,"tier":"critical","variance":null}],"judged_alarms":0,"judged_nigh'
        'ts":2,"judged_over":0,"keys":["2013-01-01","2013-01-02"],"limit":2.31,"numbers":[1.25,0.5],"prices":[{"monitor":"p'
        'ayoff","per_year":4.0,"trains":true}],"rule_nights":2,"rule_of_last":3,"schema_version":1,"use_case":"flight_d'
        'elays","version":"3"}'
    )
    assert CalibrationReport.model_validate_json(golden).canonical().decode() == golden
    before = golden.replace('"prices":[{"monitor":"payoff","per_year":4.0,"trains":true}],', "")
    assert CalibrationReport.model_validate_json(before).prices == ()
