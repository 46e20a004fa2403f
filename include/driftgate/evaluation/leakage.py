"""How well one feature alone predicts the label. A feature that does so nearly perfectly has usually seen the answer.

Each feature is measured by the best AUC that any simple use of it reaches:

- a number by its rank, missing ones once below and once above all others, so that *being missing* can predict too
- a feature of few different values (a word, a code) also by the label's mean per value, missing being a value of its
  own; out of fold, so that a value that occurs once predicts nothing

With very few rows a harmless feature may part the labels by chance: half of them should be more than a handful.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.metrics import Floats

if TYPE_CHECKING:
    import pyarrow as pa

FOLDS = 5
PRIOR_ROWS = 1.0  # a value's mean label counts as much as this many rows of the overall mean
MOST_CODES = 1000  # a number with more different values than this is no code: only its rank is measured

Booleans = npt.NDArray[np.bool_]


def single_feature_auc(column: "pa.ChunkedArray", labels: Booleans) -> float:
    """Return the best AUC that the feature ``column`` reaches alone, at least 0.5; ``labels`` are of both classes."""
    import pyarrow as pa

    codes = _codes(column)
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    reached = [_rank_auc(column, labels)] if numeric else []
    if not numeric or codes.max(initial=0) < MOST_CODES:
        reached.append(_either_way(_out_of_fold_means(codes, labels), labels))
    return max(reached)


def _rank_auc(column: "pa.ChunkedArray", labels: Booleans) -> float:
    import pyarrow as pa

    values: Floats = column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy()
    missing = np.isnan(values)
    if not missing.any():
        return _either_way(values, labels)
    return max(_either_way(np.where(missing, end, values), labels) for end in (-np.inf, np.inf))


def _either_way(scores: Floats, labels: Booleans) -> float:
    """Return the AUC of ``scores`` or of their opposite, whichever is larger; ties count half (Mann-Whitney U)."""
    from scipy.stats import rankdata

    positives = int(labels.sum())
    above = rankdata(scores)[labels].sum() - positives * (positives + 1) / 2
    auc = float(above / positives / (len(labels) - positives))
    return max(auc, 1 - auc)


def _codes(column: "pa.ChunkedArray") -> npt.NDArray[np.int64]:
    """Return the number of each row's value among the different ones; missing is one of them."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    codes: npt.NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return codes


def _out_of_fold_means(codes: npt.NDArray[np.int64], labels: Booleans) -> Floats:
    """Return, for each row, the mean label of its value's rows in the other folds, drawn to the overall mean."""
    folds = np.arange(len(codes)) % FOLDS
    shape = (int(codes.max()) + 1, FOLDS)
    places = codes * FOLDS + folds
    rows = np.bincount(places, minlength=shape[0] * FOLDS).reshape(shape)
    late = np.bincount(places, weights=labels, minlength=shape[0] * FOLDS).reshape(shape)
    others_rows, others_late = rows.sum(axis=1, keepdims=True) - rows, late.sum(axis=1, keepdims=True) - late
    means = (others_late + PRIOR_ROWS * labels.mean()) / (others_rows + PRIOR_ROWS)
    found: Floats = means[codes, folds]
    return found
