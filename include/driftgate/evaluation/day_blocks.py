"""Intervals for metrics of several days pooled, by resampling whole days.

The rows of one day share its weather, so they are no independent sample: on the flights of April 2013, intervals from
rows alone are three to four times too narrow. The day is therefore the block of the bootstrap (Künsch 1989; blocks do
not overlap, Carlstein 1986). Every metric here is a ratio of sums over days (AUC: over pairs of days), so one resample
is a product of small matrices, whatever the number of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.metrics import CALIBRATION_BINS, Floats, calibration_gaps

RESAMPLES = 2000
SEED = 20130401  # fixed, so that a decision can be reproduced

Interval = tuple[float, float]


@dataclass(frozen=True)
class ScoredDay:
    """One day's labelled answers."""

    labels: npt.NDArray[np.bool_]
    scores: Floats


def auc_interval(days: Sequence[ScoredDay], confidence: float) -> Interval:
    """Return the one-sided lower and upper bounds, each at ``confidence``, of the AUC of all days pooled."""
    return _bounds(_resampled_auc(days), confidence)


def auc_gain_interval(days: Sequence[ScoredDay], others: Sequence[ScoredDay], confidence: float) -> Interval:
    """Return the bounds of how much higher the AUC of ``days`` is than that of ``others``.

    Both hold the same rows, scored by two models. The same days are drawn for both, so what a hard day does to both
    cancels out.
    """
    return _bounds(_resampled_auc(days) - _resampled_auc(others), confidence)


def mean_interval(sums: Floats, counts: npt.NDArray[np.int64], confidence: float) -> Interval:
    """Return the bounds of a mean over rows, from each day's sum and number of rows."""
    drawn = _resamples(len(counts))
    return _bounds((drawn @ sums) / (drawn @ counts), confidence)


def calibration_interval(days: Sequence[ScoredDay], confidence: float, bins: int = CALIBRATION_BINS) -> Interval:
    """Return the bounds of the expected calibration error over equal bins of the score."""
    gaps = np.array([calibration_gaps(day.labels, day.scores, bins) for day in days])
    rows = np.array([len(day.labels) for day in days])
    drawn = _resamples(len(days))
    return _bounds(np.abs(drawn @ gaps).sum(axis=1) / (drawn @ rows), confidence)


def _resampled_auc(days: Sequence[ScoredDay]) -> Floats:
    """Return the AUC of each resample, NaN where the days drawn have one class only."""
    concordant = np.array([[_concordant(of_positives, of_negatives) for of_negatives in days] for of_positives in days])
    positives = np.array([day.labels.sum() for day in days])
    negatives = np.array([(~day.labels).sum() for day in days])
    drawn = _resamples(len(days))
    pairs = (drawn @ positives) * (drawn @ negatives)
    ranked = np.einsum("ri,ij,rj->r", drawn, concordant, drawn)
    ratios: Floats = np.divide(ranked, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return ratios


def _concordant(of_positives: ScoredDay, of_negatives: ScoredDay) -> float:
    """Count the pairs (positive of one day, negative of another) in the right order; a tie counts half."""
    negatives = np.sort(of_negatives.scores[~of_negatives.labels])
    positives = of_positives.scores[of_positives.labels]
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).sum() / 2)


def _resamples(days: int) -> npt.NDArray[np.int64]:
    """Return how often each day is drawn in each resample; always the same draws for the same number of days."""
    return np.random.default_rng(SEED).multinomial(days, np.full(days, 1 / days), size=RESAMPLES)


def _bounds(values: Floats, confidence: float) -> Interval:
    low, high = np.quantile(values[~np.isnan(values)], [1 - confidence, confidence])
    return float(low), float(high)
