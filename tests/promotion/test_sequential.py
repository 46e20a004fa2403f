"""Each bound against what it must satisfy by its definition, and against an independent computation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from driftgate.promotion.sequential import (
    correlation_reach,
    mean_exceeds,
    mean_lower_bound,
    share_bounds,
    share_evidence,
    share_exceeds,
)

ALPHA = 0.05


@pytest.mark.parametrize(("hits", "rows", "share"), [(0, 30, 0.1), (3, 20, 0.01), (20, 20, 0.9)])
def test_evidence_is_the_likelihood_mixed_over_the_prior_over_the_one_at_the_share(hits, rows, share):
    def mixed(other):
        return stats.binom.pmf(hits, rows, other) * stats.beta.pdf(other, 0.5, 0.5)

    expected = integrate.quad(mixed, 0, 1)[0] / stats.binom.pmf(hits, rows, share)
    assert share_evidence(hits, rows, share) == pytest.approx(math.log(expected), rel=1e-5)


def test_the_evidence_after_one_more_row_is_on_average_what_it_was():
    """A martingale: whoever bets against the truth wins nothing in the mean, so Ville's inequality holds."""
    hits, rows, share = np.array([0, 2, 7]), np.array([5, 40, 60]), 0.08
    now = np.exp(share_evidence(hits, rows, share))
    hit, missed = (np.exp(share_evidence(hits + more, rows + 1, share)) for more in (1, 0))
    assert share * hit + (1 - share) * missed == pytest.approx(now)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 3000), part=st.floats(0, 1), alpha=st.floats(0.001, 0.2))
def test_the_bounds_of_a_share_are_where_the_evidence_reaches_one_in_alpha(rows, part, alpha):
    hits = round(part * rows)
    low, high = (float(bound) for bound in share_bounds(hits, rows, alpha))
    assert 0 <= low <= hits / rows <= high <= 1
    for bound in (low, high):
        if 0 < bound < 1:
            assert share_evidence(hits, rows, bound) == pytest.approx(math.log(1 / alpha), abs=0.01)
    assert share_exceeds(hits, rows, 0.05, alpha) == (low > 0.05) or low == pytest.approx(0.05, abs=1e-6)


def test_always_valid_bounds_are_wider_than_those_of_one_look():
    exact = stats.binomtest(20, 400).proportion_ci(1 - ALPHA, method="exact")
    low, high = share_bounds(20, 400, ALPHA)
    assert low < exact.low < exact.high < high
    assert high - low < 1.8 * (exact.high - exact.low)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(10, 200), limit=st.floats(-0.5, 0.5))
def test_a_mean_exceeds_a_limit_when_its_lower_bound_does(seed, rows, limit):
    values = np.random.default_rng(seed).uniform(-0.4, 1, rows)
    low = mean_lower_bound(values, 1, ALPHA, best=100)
    assert -1 <= low < values.mean()
    crossed = bool(mean_exceeds(values, 1, limit, ALPHA, best=100)[-1])
    assert crossed == (low > limit) or low == pytest.approx(limit, abs=1e-6)


def test_the_bounds_of_a_mean_narrow_and_enclose_it():
    values = np.random.default_rng(5).normal(0.1, 0.3, 20_000)
    widths = []
    for rows in (50, 500, 5_000, 20_000):
        low = mean_lower_bound(values[:rows], 4.6, ALPHA, best=1500)
        high = -mean_lower_bound(-values[:rows], 4.6, ALPHA, best=1500)
        assert low < 0.1 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.02


def test_a_value_beyond_the_bounds_counts_as_the_bound():
    values = np.r_[np.zeros(99), 1e9]
    assert mean_lower_bound(values, 2, ALPHA, 100) == mean_lower_bound(np.r_[np.zeros(99), 2], 2, ALPHA, 100)


def test_stakes_do_not_know_the_value_that_they_are_put_on():
    """Another last value changes nothing before it, and moves the bound in its own direction only."""
    values = np.random.default_rng(6).uniform(-1, 1, 60)
    other = np.r_[values[:-1], 1.0]
    assert (mean_exceeds(values, 1, 0, ALPHA, 50)[:-1] == mean_exceeds(other, 1, 0, ALPHA, 50)[:-1]).all()
    assert mean_lower_bound(other, 1, ALPHA, 50) > mean_lower_bound(values, 1, ALPHA, 50)


def test_a_correlation_is_known_better_with_more_pairs_and_never_as_well_as_at_one_look():
    reach = correlation_reach([30, 300, 3000], ALPHA, best=300)
    once = stats.norm.ppf(1 - ALPHA) * np.sqrt(1.06 / (np.array([30, 300, 3000]) - 3))
    assert (np.diff(reach) < 0).all()
    assert (reach > once).all()
