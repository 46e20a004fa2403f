"""An equal candidate that is looked at after every request is rolled back in at most ``alpha`` of the runs.

"Equal" is the hardest case: what is measured lies exactly at its limit. Beside it stands what a test for one look does
when it is looked at a hundred times. ``benchmarks/decisions.py`` measures how soon a worse candidate is found.
"""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from driftgate.promotion.bounds import FEWEST, FEWEST_PAIRS, looks, share_trajectory
from driftgate.promotion.checks import judge_guardrails
from driftgate.promotion.measured import Measured, concurrent_differences
from driftgate.promotion.sequential import correlation_reach, mean_exceeds, share_exceeds

ALPHA, RUNS, REQUESTS = 0.05, 2000, 1000
Z = norm.ppf(1 - ALPHA)


@pytest.fixture
def random():
    return np.random.default_rng(20130401)


def ever(crossed):
    """The share of runs in which a limit was crossed at some look."""
    return crossed[:, FEWEST - 1 :].any(axis=1).mean()


def peeking(values, limit):
    """What a z-test of the mean, made for one look, turns away with a hundred of them."""
    at = np.linspace(REQUESTS // 100, values.shape[1], 100).astype(int)
    mean = np.cumsum(values, axis=1)[:, at - 1] / at
    spread = np.sqrt(np.maximum(np.cumsum(values**2, axis=1)[:, at - 1] / at - mean**2, 0) / at)
    return (mean - limit > Z * spread)[:, 10:].any(axis=1).mean()  # it too has a tenth of the requests first


def losses(random, shape, noise):
    """Log losses of an answer that is off by ``noise``, and the labels' own chances."""
    chance = random.beta(1, 3, shape)
    late = random.random(shape) < chance
    for one in noise:
        score = expit(logit(chance) + random.normal(0, one, shape))
        yield np.minimum(-np.log(np.where(late, score, 1 - score)), 4.6)


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.05])
def test_errors_and_slow_answers(random, rate):
    """A quantile at its limit is a share of slower answers at one less its level: 5 % above the 95th percentile."""
    hits = random.random((RUNS, REQUESTS)) < rate
    counts = np.cumsum(hits, axis=1)
    assert ever(share_exceeds(counts, np.arange(1, REQUESTS + 1), rate, ALPHA)) <= ALPHA
    if rate == 0.05:
        assert peeking(hits.astype(float), rate) > 0.15


def test_the_loss_of_a_shadow(random):
    one, other = losses(random, (RUNS, REQUESTS), (0.4, 0.4))
    assert ever(mean_exceeds(one - other, 4.6, 0, ALPHA, 500)) <= ALPHA
    assert peeking(one - other, 0) > 0.2


@pytest.mark.parametrize("share", [5, 50, 75])
def test_the_loss_of_a_canary(random, share):
    (one,), (other,) = (losses(random, (500, rows), (0.4,)) for rows in (10 * share, 10 * (100 - share)))
    differences = np.array([concurrent_differences(*pair, share) for pair in zip(one, other, strict=True)])
    assert ever(mean_exceeds(differences, 4.6, 0, ALPHA, 50)) <= ALPHA


@pytest.mark.parametrize("sign", [1, -1])
def test_differences_that_are_rare_and_large(random, sign):
    """What an asymptotic bound turns away in up to 64 % of the runs."""
    values = sign * ((random.random((RUNS, REQUESTS)) < 0.05) - 0.05)
    tolerance = 2 * np.sqrt(ALPHA * (1 - ALPHA) / RUNS)  # exact: the bound may be reached, and the runs are a sample
    assert ever(mean_exceeds(values, 1, 0, ALPHA, 500)) <= ALPHA + tolerance


def test_the_split_of_the_traffic(random):
    for share in (0.05, 0.5):
        runs = random.random((300, REQUESTS)) < share
        outside = 0
        for run in runs:
            seen = share_trajectory(run, 1.0, ALPHA).looks
            outside += any(not look.low <= share <= look.high for look in seen)
        assert outside / 300 <= ALPHA


def test_agreement(random):
    runs, limit = 400, 0.5
    pearson = 2 * np.sin(np.pi * limit / 6)
    first = random.normal(size=(runs, 800))
    second = pearson * first + np.sqrt(1 - pearson**2) * random.normal(size=first.shape)
    below = np.zeros(runs, dtype=bool)
    for rows in (look for look in looks(800) if look >= FEWEST_PAIRS):
        ranks = [rankdata(side[:, :rows], axis=1) - (rows + 1) / 2 for side in (first, second)]
        value = (ranks[0] * ranks[1]).sum(axis=1) / np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
        below |= np.arctanh(value) + correlation_reach(rows, ALPHA, 400) < np.arctanh(limit)
    assert below.mean() <= ALPHA


def test_a_worse_candidate_is_stopped_soon(random):
    """Twice the errors that are allowed: a test of one look at the end would need 800 requests to be as sure."""
    hits = random.random((500, 4000)) < 0.04
    crossed = share_exceeds(np.cumsum(hits, axis=1), np.arange(1, 4001), 0.02, ALPHA)[:, FEWEST - 1 :]
    assert crossed.any(axis=1).mean() > 0.95
    assert np.median(crossed.argmax(axis=1)) + FEWEST < 1500


def whole_steps(use_case, random, runs):
    """Judge whole steps of an equal candidate, each limit at what both models do; return the share rolled back."""
    limits = use_case.promote.guardrails.model_copy(
        update={"max_error_rate": 0.02, "max_latency_p95_ms": 50.0, "max_log_loss_increase": 0.0, "min_agreement": 0.5}
    )
    policy = use_case.promote.model_copy(update={"guardrails": limits})
    strict, rolled_back = use_case.model_copy(update={"promote": policy}), 0
    slow = 50 / np.exp(0.3 * norm.ppf(0.95))
    for _ in range(runs):
        one, other = losses(random, 400, (0.4, 0.4))
        ranks = random.multivariate_normal([0, 0], [[1, 0.518], [0.518, 1]], 400).T
        nothing = np.empty(0, dtype=bool)
        measured = Measured(
            failed=random.random(400) < 0.02,
            known=np.ones(400, dtype=bool),
            latencies_ms=random.lognormal(np.log(slow), 0.3, 400),
            champion_failed=nothing,
            of_candidate=nothing,
            candidate_scores=ranks[0],
            champion_scores=ranks[1],
            candidate_groups=np.empty((400, 0), dtype=bool),
            champion_groups=np.empty((400, 0), dtype=bool),
            candidate_losses=one,
            champion_losses=other,
            candidate_costs=one,
            champion_costs=other,
        )
        rolled_back += any(found.verdict == "fail" for found in judge_guardrails(strict, "shadow", measured))
    return rolled_back / runs


def test_all_guardrails_of_a_step_together(use_case, random):
    """Each limit is what both models do, and one step judges them all: their chances of being wrong add up to 5 %."""
    assert whole_steps(use_case, random, 100) <= ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / 100)


@pytest.mark.soak
def test_all_guardrails_of_two_thousand_steps(use_case, random):
    assert whole_steps(use_case, random, RUNS) <= ALPHA
