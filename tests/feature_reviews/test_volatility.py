"""A calm world, a stormy one, and one that turns with the seasons: what each proposes."""

from collections.abc import Callable
from itertools import cycle

import pytest

from driftgate.feature_reviews.volatility import proposed, volatility
from driftgate.monitoring import Verdict
from driftgate.partition_keys import keys_between

SPRING = keys_between("2013-03-01", "2013-05-31")


@pytest.mark.parametrize(
    ("says", "score", "cadence"),
    [
        (["ok"], 0.0, "biannual"),
        (["minor"], 1 / 3, "quarterly"),
        (["major"], 2 / 3, "monthly"),
        (["critical", "ok"], 0.5, "monthly"),
        (["insufficient", "critical"], 1.0, "monthly"),  # nights that nobody could judge count for nothing
    ],
)
def test_the_score_is_the_mean_weight_of_a_night(
    night: Callable[..., Verdict], says: list[str], score: float, cadence: str
) -> None:
    found = volatility([night(key, data=one) for key, one in zip(SPRING, cycle(says), strict=False)])
    assert found.drift == pytest.approx(score, abs=0.02)
    assert found.score == pytest.approx(score, abs=0.02)
    assert (found.proposes, found.first) == (cadence, "2013-03-01" if says[0] != "insufficient" else "2013-03-02")


def test_the_worst_drift_of_a_night_counts_and_not_what_training_or_service_say(night: Callable[..., Verdict]) -> None:
    worst = volatility([night(key, data="minor", concept="critical") for key in SPRING])
    assert (worst.drift, worst.nights, worst.drift_nights) == (1.0, 92, 92)
    other = volatility([night(key, data="ok", service="critical", payoff="critical") for key in SPRING])
    assert (other.drift, other.drift_nights, other.proposes) == (0.0, 0, "biannual")


def test_a_world_that_turns_with_the_seasons_is_looked_at_in_each(night: Callable[..., Verdict]) -> None:
    year = [night(key, data="minor" if key[5:7] == "12" else "ok") for key in keys_between("2013-01-01", "2013-12-31")]
    found = volatility(year)
    assert found.drift < 0.1 < (found.score or 0)
    assert (found.seasonality, found.score, found.proposes) == (0.3333, 0.1667, "quarterly")
    assert found.by_month["2013-12"] == 0.3333


def test_too_few_nights_propose_nothing_and_a_short_month_is_no_season(night: Callable[..., Verdict]) -> None:
    few = volatility([night(key, data="critical") for key in SPRING[:27]])
    assert (few.score, few.proposes, few.drift) == (None, None, 1.0)
    short = volatility([night(key, data="ok") for key in SPRING[:31]] + [night("2013-04-01", data="critical")])
    assert (short.by_month, short.seasonality) == ({"2013-03": 0.0}, None)
    assert volatility([]).nights == 0


@pytest.mark.parametrize(
    ("score", "cadence"), [(0.4, "monthly"), (0.39, "quarterly"), (0.1, "quarterly"), (0.09, "biannual")]
)
def test_the_rule(score: float, cadence: str) -> None:
    assert proposed(score) == cadence
