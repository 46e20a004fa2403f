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

from driftgate.monitoring.sketches import Floats

RESAMPLES = 2000
SEED = 20130401  # fixed, so that a verdict can be reproduced


@dataclass(frozen=True)
class ScoredDay:
    """One day's labelled answers."""

    labels: npt.NDArray[np.bool_]
    scores: Floats


def auc_interval(days: Sequence[ScoredDay], confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bounds, each at ``confidence``, of the AUC of all days pooled."""
    concordant = np.array([[_concordant(of_positives, of_negatives) for of_negatives in days] for of_positives in days])
    positives = np.array([day.labels.sum() for day in days])
    negatives = np.array([(~day.labels).sum() for day in days])
    drawn = _resamples(len(days))
    pairs = (drawn @ positives) * (drawn @ negatives)
    ranked = np.einsum("ri,ij,rj->r", drawn, concordant, drawn)
    return _bounds(ranked[pairs > 0] / pairs[pairs > 0], confidence)


def mean_interval(sums: Floats, counts: npt.NDArray[np.int64], confidence: float) -> tuple[float, float]:
    """Return the bounds of a mean over rows, from each day's sum and number of rows."""
    drawn = _resamples(len(counts))
    return _bounds((drawn @ sums) / (drawn @ counts), confidence)


def calibration_interval(days: Sequence[ScoredDay], bins: int, confidence: float) -> tuple[float, float]:
    """Return the bounds of the expected calibration error over ``bins`` equal bins of the score."""
    gaps = np.array([_gaps_by_bin(day, bins) for day in days])
    rows = np.array([len(day.labels) for day in days])
    drawn = _resamples(len(days))
    return _bounds(np.abs(drawn @ gaps).sum(axis=1) / (drawn @ rows), confidence)


def calibration_error(days: Sequence[ScoredDay], bins: int) -> float:
    """Return the expected calibration error of all days pooled (Naeini et al. 2015, Guo et al. 2017).

    It is the mean over rows of the distance between mean score and share of positives in the row's bin.
    """
    gaps = sum(_gaps_by_bin(day, bins) for day in days)
    return float(np.abs(gaps).sum() / sum(len(day.labels) for day in days))


def _concordant(of_positives: ScoredDay, of_negatives: ScoredDay) -> float:
    """Count the pairs (positive of one day, negative of another) in the right order; a tie counts half."""
    negatives = np.sort(of_negatives.scores[~of_negatives.labels])
    positives = of_positives.scores[of_positives.labels]
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).sum() / 2)


def _gaps_by_bin(day: ScoredDay, bins: int) -> Floats:
    """Return, for each bin of the score, the sum of (label - score) over its rows."""
    places = np.minimum((day.scores * bins).astype(int), bins - 1)
    gaps: Floats = np.bincount(places, weights=day.labels - day.scores, minlength=bins).astype(float)
    return gaps


def _resamples(days: int) -> npt.NDArray[np.int64]:
    """Return how often each day is drawn in each resample; always the same draws for the same number of days."""
    return np.random.default_rng(SEED).multinomial(days, np.full(days, 1 / days), size=RESAMPLES)


def _bounds(values: Floats, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(values, [1 - confidence, confidence])
    return float(low), float(high)
