"""What a number of a monitor was on the nights before: its own usual, and when tonight strays from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean, stdev

from driftgate.evaluation.day_blocks import Interval
from driftgate.monitoring.night import Night
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import keys_before

NIGHTS = 28
FEWEST_NIGHTS = 10  # fewer do not tell how far nights stray
SIGMAS = 3.0
CONFIDENCE = 0.99  # of a share that is said to exceed its limit


@dataclass(frozen=True)
class Usual:
    """The mean of the nights before, and how far one night strays from it (a standard deviation)."""

    mean: float
    deviation: float

    @property
    def highest(self) -> float:
        """What a night is at most; one in a thousand is above it by chance, of a number that is normal."""
        return self.mean + SIGMAS * self.deviation


def usual(night: Night, monitor: MonitorName, statistic: str, *, chance: float = 0.0) -> Usual | None:
    """Return what a statistic was on the nights before, with the same champion; None of too few nights.

    Nights on which the monitor found a drift are left out, or what lasts would become the usual.

    :param chance: a standard deviation that tonight's number has by chance alone: it strays by no less
    """
    values = list(_values(night, monitor, statistic))
    if len(values) < FEWEST_NIGHTS:
        return None
    return Usual(fmean(values), max(stdev(values), chance))


def share_interval(count: int, rows: int, confidence: float = CONFIDENCE) -> Interval:
    """Return one-sided bounds of a share, each at ``confidence``: the score interval of Wilson (1927)."""
    z, share = NormalDist().inv_cdf(confidence), count / rows
    middle, reach = share + z * z / (2 * rows), z * sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    scale = 1 + z * z / rows
    return max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0)


def _values(night: Night, monitor: MonitorName, statistic: str) -> Iterator[float]:
    for key in keys_before(night.key, NIGHTS + 1)[:-1]:
        found = night.past.evidence(key, monitor)
        if found and found.champion == night.champion and found.verdict != "drift":
            yield from (one.value for one in found.statistics if one.name == statistic)
