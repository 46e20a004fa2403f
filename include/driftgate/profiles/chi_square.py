"""Pearson's chi-square test that two samples of words have the same distribution.

Pearson 1900; two samples: Fisher 1922. Its p-value holds only where enough rows are expected in each cell, so rare
words are pooled (Cochran 1954). And with enough rows it calls any difference significant; how large that is says
Cramér's V (Cramér 1946), in [0, 1], which does not grow with the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftgate.profiles.sketches import Floats

FEWEST_EXPECTED = 5.0  # rows in a cell, in either sample (Cochran's rule)


@dataclass(frozen=True)
class ChiSquare:
    """The statistic, how many cells were free, how likely as much is by chance, and how large the difference is."""

    statistic: float
    degrees: int
    p_value: float
    cramers_v: float


def chi_square(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> ChiSquare:
    """Return the test of two lists of counts; with one category, or without rows, nothing differs."""
    counts = np.array([expected, actual], dtype=float)
    rows = counts.sum(axis=1)
    if not rows.all():
        return ChiSquare(statistic=0.0, degrees=0, p_value=1.0, cramers_v=0.0)
    counts = _pooled(counts, rows.min() / rows.sum())
    means = np.outer(rows, counts.sum(axis=0)) / rows.sum()
    statistic = float(np.sum((counts - means) ** 2 / means))
    degrees = counts.shape[1] - 1
    return ChiSquare(
        statistic=statistic,
        degrees=degrees,
        p_value=_upper_tail(statistic, degrees),
        cramers_v=float(np.sqrt(statistic / rows.sum())),
    )


def _pooled(counts: Floats, smaller: float) -> Floats:
    """Return the counts with all cells of which too few rows are expected as one, joined to the rarest if need be.

    :param smaller: the smaller sample's share of all rows
    """
    counts = counts[:, np.argsort(-counts.sum(axis=0), kind="stable")]
    fewest = counts.sum(axis=0) * smaller
    kept = int(np.count_nonzero(fewest >= FEWEST_EXPECTED))
    if 0 < fewest[kept:].sum() < FEWEST_EXPECTED:
        kept = max(kept - 1, 0)
    rest = counts[:, kept:].sum(axis=1, keepdims=True)
    return np.hstack([counts[:, :kept], rest]) if rest.any() else counts[:, :kept]


def _upper_tail(statistic: float, degrees: int) -> float:
    """Return how likely a chi-square variable of so many degrees of freedom is larger."""
    from scipy.special import gammaincc  # light, where scipy.stats takes a second to import

    return float(gammaincc(degrees / 2, statistic / 2)) if degrees else 1.0
