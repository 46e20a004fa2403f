"""What a candidate must pass before it may see traffic. A gate that cannot be applied is a gate that failed."""

from collections.abc import Mapping
from typing import Literal

from driftgate.evaluation.comparison import ChampionAnswers, Comparison, Finding
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, gain_interval
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import Floats, Metric, metric
from driftgate.evaluation.report import GateResult
from driftgate.use_cases import UseCase


def decisive(found: Comparison) -> Finding:
    """Compare with the baselines and with the champion."""
    gates = (
        uplift_gate(found.use_case, found.held, found.scores, found.baselines),
        champion_gate(found.use_case, found.held, found.scores, found.champion),
    )
    return Finding({}, gates)


def uplift_gate(use_case: UseCase, held: Holdout, candidate: Floats, baselines: Mapping[str, Floats]) -> GateResult:
    """Compare the candidate with the best baseline; without any, with chance: an answer that is always the same."""
    primary = metric(use_case.metric.primary)
    found = primary.value(held.labels, candidate)
    values = {name: primary.value(held.labels, scores) for name, scores in baselines.items()}
    best = max(values, key=lambda name: primary.gain(values[name], found), default=None)
    reference = values[best] if best else _of_chance(primary, held)
    gain, needed = primary.gain(found, reference), use_case.train.min_uplift
    passed = gain >= needed
    return GateResult(
        gate="uplift",
        metric=use_case.metric.primary,
        value=rounded(gain),
        interval=gain_bounds(use_case, held, candidate, baselines[best]) if best else None,
        threshold=needed,
        verdict="pass" if passed else "fail",
        sentence=(
            f"{primary.title} {found:.4f} is {found - reference:+.4f} against {best or 'chance'} ({reference:.4f}), "
            f"{_a_gain_of(primary, gain)}{'at least' if passed else 'less than'} the {needed:.4f} that is asked for."
        ),
    )


def _of_chance(primary: Metric, held: Holdout) -> float:
    if primary.of_constant is None:
        raise ValueError(f"{primary.name} is no metric that can be primary: it does not say what chance gets")
    return primary.of_constant(held.labels)


def _a_gain_of(primary: Metric, gain: float) -> str:
    """A difference of a metric that should rise says by itself whether it is a gain."""
    return "" if primary.higher_is_better else f"a gain of {gain:.4f}, "


def champion_gate(use_case: UseCase, held: Holdout, candidate: Floats, champion: ChampionAnswers | None) -> GateResult:
    """Compare with the champion on the same rows: the lower bound of the gain must exceed ``-margin``."""
    primary, threshold = metric(use_case.metric.primary), 0.0 - use_case.gates.champion.margin
    if champion is None:
        return _without_interval(
            use_case, "pass", "There is no champion yet, so there is none to be worse than.", threshold
        )
    if champion.scores is None:
        return _without_interval(
            use_case, "fail", f"Champion {champion.version} cannot score these rows: {champion.problem}", threshold
        )
    interval = gain_bounds(use_case, held, candidate, champion.scores)
    if interval is None:
        sentence = f"The validation rows are of fewer than {FEWEST_DAYS} days, too few to compare with a champion."
        return _without_interval(use_case, "fail", sentence, threshold)
    gain = primary.gain(primary.value(held.labels, candidate), primary.value(held.labels, champion.scores))
    passed = interval[0] > threshold
    return GateResult(
        gate="champion",
        metric=use_case.metric.primary,
        value=rounded(gain),
        interval=interval,
        threshold=threshold,
        verdict="pass" if passed else "fail",
        sentence=(
            f"{primary.title} gains {gain:+.4f} ({interval[0]:+.4f} to {interval[1]:+.4f}) against champion "
            f"{champion.version} on the same {len(held.labels):,} rows; the lower bound "
            f"{'exceeds' if passed else 'does not exceed'} {threshold:+.4f}."
        ),
    )


def rounded(value: float) -> float:
    """Return ``value`` to six digits: what differs below comes from the order of additions, not from the model."""
    return round(value, 6)


def rounded_interval(interval: Interval) -> Interval:
    """Return both bounds to six digits."""
    return rounded(interval[0]), rounded(interval[1])


def gain_bounds(use_case: UseCase, held: Holdout, candidate: Floats, other: Floats) -> Interval | None:
    """Return the bounds of the primary metric's gain over ``other`` on the same rows; None of too few days."""
    days, others = held.by_day(candidate), held.by_day(other)
    if len(days) < FEWEST_DAYS:
        return None
    primary, confidence = metric(use_case.metric.primary), use_case.gates.champion.confidence
    return rounded_interval(gain_interval(primary, days, others, confidence))


def _without_interval(
    use_case: UseCase, verdict: Literal["pass", "fail"], sentence: str, threshold: float
) -> GateResult:
    return GateResult(
        gate="champion",
        metric=use_case.metric.primary,
        value=None,
        interval=None,
        threshold=threshold,
        verdict=verdict,
        sentence=sentence,
    )
