"""Intervals for metrics of several days pooled, by resampling whole days.

The rows of one day share its weather, so they are no independent sample: on the flights of April 2013, intervals from
rows alone are three to four times too narrow. The day is therefore the block of the bootstrap (Künsch 1989; blocks do
not overlap, Carlstein 1986). Every metric here is a function of a ratio of sums over days (AUC: over pairs of days),
so one resample is a product of small matrices, whatever the number of rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.metrics import CALIBRATION_BINS, Floats, Labels, Metric, calibration_gaps

RESAMPLES = 2000
SEED = 20130401  # fixed, so that a decision can be reproduced
FEWEST_DAYS = 3  # with fewer blocks an interval has no meaning

Interval = tuple[float, float]


@dataclass(frozen=True)
class ScoredDay:
    """One day's labelled answers."""

    labels: Labels
    scores: Floats


def metric_interval(metric: Metric, days: Sequence[ScoredDay], confidence: float) -> Interval:
    """Return the one-sided lower and upper bounds, each at ``confidence``, of a metric of all days pooled."""
    return _bounds(_resampled(metric, days), confidence)


def gain_interval(
    metric: Metric, days: Sequence[ScoredDay], others: Sequence[ScoredDay], confidence: float
) -> Interval:
    """Return the bounds of how much better the metric of ``days`` is than that of ``others``.

    Both hold the same rows, scored by two models. The same days are drawn for both, so what a hard day does to both
    cancels out.
    """
    return _bounds(metric.gain(_resampled(metric, days), _resampled(metric, others)), confidence)


def mean_interval(values: Floats, days: npt.NDArray[np.datetime64], confidence: float) -> Interval | None:
    """Return the bounds of the mean of one value per row; None of fewer than :data:`FEWEST_DAYS` days."""
    return (
        ratio_interval(values, np.ones(len(values)), days, confidence) if len(np.unique(days)) >= FEWEST_DAYS else None
    )


def ratio_interval(above: Floats, below: Floats, days: npt.NDArray[np.datetime64], confidence: float) -> Interval:
    """Return the bounds of the sum of one value per row over the sum of another."""
    found, places = np.unique(days, return_inverse=True)
    drawn = _resamples(len(found))
    sums, bases = (drawn @ np.bincount(places, weights=values) for values in (above, below))
    return _bounds(np.divide(sums, bases, out=np.full(len(sums), np.nan), where=bases > 0), confidence)


def gap_interval(gaps: Floats, rows: npt.NDArray[np.int64], confidence: float) -> Interval:
    """Return the bounds of the mean distance over bins.

    :param gaps: for each day and bin the sum of (label - score), and ``rows``: how many of each day
    """
    return _bounds(_resampled_gaps(gaps, rows), confidence)


def interval_of(of_sums: Callable[[Floats], Floats], sums: Floats, confidence: float) -> Interval:
    """Return the bounds of a function of sums over days.

    :param of_sums: gives one value for each row of sums that it is given, NaN where there is none
    :param sums: one row per day
    """
    return _bounds(of_sums(_resamples(len(sums)) @ sums), confidence)


def _resampled(metric: Metric, days: Sequence[ScoredDay]) -> Floats:
    """Return the metric of each resample."""
    if metric.row_losses is None:
        return _RESAMPLED[metric.name](days)
    sums = np.array([metric.row_losses(day.labels, day.scores).sum() for day in days])
    rows = np.array([len(day.labels) for day in days])
    drawn = _resamples(len(days))
    values: Floats = metric.of_mean((drawn @ sums) / (drawn @ rows))
    return values


def _resampled_calibration(days: Sequence[ScoredDay], bins: int = CALIBRATION_BINS) -> Floats:
    """Return the expected calibration error of each resample, over equal bins of the score."""
    gaps = np.array([calibration_gaps(day.labels, day.scores, bins) for day in days])
    return _resampled_gaps(gaps, np.array([len(day.labels) for day in days]))


def _resampled_gaps(gaps: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    drawn = _resamples(len(rows))
    errors: Floats = np.abs(drawn @ gaps).sum(axis=1) / (drawn @ rows)
    return errors


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


_RESAMPLED = {"auc": _resampled_auc, "calibration_error": _resampled_calibration}


@lru_cache(16)
def _resamples(days: int) -> npt.NDArray[np.int64]:
    """Return how often each day is drawn in each resample; always the same draws for the same number of days."""
    drawn = np.random.default_rng(SEED).multinomial(days, np.full(days, 1 / days), size=RESAMPLES)
    drawn.flags.writeable = False  # whoever asks next gets the same
    return drawn


def _bounds(values: Floats, confidence: float) -> Interval:
    low, high = np.quantile(values[~np.isnan(values)], [1 - confidence, confidence])
    return float(low), float(high)
