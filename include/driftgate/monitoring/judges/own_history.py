"""What a number of a monitor was on the nights before: its own usual, and when tonight strays from it."""

from collections.abc import Sequence
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
        return self.highest_of(1)

    @property
    def lowest(self) -> float:
        """What a night is at least."""
        return self.mean - SIGMAS * self.deviation

    def highest_of(self, nights: int) -> float:
        """What the mean of so many nights is at most."""
        return self.mean + SIGMAS * self.deviation / sqrt(nights)


def usual(values: Sequence[float], *, chance: float = 0.0) -> Usual | None:
    """Return what a number was on the nights before; None of too few nights.

    :param chance: a standard deviation that tonight's number has by chance alone: it strays by no less
    """
    return Usual(fmean(values), max(stdev(values), chance)) if len(values) >= FEWEST_NIGHTS else None


def values_before(
    night: Night, monitor: MonitorName, statistic: str, *, nights: int = NIGHTS, skip: int = 0, drifts: bool = False
) -> list[float]:
    """Return a statistic of the ``nights`` before the last ``skip`` ones before tonight, of the same champion.

    :param drifts: whether nights on which the monitor found a drift count; if they did, what lasts would become usual
    """
    newest = keys_before(night.key, skip + 1)[0]
    found = [one for one in night.earlier(monitor, nights + skip) if one.key < newest]
    counted = [one for one in reversed(found) if drifts or one.verdict != "drift"]
    return [number.value for one in counted for number in one.statistics if number.name == statistic]


def share_interval(count: int, rows: int, confidence: float = CONFIDENCE) -> Interval:
    """Return one-sided bounds of a share, each at ``confidence``: the score interval of Wilson (1927)."""
    z, share = NormalDist().inv_cdf(confidence), count / rows
    middle, reach = share + z * z / (2 * rows), z * sqrt(share * (1 - share) / rows + (z / (2 * rows)) ** 2)
    scale = 1 + z * z / rows
    return max((middle - reach) / scale, 0.0), min((middle + reach) / scale, 1.0)
