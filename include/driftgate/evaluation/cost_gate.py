"""The gate on money: what the candidate's errors cost against those of the baselines and of the champion."""

import numpy as np

from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.costs import COST, row_costs_usd
from driftgate.evaluation.day_blocks import FEWEST_DAYS, mean_interval
from driftgate.evaluation.decision_threshold import decision_threshold
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.metrics import Floats
from driftgate.evaluation.report import CostComparison, GateResult
from driftgate.gate_policy import CostGate
from driftgate.problems import ErrorCosts


def costs(found: Comparison) -> Finding:
    """Compare what errors cost, row by row; without a limit there is no gate."""
    policy, prices = found.use_case.gates.cost, found.use_case.metric.costs_usd
    confidence = (policy or found.use_case.gates.champion).confidence
    mine = row_costs_usd(found.held.labels, found.scores, prices)
    compared = tuple(
        _compared(found, name, row_costs_usd(found.held.labels, scores, prices) - mine, confidence)
        for name, scores in found.others.items()
    )
    fields: dict[str, object] = {"costs": compared}
    if isinstance(prices, ErrorCosts):
        fields["decision_threshold"] = decision_threshold(found.held, found.scores, prices, confidence)
    return Finding(fields, (cost_gate(policy, compared),) if policy else ())


def cost_gate(policy: CostGate, compared: tuple[CostComparison, ...]) -> GateResult:
    """Fail when the errors may cost more than allowed, against any of the others.

    To pass, the candidate must be shown good enough against each, so no correction for many looks is due (Berger 1982,
    intersection-union test).
    """
    threshold = 0.0 - policy.max_increase_usd_per_1000
    bounds = {one.other: one.interval[0] if one.interval else -np.inf for one in compared}
    worst = min(compared, key=lambda one: bounds[one.other], default=None)
    passed = worst is None or bounds[worst.other] > threshold
    return GateResult(
        gate="cost",
        metric=COST,
        value=worst.saving if worst else None,
        interval=worst.interval if worst else None,
        threshold=threshold,
        verdict="pass" if passed else "fail",
        sentence=_told(worst, len(compared), passed, threshold),
    )


def _told(worst: CostComparison | None, others: int, passed: bool, threshold: float) -> str:
    if worst is None:
        return "There is neither a baseline nor a champion whose errors could cost less."
    if worst.interval is None:
        return f"The validation rows are of fewer than {FEWEST_DAYS} days, too few to compare what errors cost."
    mine, (low, high) = worst.usd_per_1000 - worst.saving, worst.interval
    return (
        f"1,000 rows cost {mine:,.0f} USD, saving {worst.saving:+,.0f} ({low:+,.0f} to {high:+,.0f}) "
        f"against {worst.other}, the hardest of {others} to beat; the lower bound "
        f"{'exceeds' if passed else 'does not exceed'} {threshold:+,.0f}."
    )


def _compared(found: Comparison, name: str, savings: Floats, confidence: float) -> CostComparison:
    bounds = mean_interval(1000 * savings, found.held.days, confidence)
    theirs = row_costs_usd(found.held.labels, found.others[name], found.use_case.metric.costs_usd)
    return CostComparison(
        other=name,
        usd_per_1000=rounded(1000 * float(theirs.mean())),
        saving=rounded(1000 * float(savings.mean())),
        interval=rounded_interval(bounds) if bounds else None,
    )
