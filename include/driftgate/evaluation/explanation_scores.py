"""How good explanations are, as four numbers. Whole days are resampled, for the rows of one day share its weather.

- **stability**: does the model go by the same features on other days? Rank correlation (Spearman) of what features add
  on one half of the days with that on the other, over many ways to halve them.
- **local stability**: has a row's neighbour the same reasons? Mean rank correlation of what features add to a row with
  what they add once it is disturbed a little (Alvarez-Melis 2018).
- **fidelity**: is what is shown the reason? Share of the variance of raw scores that the ``k`` largest contributions of
  each row and the base explain.
- **consistency**: does it go by what the champion goes by? Rank correlation of both on the same rows.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, interval_of
from driftgate.evaluation.explanation_report import ExplanationScore
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.metrics import Floats
from driftgate.models import Contributions

HALVINGS = 200
SEED = 20130401


def stability(magnitudes: Floats, confidence: float) -> ExplanationScore:
    """Compare halves of the days.

    :param magnitudes: the mean absolute contribution of each feature on each day
    """
    days = len(magnitudes)
    if days < 2:
        return ExplanationScore(value=1.0, interval=None)
    random = np.random.default_rng(SEED)
    orders = np.array([random.permutation(days) for _ in range(HALVINGS)])
    first, second = orders[:, : days // 2], orders[:, days // 2 :]
    agreed = _agreed(magnitudes[first].mean(axis=1), magnitudes[second].mean(axis=1))
    low, high = np.quantile(agreed, [1 - confidence, confidence])
    return _score(float(agreed.mean()), days, lambda: (float(low), float(high)))


def local_stability(
    values: Floats, disturbed: Floats, days: npt.NDArray[np.int64], confidence: float
) -> ExplanationScore:
    """Compare each row with its neighbour, by the contributions of each.

    :param days: the place of each row's day
    """
    alike = _agreed(values, disturbed)
    sums = np.column_stack([np.bincount(days, weights=alike), np.bincount(days)]).astype(np.float64)
    bounds = partial(interval_of, lambda drawn: drawn[:, 0] / drawn[:, 1], sums, confidence)
    return _score(float(alike.mean()), len(sums), bounds)


def fidelity(found: Contributions, k: int, days: npt.NDArray[np.int64], confidence: float) -> ExplanationScore:
    """Explain each row by its ``k`` largest contributions.

    :param days: the place of each row's day
    """
    largest = np.argsort(-np.abs(found.values), axis=1, kind="stable")[:, :k]
    told = found.base + np.take_along_axis(found.values, largest, axis=1).sum(axis=1)
    squares = ((found.raw - told) ** 2, (found.raw - found.raw.mean()) ** 2)
    sums = np.column_stack([np.bincount(days, weights=values) for values in squares]).astype(np.float64)
    bounds = partial(interval_of, _explained, sums, confidence)
    return _score(float(_explained(sums.sum(axis=0, keepdims=True))[0]), len(sums), bounds)


def consistency(own: Floats, champions: Floats, confidence: float) -> ExplanationScore:
    """Compare two models, by the mean absolute contributions of the features of both on each day."""
    features = own.shape[1]

    def agreed(sums: Floats) -> Floats:
        return _agreed(sums[:, :features], sums[:, features:])

    both = np.hstack([own, champions])
    bounds = partial(interval_of, agreed, both, confidence)
    return _score(float(agreed(both.sum(axis=0, keepdims=True))[0]), len(own), bounds)


def rank_correlations(first: Floats, second: Floats) -> Floats:
    """Return Spearman's correlation of each pair of rows; 0 where one of them is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(one, axis=1) for one in (first, second)]
    mine, other = (one - one.mean(axis=1, keepdims=True) for one in ranks)
    lengths = np.sqrt((mine**2).sum(axis=1) * (other**2).sum(axis=1))
    agreed: Floats = np.divide((mine * other).sum(axis=1), lengths, out=np.zeros(len(first)), where=lengths > 0)
    return agreed


def _agreed(first: Floats, second: Floats) -> Floats:
    """Correlate over the features that either of them goes by at all; fewer than two are always in the same order."""
    used = (first != 0).any(axis=0) | (second != 0).any(axis=0)
    if used.sum() < 2:
        return np.ones(len(first))
    return rank_correlations(first[:, used], second[:, used])


def by_day(values: Floats, days: npt.NDArray[np.int64]) -> Floats:
    """Return the mean of the rows of each day."""
    return np.array([values[days == day].mean(axis=0) for day in np.unique(days)])


def _explained(sums: Floats) -> Floats:
    """Return the share that is not missed of the whole; of nothing to explain, all of it."""
    missed, whole = sums.T
    share: Floats = 1 - np.divide(missed, whole, out=np.zeros(len(sums)), where=whole > 0)
    return share


def _score(value: float, days: int, bounds: Callable[[], Interval]) -> ExplanationScore:
    """Return the score with its bounds; of too few days they have no meaning."""
    if days < FEWEST_DAYS:
        return ExplanationScore(value=rounded(value), interval=None)
    return ExplanationScore(value=rounded(value), interval=rounded_interval(bounds()))
