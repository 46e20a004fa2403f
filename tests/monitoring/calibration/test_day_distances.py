"""How far a day lies from training days of its weekday and season, not from its neighbours; and how far it moves."""

import numpy as np
import pytest

from driftgate.monitoring.calibration.day_distances import DayDistances
from driftgate.profiles.distances import jensen_shannon, kolmogorov_smirnov
from driftgate.profiles.sketches import sketch_of

FIRST = 734_869  # 1 January 2013, a Tuesday


def made(shares: "np.typing.NDArray[np.float64]", rows: int = 1000) -> DayDistances:
    """Days whose share in the second of two bins is given."""
    counts = np.column_stack([(1 - shares) * rows, shares * rows])
    return DayDistances(counts, np.arange(FIRST, FIRST + len(shares)), ordered=False)


def night(share: float) -> "np.typing.NDArray[np.float64]":
    return np.array([1 - share, share]) * 1000


def test_the_distances_are_those_of_the_textbook() -> None:
    random = np.random.default_rng(1)
    days, tonight = random.integers(0, 5, (40, 300)), random.integers(1, 5, 200)
    counts = np.array([np.bincount(day, minlength=6) for day in days], dtype=float)  # the last bin: missing
    feature = DayDistances(counts, np.arange(FIRST, FIRST + 40), ordered=True)
    found = feature.of(np.bincount(tonight, minlength=6).astype(float), FIRST + 47)
    used = days[[n for n in range(40) if not feature.by_weekday or (47 - n) % 7 == 0]].ravel()
    shares = [np.bincount(values, minlength=6) / len(values) for values in (used, tonight)]
    assert found[0] == pytest.approx(jensen_shannon(*shares))
    assert found[1] == pytest.approx(
        kolmogorov_smirnov(sketch_of(used.astype(float)), sketch_of(tonight.astype(float)))
    )


def test_a_day_is_held_against_its_weekday_where_weekdays_differ() -> None:
    weekly = made(np.where(np.arange(70) % 7 == 4, 0.6, 0.3))  # Saturdays
    assert weekly.by_weekday
    assert weekly.own.max() == pytest.approx(0, abs=1e-6)
    assert weekly.of(night(0.6), FIRST + 74)[0] == pytest.approx(0, abs=1e-6)
    assert weekly.of(night(0.6), FIRST + 75)[0] > 0.2


def test_neighbours_say_nothing_of_a_day() -> None:
    storm = np.full(60, 0.1)
    storm[30:35] = 0.9
    assert made(storm).own[0, 32] > 0.7  # though two days on either side are just like it


def test_a_feature_that_moves_by_itself_may_move_on() -> None:
    rising, still = made(np.linspace(0.2, 0.6, 84)), made(np.full(84, 0.4) + np.tile([0.02, -0.02, 0.03], 28))
    assert np.median(rising.at_lag(56)) > 1.5 * np.median(rising.own)
    assert np.median(still.at_lag(56)) == pytest.approx(np.median(still.own), rel=0.1)


def test_a_window_of_a_year_holds_a_night_against_its_season() -> None:
    season = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(400) / 365)
    year = made(season)
    assert np.all(year.at_lag(200) == year.own)
    day = 400 + 60
    alike = night(0.5 + 0.4 * np.sin(2 * np.pi * day / 365))
    assert year.of(alike, FIRST + day)[0] < 0.1
    assert year.of(night(0.1), FIRST + day)[0] > 0.4
