"""Numbers of a report, by hand: what was missed, what lies on the frontier, what the rolling mean leaves out."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from driftgate.backtest import report
from driftgate.backtest.report import Outcome


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
