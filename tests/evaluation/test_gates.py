"""Cost, calibration and slices: a planted fault fails its gate and no other; an honest candidate passes all."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import ConfigError
from driftgate.evaluation.calibration import calibration, score_bins
from driftgate.evaluation.comparison import ChampionAnswers, Comparison
from driftgate.evaluation.cost_gate import costs
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.slices import slice_rows, slices
from driftgate.gate_policy import Band, CalibrationGate, ChampionGate, CostGate, Gates, SliceGate

VERSION = "flight_delays/2013-03-30-3f9c2a1"
BANDS = {"hour_band": Band(column="departure_hour", edges=(6, 12, 18))}
GATES = Gates(
    champion=ChampionGate(margin=0.0, confidence=0.9),
    cost=CostGate(max_increase_usd_per_1000=300),
    calibration=CalibrationGate(max_error=0.05),
    slices=SliceGate(by=("carrier", "hour_band"), bands=BANDS, worst_loss=0.02, min_rows=300),
)


@pytest.fixture(scope="module")
def truth() -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Ten days of 1,000 flights, each with its true probability and what came of it."""
    random = np.random.default_rng(3)
    hours = random.integers(5, 24, 10_000)
    carriers = random.choice(["AA", "B6", "HA"], 10_000, p=[0.5, 0.49, 0.01])
    probability = 1 / (1 + np.exp(3 - 0.15 * hours + random.normal(scale=0.7, size=10_000)))
    table = pa.table({"carrier": carriers, "departure_hour": hours, "flight": np.arange(10_000)})
    return table, probability, random.uniform(size=10_000) < probability


@pytest.fixture
def compared(use_case, truth) -> Callable[..., Comparison]:
    """Make a comparison of scores, by default the true probabilities, with those of a champion."""
    table, probability, labels = truth

    def make(scores: Any = None, champion: Any = None, days: int = 10, **changes: Any) -> Comparison:
        held = Holdout(table, labels, np.datetime64("2013-03-21") + np.arange(10_000) % days)
        found = Comparison(
            use_case=use_case.model_copy(update={"gates": GATES.model_copy(update=changes)}),
            dataset_version=VERSION,
            job=None,  # type: ignore[arg-type]  # none of these gates asks for it
            train=table,
            held=held,
            scorer=None,  # type: ignore[arg-type]
            signature=None,  # type: ignore[arg-type]
            scores=probability if scores is None else scores,
            baselines={},
            champion=None,
        )
        answers = ChampionAnswers("1", probability if champion is None else champion)
        return dataclasses.replace(found, champion=answers)

    return make


def verdict(finding) -> str:
    return finding.gates[0].verdict


def test_an_equal_candidate_passes_and_costs_nothing_more(compared) -> None:
    found = compared()
    assert [verdict(examine(found)) for examine in (costs, calibration, slices)] == ["pass"] * 3
    (gate,) = costs(found).gates
    assert (gate.value, gate.interval, gate.threshold) == (0.0, (0.0, 0.0), -300.0)


def test_a_candidate_whose_errors_cost_more_fails_by_the_bound_and_not_the_point(compared, truth) -> None:
    _, probability, _ = truth
    found = compared(np.full(10_000, 0.01), champion=probability)  # never an alarm: every late flight is missed
    (gate,) = costs(found).gates
    assert gate.verdict == "fail"
    assert gate.value < gate.interval[1] < -300
    assert "the hardest of 1 to beat; the lower bound does not exceed -300" in gate.sentence
    between = -(gate.interval[0] + gate.value) / 2  # dearer than this on the mean, surely so only a little later
    assert verdict(costs(compared(np.full(10_000, 0.01), cost=CostGate(max_increase_usd_per_1000=between)))) == "fail"
    assert verdict(costs(compared(np.full(10_000, 0.01), cost=CostGate(max_increase_usd_per_1000=1e5)))) == "pass"


def test_the_cost_is_held_against_each_baseline_too(compared, truth) -> None:
    _, _, labels = truth
    oracle = dataclasses.replace(compared(), baselines={"rule": labels.astype(float)})
    (gate,) = costs(oracle).gates
    assert (gate.verdict, "against rule" in gate.sentence) == ("fail", True)


def test_the_threshold_of_a_calibrated_model_is_that_of_its_costs(compared) -> None:
    found = costs(compared()).fields["decision_threshold"]
    assert found.chosen == found.calibrated == pytest.approx(20 / 110, abs=1e-6)
    assert found.saving <= 0 or found.saving_interval[0] <= 0


def test_a_model_that_says_half_gets_the_threshold_of_its_curve(compared, truth) -> None:
    _, probability, _ = truth
    found = costs(compared(probability / 2)).fields["decision_threshold"]
    assert found.chosen == found.on_curve == pytest.approx(10 / 110, abs=0.02)
    assert found.saving_interval[0] > 0


def test_a_model_that_says_too_much_is_not_calibrated(compared, truth) -> None:
    _, probability, labels = truth
    finding = calibration(compared(np.minimum(probability + 0.1, 1)))
    assert verdict(finding) == "fail"
    assert finding.gates[0].value == pytest.approx(0.1, abs=0.02)
    bins = finding.fields["reliability"]
    assert sum(one.rows for one in bins) == 10_000
    assert sum(one.rows * one.mean_label for one in bins) == pytest.approx(labels.sum(), abs=0.1)
    assert all(one.mean_score > one.mean_label for one in bins)
    assert [one.mean_score for one in bins] == sorted(one.mean_score for one in bins)


