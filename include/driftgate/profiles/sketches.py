"""A bounded, mergeable, deterministic sketch of a numeric column's distribution.

A sketch is a sorted list of values with weights: weight ``w`` at value ``v`` says that ``w`` rows lie in the interval
that ends at ``v``. Up to ``POINTS`` distinct values it is the exact distribution; above, neighbours are joined into
``GROUPS`` groups of equal depth, and a value with rows in two groups or more keeps a point of its own. So a cumulative
share is off by at most ``1 / GROUPS`` per joining, also beside an atom (a day without rain). Equal input gives equal
bytes, which a randomised sketch (KLL) would not, and profiles are identified by their hash.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from driftgate.records import Record

POINTS = 1024
GROUPS = POINTS // 2  # the other half of the points is for values astride two groups; there is one per border at most

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Sketch(Record):
    """Sorted distinct values and how many rows each stands for."""

    values: tuple[float, ...] = ()
    weights: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows the sketch describes."""
        return sum(self.weights)

    def share_up_to(self, limits: Sequence[float] | Floats) -> Floats:
        """Return the cumulative share of rows at or below each limit."""
        cumulative = np.concatenate([[0], np.cumsum(self.weights)])
        places = np.searchsorted(np.asarray(self.values), limits, side="right")
        return np.asarray(cumulative[places] / max(self.rows, 1), dtype=float)

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """Return, for each share, the smallest value with at least that cumulative share (the inverse of the CDF)."""
        cumulative = np.cumsum(self.weights)
        wanted = np.asarray(shares) * cumulative[-1]
        places = np.minimum(np.searchsorted(cumulative, wanted, side="left"), len(self.values) - 1)
        return [self.values[place] for place in places]


def sketch_of(values: Floats) -> Sketch:
    """Return the sketch of finite ``values``."""
    distinct, counts = np.unique(values, return_counts=True)
    return weighted_sketch(distinct, counts)


def merge_sketches(sketches: Iterable[Sketch]) -> Sketch:
    """Return the sketch of all rows together; joining happens once, however many sketches there are."""
    parts = list(sketches)
    values = np.concatenate([np.asarray(part.values, dtype=float) for part in parts])
    weights = np.concatenate([np.asarray(part.weights, dtype=np.int64) for part in parts])
    distinct, inverse = np.unique(values, return_inverse=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, inverse, weights)
    return weighted_sketch(distinct, sums)


def weighted_sketch(values: Floats, weights: npt.NDArray[Any]) -> Sketch:
    """Return the sketch of sorted distinct ``values``, each of which stands for so many rows."""
    if len(values) > POINTS:
        cumulative = np.cumsum(weights)
        first_row, last_row = cumulative - weights, cumulative - 1
        group = last_row * GROUPS // cumulative[-1]
        ends = np.append(group[1:] != group[:-1], True)
        astride = first_row * GROUPS // cumulative[-1] != group
        last = np.flatnonzero(ends | astride)
        values = values[last]
        weights = np.diff(cumulative[last], prepend=0)
    return Sketch(values=tuple(values.tolist()), weights=tuple(weights.tolist()))
