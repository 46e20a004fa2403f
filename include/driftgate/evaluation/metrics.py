"""Metrics of a binary classifier's scores. Labels are booleans, scores are probabilities, one of each per row."""

import numpy as np
import numpy.typing as npt

from driftgate.errors import CannotJudge
from driftgate.use_cases import ErrorCosts

CALIBRATION_BINS = 10
SMALLEST_PROBABILITY = 1e-15  # a certain and wrong answer costs 34.5 nats, not infinity

Floats = npt.NDArray[np.float64]


def auc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the share of (positive, negative) pairs in the right order; a tie counts half (Mann-Whitney U).

    :raises CannotJudge: there is only one class
    """
    truth, values = _checked(labels, scores)
    positives = values[truth]
    negatives = np.sort(values[~truth])
    if not len(positives) or not len(negatives):
        raise CannotJudge(f"All {len(truth)} labels are of one class, so no AUC exists; take a longer window of rows.")
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).sum() / 2 / len(positives) / len(negatives))


def log_loss(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean negative log likelihood in nats; scores are clipped away from 0 and 1."""
    return float(row_losses(labels, scores).mean())


def row_losses(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """Return each row's negative log likelihood in nats."""
    truth, values = _checked(labels, scores)
    likelihood = np.where(truth, values, 1 - values)
    losses: Floats = -np.log(np.clip(likelihood, SMALLEST_PROBABILITY, 1))
    return losses


def calibration_error(labels: npt.ArrayLike, scores: npt.ArrayLike, bins: int = CALIBRATION_BINS) -> float:
    """Return the expected calibration error over equal bins of the score (Naeini et al. 2015, Guo et al. 2017).

    It is the mean over rows of the distance between mean score and share of positives in the row's bin.
    """
    truth, values = _checked(labels, scores)
    return float(np.abs(calibration_gaps(truth, values, bins)).sum() / len(truth))


def calibration_gaps(labels: npt.NDArray[np.bool_], scores: Floats, bins: int = CALIBRATION_BINS) -> Floats:
    """Return, for each bin of the score, the sum of (label - score) over its rows."""
    places = np.minimum((scores * bins).astype(int), bins - 1)
    return np.bincount(places, weights=labels - scores, minlength=bins).astype(np.float64)


def expected_cost_usd(labels: npt.ArrayLike, scores: npt.ArrayLike, costs: ErrorCosts) -> float:
    """Return the mean cost of one row in US dollars when every score above :func:`cost_threshold` raises an alarm."""
    truth, values = _checked(labels, scores)
    alarms = values > cost_threshold(costs)
    wrong = costs.false_alarm * (alarms & ~truth).sum() + costs.missed * (~alarms & truth).sum()
    return float(wrong / len(truth))


def cost_threshold(costs: ErrorCosts) -> float:
    """Return the probability above which an alarm is the cheaper answer of a calibrated model (Elkan 2001)."""
    return costs.false_alarm / (costs.false_alarm + costs.missed)


def _checked(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[npt.NDArray[np.bool_], Floats]:
    truth, values = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=np.float64)
    if truth.shape != values.shape or truth.ndim != 1:
        raise ValueError(f"labels {truth.shape} and scores {values.shape} must be two columns of the same rows")
    if not len(truth):
        raise CannotJudge("There are no rows to measure; take a longer window of rows.")
    if not ((values >= 0) & (values <= 1)).all():  # NaN fails both comparisons
        raise CannotJudge("A score is not a probability between 0 and 1, so nothing can be measured; train again.")
    return truth, values
