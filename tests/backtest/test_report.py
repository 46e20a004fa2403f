"""Numbers of a report, by hand: what was missed, what lies on the frontier, what the rolling mean leaves out."""

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from driftgate.backtest import report
from driftgate.backtest.policies import policies
from driftgate.backtest.report import BacktestReport, Outcome
from driftgate.records import canonical_json
from driftgate.use_cases import load_use_case


def test_a_rolling_mean_waits_for_a_week_and_leaves_out_days_without_a_value() -> None:
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0, 8.0])
    means = report._rolling(values)
    assert np.isnan(means[:6]).all()
    assert means[6:] == pytest.approx([25 / 6, 32 / 6])


@pytest.mark.parametrize(
    ("behind", "trained", "missed"),
    [
        ([0.02] * 7, None, [("d0", "d6")]),
        ([0.02] * 6 + [0.0], None, []),
        ([0.02] * 14, 7, [("d0", "d6")]),  # the second week is six nights: a training began on the first of them
        ([0.0] * 3 + [0.02] * 9, None, [("d3", "d11")]),
        ([0.01] * 9, None, []),
    ],
)
def test_a_missed_alarm_is_a_week_behind_without_a_training(
    behind: list[float], trained: int | None, missed: list[tuple[str, str]]
) -> None:
    nights = [SimpleNamespace(key=f"d{place}", retraining=place == trained or None) for place in range(len(behind))]
    found = report._missed(cast(Any, nights), np.array(behind), 0.01)
    assert [(one.first, one.last) for one in found] == missed


@pytest.mark.parametrize(("higher", "on"), [(True, {"free", "good"}), (False, {"free"})])
def test_the_frontier_has_those_that_no_other_beats(higher: bool, on: set[str]) -> None:
    made = [("free", 0.6, 0.0), ("dear", 0.65, 3.0), ("good", 0.66, 2.0), ("poor", 0.61, 2.0)]
    outcomes = [Outcome.model_construct(name=name, value=value, training_usd=usd) for name, value, usd in made]
    assert {one.name for one in report._on_frontier(outcomes, higher=higher) if one.on_frontier} == on


GOLDEN = (
    '{"best":"never","chosen":null,"cost":{"kwh":null,"seconds":60.0,"sentence":"Assumed.","usd":0.01},"first":"2013-'
    '04-01","first_champion":"1","higher_is_better":true,"last":"2013-04-01","left_out":"Nothing.","metric":"auc","mi'
    'ssed_by":0.02,"outcomes":[{"days":[{"decision":"quiet","key":"2013-04-01","model":"1","rolling":null,"rule":"not'
    'hing_drifts","usd_per_1000":12000.5,"value":0.66}],"decisions":{"quiet":1},"failed_gates":{"champion":1},"false_'
    'alarms":0,"missed":[{"behind":0.02,"first":"2013-07-01","last":"2013-07-09"}],"name":"never","on_frontier":true,'
    '"periods":[{"name":"all","share_of_gain":0.0,"value":0.66}],"regret":0.0,"rollbacks":0,"switches":1,"title":"The'
    ' first model.","training_kwh":null,"training_usd":0.01,"trainings":[{"causes":["payoff"],"days_compared":14,"fai'
    'led_gates":[],"false_alarm":false,"gain_in_evaluation":0.02,"gain_in_service":0.01,"key":"2013-05-26","outcome":'
    '"champion","reason":"Canary passed.","rule":"retraining_keeps_paying","served_from":"2013-05-29"}],"usd_per_1000'
    '":12000.5,"value":0.66}],"rolling_days":7,"schema_version":1,"use_case":"flight_delays"}'
)


def test_the_golden_report_is_written_and_read_unchanged() -> None:
    """But for its policies, which are sections of ``use_case.yaml``."""
    golden, [policy] = json.loads(GOLDEN), policies(load_use_case("flight_delays"), ["never"])
    golden["outcomes"][0]["policy"] = policy.model_dump(mode="json")
    assert BacktestReport.model_validate(golden).canonical() == canonical_json(golden)
