"""How well one feature alone predicts the label. A feature that does so nearly perfectly has usually seen the answer.

Each feature is measured by the best that any simple use of it reaches: its AUC, in a regression its share of the
label's variance (R squared).

- a number by its rank, missing ones once below and once above all others, so that *being missing* can predict too; in a
  regression by rank, by value and by the label's mean in each of many equally large bins of it
- a feature of few different values (a word, a code) also by the label's mean per value, missing being a value of its
  own; out of fold, so that a value that occurs once predicts nothing

With very few rows a harmless feature may part the labels by chance: half of them should be more than a handful.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.metrics import Floats, Labels

if TYPE_CHECKING:
    import pyarrow as pa

FOLDS = 5
PRIOR_ROWS = 1.0  # a value's mean label counts as much as this many rows of the overall mean
MOST_CODES = 1000  # a number with more different values than this is no code: only its rank is measured
BINS = 100  # of a number, equally large

Booleans = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


def single_feature_auc(column: "pa.ChunkedArray", labels: Booleans) -> float:
    """Return the best AUC that the feature ``column`` reaches alone, at least 0.5; ``labels`` are of both classes."""
    import pyarrow as pa

    codes = _codes(column)
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    reached = [_rank_auc(codes, _numbers(column), labels)] if numeric else []
    if not numeric or codes.max(initial=0) < MOST_CODES:
        means = _means_of_other_folds(codes, labels)
        reached.append(_either_way(means.ravel(), _cells(codes), labels))
    return max(reached)


def single_feature_r2(column: "pa.ChunkedArray", labels: Floats) -> float:
    """Return the best share of the labels' variance that ``column`` explains alone, at least 0."""
    import pyarrow as pa

    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return _r2_of_means(_codes(column), labels)
    codes, values = _codes(column), _numbers(column)
    reached = [_r2_of_means(_bins(values), labels), _r2_of_a_line(values, labels)]
    if codes.max(initial=0) < MOST_CODES:
        reached.append(_r2_of_means(codes, labels))
    return max(reached)


def _r2_of_means(codes: Codes, labels: Floats) -> float:
    wrong = np.square(labels - _means_of_other_folds(codes, labels).ravel()[_cells(codes)]).mean()
    return max(0.0, float(1 - wrong / labels.var()))


def _r2_of_a_line(values: Floats, labels: Floats) -> float:
    """Return the squared correlation of values or of ranks, whichever is larger; a missing value is a mean one."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    if not known.any():
        return 0.0
    filled = np.where(known, values, values[known].mean())
    return max(_squared_correlation(filled, labels), _squared_correlation(rankdata(filled), rankdata(labels)))


def _squared_correlation(first: Floats, second: Floats) -> float:
    one, two = first - first.mean(), second - second.mean()
    spread = float((one**2).sum() * (two**2).sum())
    return float((one * two).sum()) ** 2 / spread if spread else 0.0


def _bins(values: Floats) -> npt.NDArray[np.int64]:
    """Return the number of each value's bin; what is missing has a bin of its own."""
    known = np.isfinite(values)
    places = np.zeros(len(values), dtype=np.int64)
    if known.any():
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, BINS + 1)[1:-1]))
        places[known] = 1 + np.searchsorted(edges, values[known], side="left")
    return places


def _rank_auc(codes: Codes, numbers: Floats, labels: Booleans) -> float:
    values = np.empty(int(codes.max(initial=-1)) + 1)
    values[codes] = numbers  # of each code; there are fewer to be put in order than rows
    missing = np.isnan(values)
    ends = (-np.inf, np.inf) if missing.any() else (0.0,)
    return max(_either_way(np.where(missing, end, values), codes, labels) for end in ends)


def _either_way(scores: Floats, codes: Codes, labels: Booleans) -> float:
    """Return the AUC of the score of each row's code, or of its opposite, whichever is larger.

    Ties count half: it is the Mann-Whitney U of the positives, from how many rows of each class have a score.
    """
    order, places = np.unique(scores, return_inverse=True)
    rows, positives = (np.bincount(places[which], minlength=len(order)) for which in (codes, codes[labels]))
    negatives = rows - positives
    below = np.cumsum(negatives) - negatives
    auc = float((positives * (below + negatives / 2)).sum() / positives.sum() / negatives.sum())
    return max(auc, 1 - auc)


def _numbers(column: "pa.ChunkedArray") -> Floats:
    import pyarrow as pa

    values: Floats = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy()
    return values


def _codes(column: "pa.ChunkedArray") -> Codes:
    """Return the number of each row's value among the different ones; missing is one of them."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    codes: Codes = encoded.indices.to_numpy().astype(np.int64)
    return codes


def _cells(codes: Codes) -> Codes:
    """Return the number of each row's value and fold together."""
    return codes * FOLDS + np.arange(len(codes)) % FOLDS


def _means_of_other_folds(codes: Codes, labels: Labels) -> Floats:
    """Return, for each value and fold, the mean label of its rows in the other folds, drawn to the overall mean."""
    shape = (int(codes.max()) + 1, FOLDS)
    places = _cells(codes)
    rows = np.bincount(places, minlength=shape[0] * FOLDS).reshape(shape)
    sums = np.bincount(places, weights=labels, minlength=shape[0] * FOLDS).reshape(shape)
    others_rows, others_sums = rows.sum(axis=1, keepdims=True) - rows, sums.sum(axis=1, keepdims=True) - sums
    means: Floats = (others_sums + PRIOR_ROWS * labels.mean()) / (others_rows + PRIOR_ROWS)
    return means
