"""The limit of a nightly number: false alarms come as often as was agreed, in the number's own kind of nights."""

import numpy as np
import pytest

from driftgate.monitoring.calibration.alarm_price import AlarmRule, alarm_limit, alarm_starts

YEARS = 40


def nights(memory: float, count: int, seed: int) -> "np.typing.NDArray[np.float64]":
    """Scores with an exponential tail, of nights that remember the night before."""
    random = np.random.default_rng(seed)
    steps = random.normal(size=count)
    for night in range(1, count):
        steps[night] = memory * steps[night - 1] + np.sqrt(1 - memory**2) * steps[night]
    return np.asarray(-np.log10(np.clip(1 - (np.argsort(np.argsort(steps)) + 0.5) / count, 1e-9, 1)))


@pytest.mark.parametrize(
    ("over", "alarms"),
    [("0000", 0), ("0100", 0), ("0110", 1), ("1010", 1), ("0111110", 1), ("110000011", 2), ("11011", 1), ("11", 0)],
)
def test_an_alarm_starts_after_as_many_nights_without(over: str, alarms: int) -> None:
    found = alarm_starts(np.array([night == "1" for night in over]), AlarmRule(2, 3, 4))
    assert found == alarms


@pytest.mark.parametrize("memory", [0.0, 0.6])
@pytest.mark.parametrize(("m", "n", "per_year"), [(1, 1, 2.0), (2, 3, 4.0), (3, 7, 12.0)])
def test_the_limit_gives_the_agreed_rate_on_other_nights(memory: float, m: int, n: int, per_year: float) -> None:
    rule = AlarmRule(m, n, per_year)
    limit = alarm_limit(nights(memory, 2000, 1), rule)
    found = alarm_starts(nights(memory, 365 * YEARS, 2) > limit, rule) / YEARS
    assert 0.5 * per_year < found < 1.7 * per_year


def test_fewer_false_alarms_cost_a_higher_limit_and_the_same_nights_give_the_same_one() -> None:
    series = nights(0.3, 90, 3)
    limits = [alarm_limit(series, AlarmRule(1, 1, per_year)) for per_year in (12.0, 4.0, 1.0, 0.2)]
    assert limits == sorted(limits) and len(set(limits)) == 4
    assert limits[-1] > series.max() > limits[0]  # rarer than any training day: the tail
    assert alarm_limit(series, AlarmRule(1, 1, 4.0)) == limits[1]


def test_a_number_that_never_moves_has_itself_as_its_limit() -> None:
    assert alarm_limit(np.full(60, 0.3), AlarmRule(2, 3, 4.0)) == pytest.approx(0.3)
