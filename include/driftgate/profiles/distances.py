"""How far two distributions are apart. Each function takes shares or profiles; none knows a threshold.

PSI and Jensen-Shannon compare shares of bins and apply to numbers and words; Kolmogorov-Smirnov compares cumulative
shares and applies to numbers only.
"""

from collections.abc import Sequence

import numpy as np

from driftgate.profiles.columns import CategoricalColumn, Column, NumericColumn
from driftgate.profiles.reading import numeric_column
from driftgate.profiles.sketches import Floats, Sketch
from driftgate.profiles.stability import psi as psi  # read from here, beside the others

DECILES = [tenth / 10 for tenth in range(1, 10)]


def jensen_shannon(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Return the Jensen-Shannon distance of two lists of shares: the root of the divergence to base 2, in [0, 1].

    Divergence: Lin 1991. Its root is a metric: Endres and Schindelin 2003.
    """
    first, second = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    middle = (first + second) / 2
    divergence = (_relative_entropy(first, middle) + _relative_entropy(second, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def kolmogorov_smirnov(expected: Sketch, actual: Sketch) -> float:
    """Return the two-sample Kolmogorov-Smirnov statistic: the largest distance of the cumulative shares, in [0, 1].

    Kolmogorov 1933, Smirnov 1948. Exact while both sketches are, else within ``2 / GROUPS``.
    """
    places = np.union1d(expected.values, actual.values)
    return float(np.max(np.abs(expected.share_up_to(places) - actual.share_up_to(places)), initial=0.0))


def distances(reference: Column, night: Column) -> dict[str, float]:
    """Return every distance that applies to this pair of columns, by its name."""
    if isinstance(reference, NumericColumn):
        night = _as_numbers(night)
        expected, actual = _numeric_shares(reference, night)
        found = {"kolmogorov_smirnov": kolmogorov_smirnov(reference.sketch, night.sketch)}
        if not (reference.count and night.count):
            found = {}  # one side has no number at all: the bin of missing values says it
    else:
        expected, actual = _category_shares(_as_words(reference), _as_words(night))
        found = {}
    return {"psi": psi(expected, actual), "jensen_shannon": jensen_shannon(expected, actual), **found}


def _numeric_shares(reference: NumericColumn, night: NumericColumn) -> tuple[Floats, Floats]:
    """Return the shares of ten bins with equal reference shares (fewer with ties), then of missing or infinite ones."""
    edges = sorted(set(reference.sketch.quantiles(DECILES))) if reference.count else []
    return _bin_shares(reference, edges), _bin_shares(night, edges)


def _bin_shares(column: NumericColumn, edges: list[float]) -> Floats:
    known = np.diff(np.concatenate([[0.0], column.sketch.share_up_to(edges), [1.0]]))
    return np.append(known * column.count, column.rows - column.count) / max(column.rows, 1)


def _category_shares(reference: CategoricalColumn, night: CategoricalColumn) -> tuple[Floats, Floats]:
    """Return the shares of the reference's categories, then of all others, then of missing values."""
    named = sorted(reference.categories)
    return _named_shares(reference, named), _named_shares(night, named)


def _named_shares(column: CategoricalColumn, named: list[str]) -> Floats:
    counts = [column.categories.get(name, 0) for name in named]
    return np.array([*counts, column.count - sum(counts), column.nulls], dtype=float) / max(column.rows, 1)


def _as_numbers(column: Column) -> NumericColumn:
    """Words where numbers were are missing numbers."""
    if isinstance(column, NumericColumn):
        return column
    return numeric_column(np.array([]), rows=column.rows)


def _as_words(column: Column) -> CategoricalColumn:
    """Numbers where words were are words never seen, and so are values that must not be shown."""
    if isinstance(column, CategoricalColumn):
        return column
    known = column.rows - column.nulls
    return CategoricalColumn(count=known, nulls=column.nulls, categories={}, others=known)


def _relative_entropy(first: Floats, second: Floats) -> float:
    present = first > 0
    return float(np.sum(first[present] * np.log2(first[present] / second[present])))
