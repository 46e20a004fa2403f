"""Each bound against an independent implementation of the same formula."""

import math

import numpy as np
import pytest
from scipy import stats

from driftgate.promotion.bounds import (
    mean_bounds,
    mean_difference_bounds,
    quantile,
    quantile_bounds,
    rank_correlation,
    rank_correlation_bounds,
    share_bounds,
)

SURE = 0.95
BOTH_SIDES = 2 * SURE - 1  # two one-sided bounds at 95 % are one interval at 90 %


@pytest.mark.parametrize(("hits", "rows"), [(0, 30), (1, 45), (22, 1500), (30, 30)])
def test_the_bounds_of_a_share_are_clopper_and_pearsons(hits, rows):
    expected = stats.binomtest(hits, rows).proportion_ci(BOTH_SIDES, method="exact")
    assert share_bounds(hits, rows, SURE) == pytest.approx((expected.low, expected.high))


def test_a_quantile_is_one_of_the_values():
    assert quantile(np.arange(1.0, 101.0), 0.95) == 95
    assert quantile(np.array([7.0]), 0.95) == 7


@pytest.mark.parametrize("rows", [40, 300, 1501])
def test_the_bounds_of_a_quantile_hold_for_any_distribution(rows):
    values = np.random.default_rng(rows).lognormal(size=rows)
    low, high = quantile_bounds(values, 0.95, SURE)
    expected_low = stats.quantile_test(values, p=0.95, alternative="greater").confidence_interval(SURE).low
    expected_high = stats.quantile_test(values, p=0.95, alternative="less").confidence_interval(SURE).high
    assert low == pytest.approx(expected_low)
    assert high is None if math.isnan(expected_high) else high == pytest.approx(expected_high)


def test_a_few_values_give_no_upper_bound_of_a_high_quantile():
    assert quantile_bounds(np.arange(30.0), 0.95, SURE)[1] is None


def test_rank_correlation_is_spearmans_with_ties():
    random = np.random.default_rng(1)
    first = random.integers(0, 20, 200).astype(float)
    second = first + random.integers(0, 20, 200)
    assert rank_correlation(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)


def test_rank_correlation_of_a_constant_does_not_exist():
    assert math.isnan(rank_correlation(np.ones(20), np.arange(20.0)))


def test_the_bounds_of_a_rank_correlation_cover_it_as_often_as_they_say():
    random = np.random.default_rng(2)
    truth = 6 / math.pi * math.asin(0.5 / 2)  # of a normal pair with Pearson's correlation 0.5
    misses = 0
    for _ in range(2000):
        first = random.normal(size=60)
        second = 0.5 * first + math.sqrt(0.75) * random.normal(size=60)
        misses += rank_correlation_bounds(rank_correlation(first, second), 60, SURE)[0] > truth
    assert misses / 2000 == pytest.approx(1 - SURE, abs=0.015)


def test_perfect_agreement_has_no_uncertainty():
    assert rank_correlation_bounds(1.0, 40, SURE) == (1, 1)


def test_the_bounds_of_a_mean_are_students():
    values = np.random.default_rng(3).exponential(size=50)
    expected = stats.ttest_1samp(values, 0).confidence_interval(BOTH_SIDES)
    assert mean_bounds(values, SURE) == pytest.approx((expected.low, expected.high))


def test_the_bounds_of_a_difference_are_welchs():
    random = np.random.default_rng(4)
    first, second = random.exponential(2, 45), random.exponential(1, 855)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(BOTH_SIDES)
    assert mean_difference_bounds(first, second, SURE) == pytest.approx((expected.low, expected.high))


def test_equal_values_give_a_difference_without_uncertainty():
    assert mean_difference_bounds(np.full(20, 0.4), np.full(30, 0.1), SURE) == pytest.approx((0.3, 0.3))
