"""Day-block intervals: the same AUC as the shared metric, wider than rows alone where days differ, reproducible."""

import numpy as np
import pytest

from driftgate.evaluation import day_blocks
from driftgate.evaluation.day_blocks import (
    Interval,
    ScoredDay,
    gain_interval,
    metric_interval,
)
from driftgate.evaluation.metrics import auc, calibration_error, metric


def days(count: int, rows: int, *, day_effect: float, seed: int = 1) -> list[ScoredDay]:
    """Days on which a storm moves every outcome, unseen by the score."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        signal, storm = generator.normal(size=rows), day_effect * generator.normal()
        labels = generator.random(rows) < 1 / (1 + np.exp(-(signal + storm - 1)))
        found.append(ScoredDay(labels, np.round(1 / (1 + np.exp(-(signal - 1))), 3)))
    return found


def auc_interval(sample: list[ScoredDay], confidence: float) -> Interval:
    return metric_interval(metric("auc"), sample, confidence)


def pooled(sample: list[ScoredDay]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([day.labels for day in sample]), np.concatenate([day.scores for day in sample])


def test_concordant_pairs_by_hand() -> None:
    one = ScoredDay(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
    # positives 0.9 and 0.5 against negatives 0.5 and 0.1: 2 + 1 + a tie
    assert day_blocks._concordant(one, one) == 3.5


def test_a_resample_with_every_day_once_is_the_pooled_auc(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = days(7, 300, day_effect=1)
    monkeypatch.setattr(day_blocks, "_resamples", lambda count: np.ones((1, count), dtype=np.int64))
    low, high = auc_interval(sample, 0.9)
    assert low == pytest.approx(auc(*pooled(sample)))
    assert high == pytest.approx(auc(*pooled(sample)))


def test_days_that_differ_make_a_wider_interval_than_days_that_do_not() -> None:
    # Seven blocks give a noisy width, so it is the mean of eight samples that is compared.
    assert mean_width(day_effect=1.5) > 2 * mean_width(day_effect=0)


def mean_width(day_effect: float) -> float:
    bounds = [auc_interval(days(7, 900, day_effect=day_effect, seed=seed), 0.9) for seed in range(1, 9)]
    return float(np.mean([high - low for low, high in bounds]))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    # With 14 blocks the nominal 80 % (90 % on each side) comes out a little low, as block bootstraps do.
    truth = auc(
        *(
            np.concatenate(part)
            for part in zip(*((d.labels, d.scores) for d in days(2000, 60, day_effect=0.5, seed=0)), strict=True)
        )
    )
    inside = 0
    for seed in range(1, 61):
        low, high = auc_interval(days(14, 60, day_effect=0.5, seed=seed), 0.9)
        inside += low <= truth <= high
    assert 0.65 <= inside / 60 <= 0.95


def test_the_same_days_give_the_same_interval() -> None:
    sample = days(5, 100, day_effect=1)
    assert auc_interval(sample, 0.9) == auc_interval(sample, 0.9)


def test_days_without_one_class_are_no_obstacle() -> None:
    quiet = ScoredDay(np.zeros(50, dtype=bool), np.linspace(0, 0.4, 50))
    low, high = auc_interval([quiet, *days(3, 100, day_effect=0)], 0.9)
    assert 0 < low <= high < 1


def test_calibration_interval_holds_its_value() -> None:
    sample = days(7, 300, day_effect=1)
    low, high = metric_interval(metric("calibration_error"), sample, 0.95)
    assert low <= calibration_error(*pooled(sample)) <= high


def deviating(*errors: float, rows: int = 10) -> list[ScoredDay]:
    """Days on which every answer is off by so much."""
    return [ScoredDay(np.full(rows, 100.0), np.full(rows, 100.0 + error)) for error in errors]


@pytest.mark.parametrize(("name", "value"), [("rmse", 5.0), ("mae", 5.0), ("bias", -5.0)])
def test_the_interval_of_equal_days_is_a_point(name: str, value: float) -> None:
    assert metric_interval(metric(name), deviating(-5, -5, -5), 0.9) == pytest.approx((value, value))


@pytest.mark.parametrize("name", ["log_loss", "rmse", "mae", "bias"])
def test_a_resample_with_every_day_once_is_the_pooled_metric(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_blocks, "_resamples", lambda count: np.ones((1, count), dtype=np.int64))
    sample = days(5, 50, day_effect=1)
    found = metric_interval(metric(name), sample, 0.9)
    assert found == pytest.approx((metric(name).value(*pooled(sample)),) * 2)


def test_the_bounds_of_an_error_come_from_its_days(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two resamples: the good day twice (3), the bad day twice (4). Together RMSE is the root of (9 + 16) / 2.
    monkeypatch.setattr(day_blocks, "_resamples", lambda _: np.array([[2, 0], [0, 2], [1, 1]]))
    low, high = metric_interval(metric("rmse"), deviating(3, -4), 0.999)
    assert (low, high) == pytest.approx((3, 4), abs=0.01)
    assert metric("rmse").value(*pooled(deviating(3, -4))) == pytest.approx(12.5**0.5)


def test_a_smaller_error_is_a_gain() -> None:
    low, high = gain_interval(metric("mae"), deviating(1, 1, 1), deviating(3, 3, 3), 0.9)
    assert (low, high) == pytest.approx((2, 2))
    assert gain_interval(metric("rmse"), deviating(3, 3, 3), deviating(1, 1, 1), 0.9) == pytest.approx((-2, -2))


def test_a_model_gains_nothing_on_itself() -> None:
    sample = days(7, 200, day_effect=1)
    assert gain_interval(metric("auc"), sample, sample, 0.9) == (0, 0)


def test_what_a_hard_day_does_to_both_models_cancels_out_of_their_difference() -> None:
    sample = days(14, 200, day_effect=1.5)
    noise = np.random.default_rng(5)
    worse = [ScoredDay(day.labels, day.scores + noise.normal(scale=0.1, size=len(day.scores))) for day in sample]
    low, high = gain_interval(metric("auc"), sample, worse, 0.9)
    alone = auc_interval(sample, 0.9)
    assert low <= auc(*pooled(sample)) - np.mean(auc_interval(worse, 0.5)) <= high
    assert low > 0
    assert high - low < (alone[1] - alone[0]) / 2
