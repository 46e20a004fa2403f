"""A level that the champion misses too, and by as much or more on the same rows, is no reason to keep the champion.

How good answers can be depends on the world: in a month of storms every model costs more and is worse calibrated than
in spring. A fixed level would then reject each candidate, and the worse champion would go on serving. What a model is,
rather than what it met (edge cases, explanation, robustness, size), stays absolute, and so do the gates on the data.
Groups of the gate on fairness are held against the champion one by one, where they are measured.
"""

from collections.abc import Callable, Mapping

from driftgate.evaluation.calibration import error_with_bounds, score_bins
from driftgate.evaluation.comparison import Comparison
from driftgate.evaluation.costs import row_costs_usd
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats, metric
from driftgate.evaluation.report import GateResult


def _primary(found: Comparison, scores: Floats) -> float:
    primary = metric(found.use_case.metric.primary)
    return primary.gain(0.0, primary.value(found.held.labels, scores))


def _cost(found: Comparison, scores: Floats) -> float:
    return 1000 * float(row_costs_usd(found.held.labels, scores, found.use_case.metric.costs_usd).mean())


def _calibration(found: Comparison, scores: Floats) -> float:
    return error_with_bounds(found.held, scores, score_bins(scores), found.use_case.gates.champion.confidence)[0]


# What a gate asks, of any scores of the validation rows: the smaller, the better.
LEVELS: Mapping[str, Callable[[Comparison, Floats], float]] = {
    "uplift": _primary,
    "cost": _cost,
    "calibration": _calibration,
}


def no_worse(found: Comparison, gates: tuple[GateResult, ...]) -> tuple[GateResult, ...]:
    """Return the gates; a level that fails passes where the candidate is not worse than the champion."""
    champion = found.champion
    if champion is None or champion.scores is None or not found.use_case.gates.or_no_worse_than_champion:
        return gates
    return tuple(_held_against(found, champion.version, champion.scores, gate) for gate in gates)


def _held_against(found: Comparison, version: str, scores: Floats, gate: GateResult) -> GateResult:
    measure = LEVELS.get(gate.gate)
    if gate.verdict != "fail" or gate.interval is None or measure is None:
        return gate
    mine, theirs = (rounded(measure(found, one)) for one in (found.scores, scores))
    if mine > theirs:
        return gate
    sentence = (
        f"{gate.sentence} Champion {version} is at {abs(theirs):.4f} on the same rows and the candidate at "
        f"{abs(mine):.4f}, which is no reason to keep the champion."
    )
    return gate.model_copy(update={"verdict": "pass", "excused_by": version, "sentence": sentence})