def test_bins_hold_equal_rows_and_keep_equal_scores_together() -> None:
    assert list(np.bincount(score_bins(np.arange(100.0)))) == [10] * 10
    assert list(np.bincount(score_bins(np.repeat([0.1, 0.9], [95, 5])))) == [95, 5]
    assert list(score_bins(np.full(7, 0.3))) == [0] * 7


def test_one_bad_carrier_fails_the_slices_though_the_whole_is_better(compared, truth) -> None:
    table, probability, labels = truth
    b6 = np.array(table.column("carrier").to_pylist()) == "B6"
    better = np.where(b6, 1 - probability, np.where(labels, 0.95, 0.05))
    finding = slices(compared(better))
    assert verdict(finding) == "fail"
    assert "carrier B6 loses +" in finding.gates[0].sentence
    by_name = {(one.by, one.slice): one for one in finding.fields["slices"]}
    assert by_name["carrier", "B6"].verdict == "fail"
    assert by_name["carrier", "B6"].loss > by_name["carrier", "B6"].champion_loss
    assert by_name["carrier", "AA"].verdict == "pass"


def test_a_slice_with_few_rows_proves_nothing_even_if_it_is_ruined(compared, truth) -> None:
    table, probability, _ = truth
    ruined = np.where(np.array(table.column("carrier").to_pylist()) == "HA", 1 - probability, probability)
    by_carrier = GATES.slices.model_copy(update={"by": ("carrier",), "bands": {}})
    finding = slices(compared(ruined, slices=by_carrier))
    small = next(one for one in finding.fields["slices"] if one.slice == "HA")
    assert (small.verdict, small.loss, small.interval) == ("insufficient_data", None, None)
    assert verdict(finding) == "pass"
    assert "None of 2 slices is shown to lose, and more than 0.02. 1 smaller ones" in finding.gates[0].sentence
    none = GATES.slices.model_copy(update={"min_rows": 10_001})
    assert verdict(slices(compared(slices=none))) == "insufficient_data"


def test_a_loss_of_a_slice_that_is_not_shown_is_no_reason(compared, truth) -> None:
    _, probability, labels = truth
    bad_day = (np.arange(10_000) % 10 == 0) & ~labels  # one day of ten is worse for everybody
    found = slices(compared(np.where(bad_day, 0.9, probability)))
    worst = min(found.fields["slices"], key=lambda one: one.gain or 0)
    assert (worst.gain < -0.02, worst.interval[1] >= 0, verdict(found)) == (True, True, "pass")


def test_the_bounds_of_many_slices_are_wider_than_that_of_one(compared, truth) -> None:
    _, probability, _ = truth
    noisy = np.clip(probability + np.random.default_rng(1).normal(scale=0.03, size=10_000), 0.01, 0.99)
    one = GATES.slices.model_copy(update={"by": ("carrier",), "bands": {}, "min_rows": 4950})
    alone = next(s for s in slices(compared(noisy, slices=one)).fields["slices"] if s.slice == "AA")
    among = next(s for s in slices(compared(noisy)).fields["slices"] if s.slice == "AA")
    assert among.gain == alone.gain
    assert among.interval[0] < alone.interval[0] < alone.interval[1] < among.interval[1]


def test_two_days_are_too_few_for_any_of_these_gates(compared) -> None:
    found = compared(days=2)
    assert [verdict(examine(found)) for examine in (costs, calibration, slices)] == [
        "fail",
        "fail",
        "insufficient_data",
    ]
    assert "fewer than 3 days" in costs(found).gates[0].sentence


def test_a_champion_that_cannot_score_fails_the_slices_and_none_passes_them(compared) -> None:
    found = compared()
    mute = dataclasses.replace(found, champion=ChampionAnswers("1", None, "column 'dest' is missing"))
    assert verdict(slices(mute)) == "fail"
    first = dataclasses.replace(found, champion=None)
    assert (verdict(slices(first)), verdict(costs(first))) == ("pass", "pass")
    assert {one.verdict for one in slices(first).fields["slices"]} == {"not_compared", "insufficient_data"}


def test_the_bands_of_a_number_by_hand() -> None:
    table = pa.table({"hour": pa.array([5, 6, 11, 12, 23, None])})
    policy = SliceGate(by=("part",), bands={"part": Band(column="hour", edges=(6, 12))}, worst_loss=0, min_rows=1)
    rows = {name: list(np.flatnonzero(inside)) for _, name, inside in slice_rows(policy, table, "f.yaml")}
    assert rows == {"below 6": [0], "6 to 12": [1, 2], "from 12": [3, 4], "missing": [5]}


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ({"by": ("carier",)}, "f.yaml names 'carier', no column of features.sql; did you mean 'carrier'"),
        ({"by": ("flight",)}, "f.yaml names 'flight', which has 10000 values; declare bands, or another column"),
        ({"by": ("b",), "bands": {"b": Band(column="carrier", edges=(1,))}}, "'carrier' is string, which has no bands"),
    ],
)
def test_what_cannot_be_sliced_is_refused(truth, policy: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        list(slice_rows(SliceGate(worst_loss=0, min_rows=1, **policy), truth[0], "f.yaml"))
    assert sentence in str(refused.value)
