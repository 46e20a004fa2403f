"""What guardrails watch, request by request: the value and its bounds at chosen looks, and when a limit was crossed.

A limit counts as crossed once a bound that holds at every look at once has been beyond it, after whichever request that
was. So the answer depends on the requests, not on when somebody looked.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from driftgate.promotion.sequential import (
    Flags,
    Floats,
    correlation_reach,
    mean_exceeds,
    mean_lower_bound,
    share_bounds,
    share_evidence,
    share_exceeds,
)
from driftgate.records import Record

LOOKS = 30
FEWEST = 10  # requests: before it no guardrail is crossed, and nothing is measured
FEWEST_PAIRS = 30  # of a rank correlation, whose law is asymptotic
GROWTH = 1.5  # from one look to the next
WELL_CORRELATED = 0.999999  # Fisher's scale has no place for 1


class Look(Record):
    """A guardrail after so many requests: what was measured, and between what it lies."""

    rows: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Trajectory:
    """The looks, the last of them at all rows, and after how many rows the limit was first crossed."""

    looks: tuple[Look, ...]
    crossed_after: int | None


def looks(rows: int) -> list[int]:
    """Return after how many rows to look: always the same ones, and the last."""
    grid = (round(FEWEST * GROWTH**step) for step in range(LOOKS - 1))
    return [*(look for look in grid if look < rows), rows]


def share_trajectory(hits: Flags, limit: float, alpha: float) -> Trajectory:
    """Watch a share that must not exceed ``limit``."""
    counts = np.cumsum(hits)
    crossed = _first(share_exceeds(counts, np.arange(1, len(hits) + 1), limit, alpha))
    at = np.array(looks(len(hits)))
    low, high = share_bounds(counts[at - 1], at, alpha)
    shares = counts[at - 1] / at
    return Trajectory(_looks(zip(at, shares, low, high, strict=True)), crossed)


def quantile_trajectory(values: Floats, level: float, limit: float, alpha: float) -> Trajectory:
    """Watch a quantile that must not exceed ``limit``: it does when more than ``1 - level`` of the values do."""
    above = np.cumsum(values > limit)
    crossed = _first(share_exceeds(above, np.arange(1, len(values) + 1), 1 - level, alpha))
    points = [(rows, *_quantile(np.sort(values[:rows]), level, alpha)) for rows in looks(len(values))]
    return Trajectory(_looks(points), crossed)


def mean_trajectory(values: Floats, reach: float, limit: float, alpha: float, best: int) -> Trajectory:
    """Watch a mean of values between ``-reach`` and ``reach`` that must not exceed ``limit``."""
    crossed = _first(mean_exceeds(values, reach, limit, alpha, best))

    def points() -> Iterable[tuple[int, float, float, float]]:
        for rows in looks(len(values)):
            seen = np.clip(values[:rows], -reach, reach)
            low, high = (sign * mean_lower_bound(sign * seen, reach, alpha, best) for sign in (1, -1))
            yield rows, float(seen.mean()), low, high

    return Trajectory(_looks(points()), crossed)


def correlation_trajectory(first: Floats, second: Floats, limit: float, alpha: float, best: int) -> Trajectory:
    """Watch a rank correlation that must be at least ``limit``. It is computed at the looks only."""

    def points() -> Iterable[tuple[int, float, float, float]]:
        for rows in looks(len(first)):
            value = rank_correlation(first[:rows], second[:rows])
            if math.isnan(value):
                continue
            centre = math.atanh(max(-WELL_CORRELATED, min(value, WELL_CORRELATED)))
            reach = float(correlation_reach(rows, alpha, best))
            yield rows, value, math.tanh(centre - reach), math.tanh(centre + reach)

    found = _looks(points())
    below = (look.rows for look in found if look.rows >= FEWEST_PAIRS and look.high is not None and look.high < limit)
    return Trajectory(found, next(below, None))


def quantile(ordered: Floats, level: float) -> float:
    """Return the smallest value that at least ``level`` of all values do not exceed: one of the values itself."""
    return float(ordered[math.ceil(level * len(ordered)) - 1])


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation (1904); NaN when all values of one side are equal."""
    from scipy.stats import rankdata

    ranks = rankdata(first) - (len(first) + 1) / 2, rankdata(second) - (len(second) + 1) / 2
    spread = math.sqrt(float((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum()) / spread if spread else math.nan


def _quantile(ordered: Floats, level: float, alpha: float) -> tuple[float, float | None, float | None]:
    """Return a quantile and its bounds, which are values themselves: those that as many values exceed as can be."""
    rows = len(ordered)
    possible = np.flatnonzero(share_evidence(np.arange(rows + 1), rows, 1 - level) < math.log(1 / alpha))
    fewest, most = int(possible[0]), int(possible[-1])  # values above the quantile
    low = float(ordered[rows - most - 1]) if most < rows else None
    return quantile(ordered, level), low, float(ordered[rows - fewest]) if fewest else None


def _looks(points: Iterable[tuple[int, float, float | None, float | None]]) -> tuple[Look, ...]:
    return tuple(
        Look(rows=int(rows), value=float(value), low=_number(low), high=_number(high))
        for rows, value, low, high in points
    )


def _number(bound: float | None) -> float | None:
    return None if bound is None else float(bound)


def _first(crossed: Flags) -> int | None:
    """Return after how many rows a limit was first crossed."""
    late = np.flatnonzero(crossed[FEWEST - 1 :])
    return int(late[0]) + FEWEST if len(late) else None
