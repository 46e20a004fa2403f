"""Metrics agree with scikit-learn, and with numbers worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from driftgate.errors import CannotJudge
from driftgate.evaluation.metrics import (
    auc,
    calibration_error,
    cost_threshold,
    expected_cost_usd,
    log_loss,
)
from driftgate.use_cases import ErrorCosts

COSTS = ErrorCosts(false_alarm=20, missed=90)


@pytest.fixture(params=["distinct", "ties", "extremes"])
def answers(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    scores = random.uniform(size=3000)
    labels = random.uniform(size=3000) < scores
    rounded = {"distinct": scores, "ties": scores.round(1), "extremes": np.clip(scores.round(), 0, 1)}
    return labels, rounded[request.param]


def test_auc_is_that_of_scikit_learn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    assert auc(*answers) == pytest.approx(sklearn_metrics.roc_auc_score(*answers), abs=1e-12)


def test_log_loss_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(2)
    scores = random.uniform(size=500)
    labels = random.uniform(size=500) < scores
    assert log_loss(labels, scores) == pytest.approx(sklearn_metrics.log_loss(labels, scores), abs=1e-12)


def test_a_certain_and_wrong_answer_has_a_finite_loss() -> None:
    assert log_loss([True, False], [0.0, 0.0]) == pytest.approx(34.54 / 2, abs=0.01)


def test_the_calibration_error_is_the_gap_of_each_bin_weighted_by_its_rows() -> None:
    # bin 0.2-0.3: mean score 0.25, half positive: gap 0.25 over 2 rows; bin 0.9-1: score 1, positive: no gap
    assert calibration_error([True, False, True], [0.25, 0.25, 1.0]) == pytest.approx(0.25 * 2 / 3)


def test_the_cost_counts_false_alarms_and_misses_above_the_cheapest_threshold() -> None:
    assert cost_threshold(COSTS) == pytest.approx(20 / 110)
    # one alarm is false (20), one late flight is missed (90), two answers are right
    assert expected_cost_usd([False, True, True, False], [0.5, 0.1, 0.9, 0.0], COSTS) == pytest.approx(110 / 4)


def test_no_other_threshold_is_cheaper_for_calibrated_scores() -> None:
    random = np.random.default_rng(3)
    scores = random.uniform(size=200_000)
    labels = random.uniform(size=200_000) < scores

    def cost_at(threshold: float) -> float:
        alarms = scores > threshold
        return float((20 * (alarms & ~labels).sum() + 90 * (~alarms & labels).sum()) / len(labels))

    chosen = expected_cost_usd(labels, scores, COSTS)
    assert all(chosen <= cost_at(threshold) + 0.05 for threshold in np.linspace(0, 1, 41))


@pytest.mark.parametrize("metric", [auc, log_loss, calibration_error])
@pytest.mark.parametrize("bad", [float("nan"), 1.2, -0.1])
def test_a_score_that_is_no_probability_is_refused(metric: object, bad: float) -> None:
    with pytest.raises(CannotJudge, match="not a probability"):
        metric([True, False], [0.5, bad])  # type: ignore[operator]


def test_one_class_has_no_auc() -> None:
    with pytest.raises(CannotJudge, match="one class"):
        auc([True, True], [0.1, 0.2])


def test_no_rows_cannot_be_measured() -> None:
    with pytest.raises(CannotJudge, match="no rows"):
        log_loss([], [])


def test_different_numbers_of_labels_and_scores_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="same rows"):
        auc([True, False], [0.1])
