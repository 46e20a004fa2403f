"""What errors cost in US dollars, as the use case says."""

from collections.abc import Callable

import numpy.typing as npt

from driftgate.evaluation.metrics import Floats, Metric, checked
from driftgate.problems import Costs, ErrorCosts, Problem

COST = "expected_cost_usd_per_1000"


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


def cost_metrics(problem: Problem, costs: Costs) -> tuple[Metric, ...]:
    """Return what errors cost as metrics: in US dollars per 1,000 rows, and in a regression the pinball loss besides.

    Prices of too much and too little are a pinball loss (Koenker and Bassett 1978) at the quantile that costs least.
    """

    def usd(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
        return 1000 * row_costs_usd(labels, scores, costs)

    found = [_mean_of(usd, COST, "expected cost", problem)]
    if not isinstance(costs, ErrorCosts) and (together := costs.over + costs.under):
        found.append(_mean_of(lambda *rows: usd(*rows) / together / 1000, "pinball", "pinball loss", problem))
    return tuple(found)


def _mean_of(row_losses: Callable[..., Floats], name: str, title: str, problem: Problem) -> Metric:
    return Metric(name, title, problem, "lower", lambda *rows: float(row_losses(*rows).mean()), row_losses=row_losses)
