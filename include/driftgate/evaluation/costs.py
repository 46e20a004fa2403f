"""What errors cost in US dollars, as the use case says."""

import numpy.typing as npt

from driftgate.evaluation.metrics import Floats, checked
from driftgate.problems import Costs, ErrorCosts


def expected_cost_usd(labels: npt.ArrayLike, scores: npt.ArrayLike, costs: Costs) -> float:
    """Return the mean cost of one row in US dollars."""
    return float(row_costs_usd(labels, scores, costs).mean())


def row_costs_usd(labels: npt.ArrayLike, scores: npt.ArrayLike, costs: Costs) -> Floats:
    """Return what each row costs in US dollars.

    In a binary problem every score above :func:`cost_threshold` raises an alarm. In a regression each unit that an
    answer is too high or too low has its price; the answer that costs least is then no mean but a quantile.
    """
    if isinstance(costs, ErrorCosts):
        truth, values = checked("binary", labels, scores)
        alarms = values > cost_threshold(costs)
        wrong: Floats = costs.false_alarm * (alarms & ~truth) + costs.missed * (~alarms & truth)
        return wrong
    truth, values = checked("regression", labels, scores)
    errors = values - truth
    deviations: Floats = costs.over * errors.clip(min=0) + costs.under * (-errors).clip(min=0)
    return deviations


def cost_threshold(costs: ErrorCosts) -> float:
    """Return the probability above which an alarm is the cheaper answer of a calibrated model (Elkan 2001)."""
    return costs.false_alarm / (costs.false_alarm + costs.missed)
