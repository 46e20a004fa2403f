"""How far one feature of a training day lies from the other training days, and how far it moves by itself in time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from driftgate.profiles.sketches import Floats

Days = npt.NDArray[np.int64]

GAP_DAYS = 8  # neighbours are alike: a day is compared with training days at least so far from it
YEAR_DAYS = 365
FULL_YEAR_DAYS = 350  # a training window as long as this knows all seasons
SEASON_DAYS = 45  # days as close in the year are of like season
STEPS = (0.125, 0.25, 0.375)  # of the window: the gaps over which a feature's own movement is measured
STATISTICS = ("jensen_shannon", "kolmogorov_smirnov")  # the latter of numbers only


@dataclass(frozen=True)
class DayDistances:
    """One feature. ``counts`` has a row for each training day, whose places in the calendar are ``days``.

    :param ordered: the bins have an order, so that cumulative shares can be compared too
    """

    counts: Floats
    days: Days
    ordered: bool

    @cached_property
    def by_weekday(self) -> bool:
        """Whether days of like weekday are nearer to a day than days of all weekdays."""
        return bool(np.median(self._own(GAP_DAYS, True)[0]) < np.median(self._own(GAP_DAYS, False)[0]))

    @cached_property
    def own(self) -> Floats:
        """The distance of each training day from the other ones: a row for each statistic."""
        return self._own(GAP_DAYS, self.by_weekday)

    def at_lag(self, lag: int) -> Floats:
        """Return :attr:`own` as it would be if the other days lay as far back as they do ``lag`` days after the window.

        A squared distance grows with time by so much a day as it does inside the window, or not at all.
        """
        if self._knows_seasons:
            return self.own
        squared = np.maximum(np.median(self.own, axis=1) ** 2, 1e-4)
        extra = max(lag + (np.ptp(self.days) / 2) - self._mean_days(GAP_DAYS), 0.0)
        return np.asarray(self.own * np.sqrt(1 + self._growth * extra / squared)[:, None])

    def moved(self, counts: Floats) -> Floats:
        """Return :attr:`own` as it would be if each training day had looked like its row of ``counts``."""
        return self._distances(self._weights(self.days, GAP_DAYS, self.by_weekday), counts)

    def of(self, histogram: Floats, day: int) -> Floats:
        """Return the distance of another day from the training days, one number for each statistic."""
        weights = self._weights(np.array([day]), 0, self.by_weekday)
        return self._distances(weights, histogram[None, :])[:, 0]

    @cached_property
    def _knows_seasons(self) -> bool:
        return bool(np.ptp(self.days) >= FULL_YEAR_DAYS)

    @cached_property
    def _growth(self) -> Floats:
        """By how much the squared distance grows a day: the slope of its median over longer and longer gaps."""
        gaps = [1, *(max(2, round(step * np.ptp(self.days))) for step in STEPS)]
        squared = np.array([np.median(self._own(gap, self.by_weekday), axis=1) ** 2 for gap in gaps])
        apart = np.array([self._mean_days(gap) for gap in gaps])
        centred = apart - apart.mean()
        slope = centred @ (squared - squared.mean(axis=0)) / max(float(centred @ centred), 1e-9)
        return np.asarray(np.maximum(slope, 0.0))

    def _own(self, gap: int, by_weekday: bool) -> Floats:
        return self._distances(self._weights(self.days, gap, by_weekday), self.counts)

    def _mean_days(self, gap: int) -> float:
        apart = np.abs(self.days[:, None] - self.days)
        return float(apart[apart >= gap].mean())

    def _weights(self, days: Days, gap: int, by_weekday: bool) -> Floats:
        """Return which training days each of ``days`` is compared with."""
        apart = days[:, None] - self.days
        allowed = np.abs(apart) >= gap
        if self._knows_seasons:
            in_year = apart % YEAR_DAYS
            allowed &= np.minimum(in_year, YEAR_DAYS - in_year) <= SEASON_DAYS
        like = allowed & (apart % 7 == 0)
        use_like = by_weekday & like.any(axis=1)
        return np.asarray(np.where(use_like[:, None], like, allowed), dtype=float)

    def _distances(self, weights: Floats, counts: Floats) -> Floats:
        expected, actual = _shares(weights @ self.counts), _shares(counts)
        found = [_jensen_shannon(expected, actual)]
        if self.ordered:
            found.append(np.abs(np.cumsum(expected - actual, axis=1)[:, :-1]).max(axis=1))
        return np.array(found)


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _jensen_shannon(first: Floats, second: Floats) -> Floats:
    """Return the distance of each row: that of :mod:`driftgate.profiles.distances`, of many days at once."""
    middle = (first + second) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(side > 0, side * np.log2(side / middle), 0).sum(axis=1) for side in (first, second)]
    return np.asarray(np.sqrt(np.maximum(sum(parts) / 2, 0)))
