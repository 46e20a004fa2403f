"""Page's cumulative sum: hand-computed, and its false alarms come as seldom as they are said to."""

import numpy as np
import pytest

from driftgate.evaluation.metrics import Floats
from driftgate.monitoring.judges.cusum import cusum, limit_for, nights_to_limit
from driftgate.monitoring.judges.payoff import MEMORY_NIGHTS
from driftgate.monitoring_policy import Payoff


def test_the_sum_by_hand() -> None:
    # The deviation of 1, -3, 2, 0, 5 is the root of 8.5, 2.915; a sum below zero begins again.
    sums = cusum(np.array([1.0, -3.0, 2.0, 0.0, 5.0]), 0.25)
    assert sums.tolist() == pytest.approx([0.093, 0, 0.436, 0.186, 1.651], abs=0.001)


@pytest.mark.parametrize("values", [[], [0.3], [0.2, 0.2, 0.2]])
def test_numbers_that_do_not_vary_prove_nothing(values: list[float]) -> None:
    assert cusum(np.array(values), 0.25).tolist() == [0.0] * len(values)


@pytest.mark.parametrize(
    ("limit", "nights"), [(4.0, 336), (5.0, 930)]
)  # Montgomery, table 9.3: one side of 168 and 465
def test_nights_to_a_limit_are_those_of_the_textbook(limit: float, nights: float) -> None:
    assert nights_to_limit(limit, 0.5) == pytest.approx(nights, rel=0.02)


@pytest.mark.parametrize("nights", [10.0, 91.0, 3650.0])
@pytest.mark.parametrize("allowance", [0.05, 0.25, 1.0])
def test_the_limit_is_that_of_its_nights(nights: float, allowance: float) -> None:
    assert nights_to_limit(limit_for(nights, allowance), allowance) == pytest.approx(nights)


def nights_until_it_fires(mean: float, *, resemblance: float = 0.0, tail: int = 0) -> Floats:
    """Return how long 400 series take to reach the limit of 91 nights, judged nightly as the payoff monitor does."""
    random, most, settings = np.random.default_rng(20130401), 400, Payoff()
    noise = (
        random.standard_t(tail, (400, most)) * ((tail - 2) / tail) ** 0.5 if tail else random.normal(size=(400, most))
    )
    for night in range(1, most):
        noise[:, night] = resemblance * noise[:, night - 1] + (1 - resemblance**2) ** 0.5 * noise[:, night]
    limit, found = limit_for(91, settings.allowance), np.full(400, float(most))
    for night in range(most, settings.min_nights - 1, -1):
        seen = noise[:, max(0, night - MEMORY_NIGHTS) : night] + mean
        sums = last_sums(seen, settings.allowance)
        if night % 80 == settings.min_nights:
            assert np.allclose(sums, [cusum(one, settings.allowance)[-1] for one in seen])
        found[sums >= limit] = night
    return found


def last_sums(series: Floats, allowance: float) -> Floats:
    """Return the last sum of each of many series at once: 150,000 calls of ``cusum`` would take four seconds."""
    spread, sums = series.std(axis=1, ddof=1), np.zeros(len(series))
    for values in series.T:
        sums = np.maximum(0, sums + values / spread - allowance)
    return sums


def test_false_alarms_come_as_seldom_as_is_said_with_the_deviation_estimated_from_few_nights() -> None:
    assert nights_until_it_fires(0.0).mean() == pytest.approx(88, abs=10)
    assert nights_until_it_fires(0.0, tail=4).mean() == pytest.approx(90, abs=10)
    # What a pilot loses by learning noise makes them rarer; nights that resemble each other make them more frequent.
    assert nights_until_it_fires(-0.1).mean() > 140
    assert 45 < nights_until_it_fires(0.0, resemblance=0.2).mean() < 75


def test_a_gain_of_two_thirds_of_a_deviation_is_found_in_eleven_nights() -> None:
    found = nights_until_it_fires(0.66)
    assert found.mean() == pytest.approx(11, abs=1.5) and np.quantile(found, 0.9) < 21
