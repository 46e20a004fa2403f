"""How far two distributions are apart. Each function takes shares, counts or sketches; none knows a threshold.

PSI, Jensen-Shannon, KL and total variation compare shares of bins and apply to numbers and words; Kolmogorov-Smirnov
and Wasserstein compare cumulative shares and apply to numbers only; chi-square compares counts of words.
"""

import sys
from collections.abc import Sequence

import numpy as np

from driftgate.profiles.chi_square import chi_square
from driftgate.profiles.columns import CategoricalColumn, Column, NumericColumn
from driftgate.profiles.reading import numeric_column
from driftgate.profiles.sketches import Floats, Sketch
from driftgate.profiles.stability import kl, psi, total_variation

__all__ = [
    "chi_square",
    "distances",
    "jensen_shannon",
    "kl",
    "kolmogorov_smirnov",
    "psi",
    "total_variation",
    "unseen",
    "wasserstein",
]

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


def wasserstein(expected: Sketch, actual: Sketch) -> float:
    """Return the first Wasserstein distance: the area between the cumulative shares, in the column's unit.

    Vaserstein 1969; that it is this area on a line: Vallender 1974. Exact while both sketches are, else within the sum
    of both ranges (largest minus smallest value) ``/ GROUPS``.
    """
    places = np.union1d(expected.values, actual.values)
    gaps = np.abs(expected.share_up_to(places[:-1]) - actual.share_up_to(places[:-1]))
    halves = float(np.sum(gaps * np.diff(places / 2)))  # the step between the largest doubles is none
    return min(2 * halves, sys.float_info.max)


def distances(reference: Column, night: Column) -> dict[str, float]:
    """Return every distance that applies to this pair of columns, by its name.

    - all columns: ``psi``, ``jensen_shannon``, ``kl``, ``total_variation``, and ``missing``: by how much the shares of
      missing or infinite values differ
    - numbers: ``kolmogorov_smirnov``, ``wasserstein``, and ``wasserstein_sd`` in standard deviations of the reference,
      which a constant does not have; none of them where one side has no number, which ``missing`` says
    - words: ``unseen`` (see :func:`unseen`), ``chi_square`` with its ``chi_square_p_value``, and ``cramers_v``, its
      effect, which does not grow with the number of rows
    """
    if isinstance(reference, NumericColumn):
        numbers = _as_numbers(night)
        return _of_shares(*_numeric_shares(reference, numbers)) | _of_numbers(reference, numbers)
    known, words = _as_words(reference), _as_words(night)
    return _of_shares(*_category_shares(known, words)) | _of_words(known, words)


def unseen(reference: CategoricalColumn, night: CategoricalColumn) -> float:
    """Return the share of a night's rows whose word the reference does not name.

    Where the reference itself counts rare words without naming them, only what goes beyond their share.
    """
    unnamed = night.count - sum(night.categories.get(name, 0) for name in reference.categories)
    return max(unnamed / max(night.rows, 1) - reference.others / max(reference.rows, 1), 0.0)


def _of_shares(expected: Floats, actual: Floats) -> dict[str, float]:
    """The last of the shares is that of missing values."""
    return {
        "psi": psi(expected, actual),
        "jensen_shannon": jensen_shannon(expected, actual),
        "kl": kl(expected, actual),
        "total_variation": total_variation(expected, actual),
        "missing": float(abs(actual[-1] - expected[-1])),
    }


def _of_numbers(reference: NumericColumn, night: NumericColumn) -> dict[str, float]:
    if not (reference.count and night.count):
        return {}
    way = wasserstein(reference.sketch, night.sketch)
    found = {"kolmogorov_smirnov": kolmogorov_smirnov(reference.sketch, night.sketch), "wasserstein": way}
    deviation = reference.standard_deviation
    return found | {"wasserstein_sd": min(way / deviation, sys.float_info.max)} if deviation else found


def _of_words(reference: CategoricalColumn, night: CategoricalColumn) -> dict[str, float]:
    named = sorted(reference.categories)
    found = chi_square(_counts(reference, named), _counts(night, named))
    return {
        "unseen": unseen(reference, night),
        "chi_square": found.statistic,
        "chi_square_p_value": found.p_value,
        "cramers_v": found.cramers_v,
    }


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
    return _counts(reference, named) / max(reference.rows, 1), _counts(night, named) / max(night.rows, 1)


def _counts(column: CategoricalColumn, named: list[str]) -> Floats:
    counts = [column.categories.get(name, 0) for name in named]
    return np.array([*counts, column.count - sum(counts), column.nulls], dtype=float)


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
