"""Metrics agree with scikit-learn, and with numbers worked out by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from driftgate.errors import CannotJudge, ConfigError
from driftgate.evaluation.costs import cost_threshold, expected_cost_usd
from driftgate.evaluation.metrics import (
    COMPARED,
    GUARDED,
    LEVEL,
    METRICS,
    auc,
    bias,
    calibration_error,
    composite,
    log_loss,
    mae,
    mape,
    metric,
    reported,
    require_weighable,
    rmse,
)
from driftgate.problems import PROBLEM_OF, Composite, DeviationCosts, ErrorCosts

COSTS = ErrorCosts(false_alarm=20, missed=90)

# Each metric worked out by hand: labels, scores, value. A metric that is not here fails below.
BY_HAND = {
    "auc": ([True, False, True, False], [0.9, 0.5, 0.5, 0.1], 3.5 / 4),
    "log_loss": ([True, False], [0.5, 0.5], np.log(2)),
    "calibration_error": ([True, False, True], [0.25, 0.25, 1.0], 0.25 * 2 / 3),
    "rmse": ([10.0, 20.0, 30.0], [12.0, 20.0, 26.0], (20 / 3) ** 0.5),
    "mae": ([10.0, 20.0, 30.0], [12.0, 20.0, 26.0], 2.0),
    "mape": ([10.0, 20.0, 30.0], [12.0, 20.0, 27.0], (0.2 + 0 + 0.1) / 3),
    "bias": ([10.0, 20.0, 30.0], [12.0, 20.0, 26.0], -2 / 3),
}


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_what_it_is_by_hand(name: str) -> None:
    assert name in BY_HAND, f"work out {name} by hand here before anybody gates a model by it"
    labels, scores, value = BY_HAND[name]
    assert metric(name).value(labels, scores) == pytest.approx(value)


@pytest.mark.parametrize("name", [name for name, one in METRICS.items() if one.row_losses])
def test_a_metric_of_row_losses_is_a_function_of_their_mean(name: str) -> None:
    labels, scores, value = BY_HAND[name]
    one = metric(name)
    assert one.row_losses is not None
    assert one.of_mean(one.row_losses(labels, scores).mean()) == pytest.approx(value)


def test_every_metric_has_a_kind_of_problem_and_a_version() -> None:
    assert all(metric(name).problem == problem for name, problem in PROBLEM_OF.items())
    assert all(metric(name).of_constant for name in PROBLEM_OF), "what chance gets is asked of a primary metric"
    assert {one.version for one in METRICS.values()} == {1}, "raise a version only with a new case by hand"
    for problem in ("binary", "regression"):
        named = (*COMPARED[problem], LEVEL[problem], GUARDED[problem])
        assert all(metric(name).problem == problem for name in named)
        assert metric(GUARDED[problem]).row_losses


def test_the_primary_metric_is_reported_first_and_the_level_last() -> None:
    assert [one.name for one in reported("regression", "mae")] == ["mae", "rmse", "bias"]
    assert [one.name for one in reported("binary", "auc")] == ["auc", "log_loss", "calibration_error"]


@pytest.mark.parametrize(
    ("name", "better", "worse"), [("auc", 0.8, 0.7), ("log_loss", 0.4, 0.5), ("rmse", 3.0, 4.0), ("bias", 0.5, -2.0)]
)
def test_which_way_is_better_is_known_in_one_place(name: str, better: float, worse: float) -> None:
    one = metric(name)
    assert one.gain(better, worse) > 0 > one.gain(worse, better)
    assert one.higher_is_better == (name == "auc")
    if name != "bias":
        assert one.gain(one.worse_by(better, 0.1), better) == pytest.approx(-0.1)


def test_the_best_constant_answer_is_what_chance_gets() -> None:
    labels = np.array([1.0, 2.0, 9.0])
    assert METRICS["rmse"].of_constant(labels) == pytest.approx(labels.std())  # type: ignore[misc]
    assert METRICS["mae"].of_constant(labels) == pytest.approx((1 + 0 + 7) / 3)  # type: ignore[misc]


def test_an_unknown_metric_gets_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="There is no metric 'rsme'; did you mean 'rmse'"):
        metric("rsme")


def test_errors_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(4)
    labels, scores = random.normal(size=(2, 1000))
    assert rmse(labels, scores) == pytest.approx(sklearn_metrics.root_mean_squared_error(labels, scores))
    assert mae(labels, scores) == pytest.approx(sklearn_metrics.mean_absolute_error(labels, scores))


def test_the_cost_of_a_number_counts_each_unit_it_is_off_by() -> None:
    # 2 too high at 3 USD each, right, 4 too low at 5 USD each
    costs = DeviationCosts(over=3, under=5)
    assert expected_cost_usd([10.0, 20.0, 30.0], [12.0, 20.0, 26.0], costs) == pytest.approx((6 + 0 + 20) / 3)


@pytest.mark.parametrize("measure", [rmse, mae, bias])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(measure: object, bad: float) -> None:
    with pytest.raises(CannotJudge, match="A score is not a finite number"):
        measure([1.0, 2.0], [1.0, bad])  # type: ignore[operator]
    with pytest.raises(CannotJudge, match="A label is not a finite number"):
        measure([1.0, bad], [1.0, 2.0])  # type: ignore[operator]


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


@pytest.mark.parametrize("measure", [auc, log_loss, calibration_error])
@pytest.mark.parametrize("bad", [float("nan"), 1.2, -0.1])
def test_a_score_that_is_no_probability_is_refused(measure: object, bad: float) -> None:
    with pytest.raises(CannotJudge, match="not a probability"):
        measure([True, False], [0.5, bad])  # type: ignore[operator]


def test_an_error_is_no_share_of_a_label_that_is_0() -> None:
    with pytest.raises(CannotJudge, match="A label is 0"):
        mape([0.0, 1.0], [0.5, 1.0])


def test_a_composite_is_the_weighted_sum_of_what_is_better_when_larger() -> None:
    labels, scores = [True, False, True], [0.25, 0.25, 1.0]
    weighted = Composite(weights={"auc": 0.75, "calibration_error": 0.25}, rationale="Order counts most.")
    expected = 0.75 * auc(labels, scores) - 0.25 * calibration_error(labels, scores)
    assert composite(weighted, labels, scores) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("rmse", "weighs 'rmse', no metric of a binary problem"),
        ("acu", "'c' weighs 'acu', no metric of a binary problem; did"),
    ],
)
def test_a_composite_of_what_is_no_metric_here_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        require_weighable(Composite(weights={name: 1.0}, rationale="It is."), "binary", "f.yaml: key 'c'")


def test_one_class_has_no_auc() -> None:
    with pytest.raises(CannotJudge, match="one class"):
        auc([True, True], [0.1, 0.2])


def test_no_rows_cannot_be_measured() -> None:
    with pytest.raises(CannotJudge, match="no rows"):
        log_loss([], [])


def test_different_numbers_of_labels_and_scores_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="same rows"):
        auc([True, False], [0.1])
