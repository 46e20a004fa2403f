"""From which score on an alarm pays: as the costs of errors say, or as the validation rows do."""

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.day_blocks import mean_interval
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import Floats
from driftgate.evaluation.report import DecisionThreshold
from driftgate.problems import ErrorCosts

POINTS = 200  # of the curve: quantiles of the scores


def decision_threshold(held: Holdout, scores: Floats, prices: ErrorCosts, confidence: float) -> DecisionThreshold:
    """Return the threshold of least expected cost (Elkan 2001), and whether the curve of costs knows a better one.

    A threshold taken from the very rows it is judged on looks better than it is. Each day is therefore judged by the
    one that was cheapest on all other days.
    """
    calibrated = cost_threshold(prices)
    points = np.unique(np.quantile(scores, np.linspace(0, 1, POINTS)))
    _, days = np.unique(held.days, return_inverse=True)
    curve = np.array([_per_day(_costs(held.labels, scores, point, prices), days) for point in points])
    elsewhere = points[(curve.sum(axis=1, keepdims=True) - curve).argmin(axis=0)]
    mine = _costs(held.labels, scores, calibrated, prices)
    savings = 1000 * (mine - _costs(held.labels, scores, elsewhere[days], prices))
    bounds = mean_interval(savings, held.days, confidence)
    on_curve = float(points[curve.sum(axis=1).argmin()])
    return DecisionThreshold(
        calibrated=rounded(calibrated),
        on_curve=rounded(on_curve),
        usd_calibrated=rounded(1000 * float(mine.mean())),
        saving=rounded(float(savings.mean())),
        saving_interval=rounded_interval(bounds) if bounds else None,
        chosen=rounded(on_curve if bounds and bounds[0] > 0 else calibrated),
    )


def _costs(labels: npt.NDArray[np.bool_], scores: Floats, threshold: float | Floats, prices: ErrorCosts) -> Floats:
    alarms = scores > threshold
    costs: Floats = prices.false_alarm * (alarms & ~labels) + prices.missed * (~alarms & labels)
    return costs


def _per_day(costs: Floats, days: npt.NDArray[np.intp]) -> Floats:
    sums: Floats = np.bincount(days, weights=costs).astype(np.float64)
    return sums
