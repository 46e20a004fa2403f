"""One-sided bounds of what guardrails measure; lower and upper bound hold at ``confidence`` each."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Interval = tuple[float | None, float | None]


def share_bounds(hits: int, rows: int, confidence: float) -> Interval:
    """Return the exact bounds of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    low = float(beta.ppf(1 - confidence, hits, rows - hits + 1)) if hits else 0.0
    high = float(beta.ppf(confidence, hits + 1, rows - hits)) if hits < rows else 1.0
    return low, high


def quantile(values: Floats, level: float) -> float:
    """Return the smallest value that at least ``level`` of all values do not exceed: one of the values itself."""
    return float(np.sort(values)[math.ceil(level * len(values)) - 1])


def quantile_bounds(values: Floats, level: float, confidence: float) -> Interval:
    """Return the bounds of a quantile as two of the values, whatever their distribution (David and Nagaraja 2003, 7.1).

    The number of values below the quantile is binomial. The upper bound is None when there are too few values for one.
    """
    from scipy.stats import binom

    ordered, rows = np.sort(values), len(values)
    below = binom.cdf(np.arange(rows), rows, level)  # below[i]: the chance that at most i values lie below
    low = int(np.searchsorted(below, 1 - confidence, side="right"))
    high = int(np.searchsorted(below, confidence, side="left"))
    return float(ordered[low - 1]) if low else None, float(ordered[high]) if high < rows else None


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation (1904); NaN when all values of one side are equal."""
    from scipy.stats import rankdata

    ranks = rankdata(first) - (len(first) + 1) / 2, rankdata(second) - (len(second) + 1) / 2
    spread = math.sqrt(float((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum()) / spread if spread else math.nan


def rank_correlation_bounds(correlation: float, pairs: int, confidence: float) -> Interval:
    """Return the bounds by Fisher's z with the variance 1.06 / (n - 3) (Fieller, Hartley and Pearson 1957)."""
    from scipy.stats import norm

    if abs(correlation) >= 1:
        return correlation, correlation
    reach = float(norm.ppf(confidence)) * math.sqrt(1.06 / (pairs - 3))
    centre = math.atanh(correlation)
    return math.tanh(centre - reach), math.tanh(centre + reach)


def mean_bounds(values: Floats, confidence: float) -> Interval:
    """Return the bounds of a mean by Student's t."""
    return _t_bounds(float(values.mean()), float(values.var(ddof=1)) / len(values), len(values) - 1, confidence)


def mean_difference_bounds(first: Floats, second: Floats, confidence: float) -> Interval:
    """Return the bounds of the difference of two means of different requests (Welch 1947)."""
    parts = np.array([values.var(ddof=1) / len(values) for values in (first, second)])
    freedom = np.array([len(first) - 1, len(second) - 1])
    variance = float(parts.sum())
    degrees = variance**2 / float((parts**2 / freedom).sum()) if variance else float(freedom.sum())
    return _t_bounds(float(first.mean() - second.mean()), variance, degrees, confidence)


def _t_bounds(centre: float, variance: float, degrees: float, confidence: float) -> Interval:
    from scipy.stats import t

    reach = float(t.ppf(confidence, degrees)) * math.sqrt(variance)
    return centre - reach, centre + reach
