"""What is seen at each look, and when a limit counts as crossed."""

import math

import numpy as np
import pytest
from scipy import stats

from driftgate.promotion.bounds import (
    correlation_trajectory,
    looks,
    mean_trajectory,
    quantile,
    quantile_trajectory,
    rank_correlation,
    share_trajectory,
)

ALPHA = 0.0125


@pytest.mark.parametrize("rows", [10, 11, 300, 10**7])
def test_looks_are_few_always_the_same_and_end_at_the_last_row(rows):
    found = looks(rows)
    assert found[-1] == rows
    assert found == sorted(set(found))
    assert len(found) <= 50
    assert found[:-1] == looks(2 * rows)[: len(found) - 1]


def test_errors_count_from_the_tenth_request_on():
    watched = share_trajectory(np.ones(200, dtype=bool), 0.01, ALPHA)
    assert watched.crossed_after == 10
    assert (watched.looks[0].rows, watched.looks[-1].rows, watched.looks[-1].value) == (10, 200, 1)


def test_what_was_crossed_stays_crossed():
    hits = np.r_[np.ones(12, dtype=bool), np.zeros(5000, dtype=bool)]
    watched = share_trajectory(hits, 0.01, ALPHA)
    assert watched.crossed_after == 10
    assert watched.looks[-1].value < 0.01


def test_a_share_below_its_limit_is_not_crossed():
    assert share_trajectory(np.arange(3000) % 200 == 0, 0.01, ALPHA).crossed_after is None


def test_a_quantile_is_one_of_the_values():
    assert quantile(np.arange(1.0, 101.0), 0.95) == 95
    assert quantile(np.array([7.0]), 0.95) == 7


def test_the_bounds_of_a_quantile_are_values_and_those_of_the_share_above_it():
    values = np.random.default_rng(1).lognormal(3, 0.4, 2000)
    truth = math.exp(3 + 0.4 * stats.norm.ppf(0.95))
    watched = quantile_trajectory(values, 0.95, 1e9, ALPHA)
    last = watched.looks[-1]
    assert {last.low, last.value, last.high} <= set(values)
    assert last.low < truth < last.high
    assert watched.crossed_after is None
    assert quantile_trajectory(values, 0.95, last.low * 0.999, ALPHA).crossed_after is not None
    assert quantile_trajectory(values, 0.95, last.value, ALPHA).crossed_after is None


def test_a_few_values_give_no_upper_bound_of_a_high_quantile():
    assert quantile_trajectory(np.arange(30.0), 0.95, 100, ALPHA).looks[-1].high is None


def test_a_mean_is_watched_at_every_row_and_shown_at_the_looks():
    values = np.random.default_rng(2).normal(0.5, 0.2, 400)
    watched = mean_trajectory(values, 1, 0.1, ALPHA, best=200)
    assert 10 <= watched.crossed_after < 60
    assert all(look.low < look.value < look.high for look in watched.looks)
    assert watched.looks[-1].low > 0.1


def test_rank_correlation_is_spearmans_with_ties():
    random = np.random.default_rng(1)
    first = random.integers(0, 20, 200).astype(float)
    second = first + random.integers(0, 20, 200)
    assert rank_correlation(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
    assert math.isnan(rank_correlation(np.ones(20), np.arange(20.0)))


def test_opposite_ranks_are_told_at_the_first_look_that_has_enough_pairs():
    ranks = np.random.default_rng(3).permutation(np.arange(300.0))
    assert correlation_trajectory(ranks, -ranks, 0.3, ALPHA, 200).crossed_after == 34
    agreed = correlation_trajectory(ranks, ranks, 0.9, ALPHA, 200)
    assert (agreed.crossed_after, agreed.looks[-1].value) == (None, pytest.approx(1))
    assert agreed.looks[-1].low > 0.99


def test_looks_at_which_one_side_is_constant_are_left_out():
    late = np.r_[np.zeros(60), np.arange(60.0)]
    watched = correlation_trajectory(np.arange(120.0), late, 0.3, ALPHA, 100)
    assert watched.looks[0].rows > 60
