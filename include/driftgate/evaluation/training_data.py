"""The gates on the data: labels that were turned over, and segments that fell behind.

Both are about poisoned or broken data rather than about the algorithm. What marks them is that every day is hit, or one
segment alone; a world that changed for good looks like poison all the same: read the sentence, then look at the rows.
Rows whose answer anybody knows are edge cases.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.coverage import segment_results
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, ratio_interval
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.metrics import Floats, Labels, Metric, metric
from driftgate.evaluation.report import EvaluationReport, GateResult, SegmentResult
from driftgate.gate_policy import TrainingDataGate

SURE = 0.1  # a model that gives the other class no more than this is sure
FEWEST_SURE = 150  # rows, of the calmer half of the days


def training_data(found: Comparison) -> Finding:
    """Judge labels and segments; without the section there is no gate."""
    policy, gates = found.use_case.gates.training_data, []
    if policy and policy.max_flipped is not None:
        gates.append(_flips(found, policy, policy.max_flipped))
    if policy and policy.max_segment_drop is not None:
        mine = segment_results(found.use_case, found.held, found.scores)
        gates.append(segment_gate(found, policy.max_segment_drop, mine))
    return Finding({}, tuple(gates))


def flipped_share(
    labels: Labels, scores: Floats, days: npt.NDArray[np.datetime64], confidence: float
) -> tuple[float, Interval] | None:
    """Return which share of the labels was turned over, by the rows that a model is sure of; None of too few.

    Where it is sure and right about how sure it is, a share ``c`` of the labels is the other one by nature. With a
    share ``f`` turned over that becomes ``c + f (1 - 2 c)``, which is solved for ``f``.
    """
    excess, room = _contradictions(labels, scores)
    if (room > 0).sum() < FEWEST_SURE or len(np.unique(days)) < FEWEST_DAYS:
        return None
    return float(excess.sum() / room.sum()), ratio_interval(excess, room, days, confidence)


def calm_days(labels: Labels, scores: Floats, days: npt.NDArray[np.datetime64]) -> npt.NDArray[np.bool_]:
    """Return which rows are of the half of the days on which labels contradict the model least.

    A storm turns a few days over; whoever turns labels over does it on all of them.
    """
    excess, room = _contradictions(labels, scores)
    found, places = np.unique(days, return_inverse=True)
    sums, rooms = (np.bincount(places, weights=one) for one in (excess, room))
    shares = np.divide(sums, rooms, out=np.full(len(found), np.inf), where=rooms > 0)
    kept = np.argsort(shares, kind="stable")[: max(round(len(found) / 2), FEWEST_DAYS)]
    return np.isin(places, kept)


def _contradictions(labels: Labels, scores: Floats) -> tuple[Floats, Floats]:
    """Return by how much each row that the model is sure of contradicts it more than it says, and how much it could."""
    claimed = np.minimum(scores, 1 - scores)
    sure = claimed <= SURE
    excess = np.where(sure, (labels != (scores > 0.5)) - claimed, 0.0)
    return excess, np.where(sure, 1 - 2 * claimed, 0.0)


def _flips(found: Comparison, policy: TrainingDataGate, limit: float) -> GateResult:
    """Ask the champion, whose labels are older ones, and before the first one the candidate."""
    champion = found.champion if found.champion and found.champion.scores is not None else None
    scores = found.scores if champion is None or champion.scores is None else champion.scores
    asked = f"champion {champion.version}" if champion else "the candidate"
    facts: dict[str, Any] = {"gate": "label_flips", "metric": "flipped_share", "threshold": limit}
    calm = calm_days(found.held.labels, scores, found.held.days)
    shares = flipped_share(found.held.labels[calm], scores[calm], found.held.days[calm], policy.confidence)
    if shares is None:
        sentence = f"{asked.capitalize()} is sure of fewer than {FEWEST_SURE} rows, or they are of too few days."
        return GateResult(**facts, value=None, interval=None, verdict="insufficient_data", sentence=sentence)
    share, (low, high) = shares
    passed = high <= limit
    sentence = (
        f"Labels contradict {asked} where it is sure, on the calmer half of the days, as if {share:.1%} ({low:.1%} to "
        f"{high:.1%}) had been turned over; the upper bound is {'at most' if passed else 'more than'} the {limit:.1%} "
        "that is allowed."
    )
    return GateResult(
        **facts,
        value=rounded(share),
        interval=rounded_interval((low, high)),
        verdict="pass" if passed else "fail",
        sentence=sentence,
    )


def segment_gate(found: Comparison, limit: float, mine: tuple[SegmentResult, ...]) -> GateResult:
    """Compare what each segment lost of the primary metric since the champion's own evaluation with what all rows lost.

    A harder world takes from all of them; one whose labels lost their meaning falls behind the others.
    """
    primary = metric(found.use_case.metric.primary)
    facts: dict[str, Any] = {
        "gate": "segment_regression",
        "metric": primary.name,
        "interval": None,
        "threshold": limit,
    }
    own = found.champion.own if found.champion else None
    lost = _lost(primary, mine, own) if own else {}
    if own is None or not lost:
        sentence = "There is no champion's report with segments to compare with."
        verdict = "insufficient_data" if found.champion else "pass"
        return GateResult(**facts, value=None, verdict=verdict, sentence=sentence)
    whole = primary.gain(own.metrics[primary.name], primary.value(found.held.labels, found.scores))
    worst = max(lost, key=lambda name: lost[name])
    beyond = lost[worst] - max(whole, 0.0)
    passed = beyond <= limit
    sentence = (
        f"Of {len(lost)} segments {worst!r} lost most since the champion's own evaluation, {lost[worst]:.4f} of "
        f"{primary.title}, all rows {whole:.4f}: {beyond:+.4f} beyond them, {'at most' if passed else 'more than'} the "
        f"{limit:g} that is allowed."
    )
    return GateResult(**facts, value=rounded(beyond), verdict="pass" if passed else "fail", sentence=sentence)


def _lost(primary: Metric, mine: tuple[SegmentResult, ...], own: EvaluationReport) -> dict[str, float]:
    before = {one.segment: one.value for one in own.segments if one.value is not None}
    return {
        one.segment: primary.gain(before[one.segment], one.value)
        for one in mine
        if one.segment in before and one.value is not None and one.rows >= one.min_rows
    }
