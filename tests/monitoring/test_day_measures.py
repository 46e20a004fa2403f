"""A day taken apart: level and remainder, and what scores expect of themselves, against hand cases and brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from played_nights import day

from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import COST
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.metrics import auc, log_loss
from driftgate.monitoring.day_measures import (
    EvaluationDays,
    binary_parts,
    entropies,
    estimates,
    evaluation_days,
    expected_auc,
    loss_by_score,
    measured_evaluation,
    regression_parts,
)
from driftgate.problems import DeviationCosts, ErrorCosts

COSTS = ErrorCosts(false_alarm=20, missed=90)
MINUTES = DeviationCosts(over=1, under=3)


def pairwise(scores: np.ndarray) -> float:
    """The chance that a pair of a positive and a negative is in the right order, pair by pair."""
    ordered = pairs = 0.0
    for i, j in product(range(len(scores)), repeat=2):
        if i != j:
            chance = scores[i] * (1 - scores[j])
            pairs += chance
            ordered += chance * (float(scores[i] > scores[j]) + 0.5 * float(scores[i] == scores[j]))
    return ordered / pairs


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.01, 0.1, 0.3, 0.5, 0.9]), min_size=2, max_size=8))
def test_the_expected_auc_is_that_of_every_pair(scores: list[float]) -> None:
    assert expected_auc(np.array(scores)) == pytest.approx(pairwise(np.array(scores)))


def test_scores_that_tell_nothing_apart_expect_a_half() -> None:
    assert expected_auc(np.full(5, 0.3)) == pytest.approx(0.5)
    assert expected_auc(np.zeros(5)) == expected_auc(np.ones(5)) == 0.5


def test_calibrated_scores_get_what_they_expect() -> None:
    """Guillory et al. 2021 and NannyML's CBPE: the mean over many draws of the labels is the estimate."""
    random = np.random.default_rng(1)
    scores = random.beta(2, 5, 400)
    drawn = random.random((200, 400)) < scores
    found = estimates("binary", COSTS, scores, None)
    assert found["auc"] == pytest.approx(np.mean([auc(labels, scores) for labels in drawn]), abs=0.005)
    assert found["log_loss"] == pytest.approx(np.mean([log_loss(labels, scores) for labels in drawn]), abs=0.005)


def test_the_cost_is_expected_by_hand() -> None:
    """An alarm above 20 / 110: of 0.5 half are for nothing, of 0.1 a tenth is missed."""
    found = estimates("binary", COSTS, np.array([0.5, 0.1]), None)
    assert found[COST] == pytest.approx(1000 * (20 * 0.5 + 90 * 0.1) / 2)
    assert entropies(np.array([0.5, 0.0])) == pytest.approx([np.log(2), 0], abs=1e-9)


def test_a_day_that_is_late_as_a_whole_has_a_level_and_no_remainder() -> None:
    levels, remainders = zip(*(parts(level=1.0, seed=seed) for seed in range(30)), strict=True)
    assert np.mean(levels) == pytest.approx(1.0, abs=0.25)
    assert np.mean(remainders) == pytest.approx(0.0, abs=0.01)


def test_a_day_whose_rows_are_told_apart_less_well_has_a_remainder() -> None:
    remainders = [parts(skill=0.3, seed=seed)[1] for seed in range(10)]
    assert np.mean(remainders) > 0.08


def parts(**more: float) -> tuple[float, float]:
    found = day(int(more.pop("seed")), rows=2000, **more)
    return binary_parts(found.labels, found.scores)


def test_a_day_on_which_everything_came_true_has_the_widest_level() -> None:
    with pytest.raises(CannotJudge, match="one class"):
        binary_parts(np.array([True, True]), np.array([0.2, 0.3]))


def test_the_errors_of_a_regression_are_taken_apart_by_hand() -> None:
    level, remainder = regression_parts(np.array([12.0, 14.0, 19.0]), np.array([10.0, 10.0, 10.0]))
    assert (level, remainder) == (4, pytest.approx((2 + 0 + 5) / 3))


def test_a_regression_expects_the_errors_of_like_scores() -> None:
    scores = np.arange(100.0)
    labels = scores + np.where(scores < 50, 1, -4)
    by_score = loss_by_score([ScoredDay(labels, scores)], MINUTES)
    found = estimates("regression", MINUTES, np.array([10.0, 20.0]), by_score)
    assert found == {"rmse": 1, "mae": 1, COST: 3000}
    assert estimates("regression", MINUTES, np.array([90.0]), by_score) == {"rmse": 4, "mae": 4, COST: 4000}


def test_evaluation_days_of_one_class_measure_nothing() -> None:
    days = [day(1), ScoredDay(np.zeros(5, dtype=bool), np.full(5, 0.1)), day(2)]
    found = evaluation_days("binary", COSTS, ["2013-03-01", "2013-03-02", "2013-03-03"], days)
    assert [one.day for one in found.days] == ["2013-03-01", "2013-03-03"]
    assert set(found.days[0].values) == {
        *("auc", "log_loss", COST, "estimated_auc", "estimated_log_loss", f"estimated_{COST}"),
        *("level", "remainder"),
    }
    assert EvaluationDays.model_validate_json(found.canonical()) == found


def test_a_model_without_enough_evaluation_days_is_a_sentence() -> None:
    with pytest.raises(CannotJudge, match="The baseline of model 3 tells none of its evaluation days"):
        measured_evaluation(None, "3")
    few = evaluation_days("binary", COSTS, ["2013-03-01", "2013-03-02"], [day(1), day(2)])
    with pytest.raises(CannotJudge, match=r"evaluated on 2 days .* fewer than the 7"):
        measured_evaluation(few, "3")
