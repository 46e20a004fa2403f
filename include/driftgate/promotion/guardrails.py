"""The guardrails: what a candidate must keep in shadow and canary.

One rule for all of them: a guardrail is crossed once its bound lies beyond the threshold. The bounds hold at every look
at once, and the chance of being wrong that ``confidence`` leaves is shared out evenly among the guardrails of the step,
so a step turns away a candidate that keeps them all with no more than that chance. ``undecided`` is worse than the
threshold without proof; it does not stop a candidate, whose next step has more requests. Too little to measure on is
``insufficient``; a guardrail that has no meaning in a step is ``not_applicable`` and says why.
"""

from dataclasses import dataclass
from typing import Literal

from driftgate.promotion.bounds import Look, Trajectory
from driftgate.promotion_policy import Guardrails
from driftgate.records import Record

Interval = tuple[float | None, float | None]
Name = Literal[
    "error_rate",
    "latency_p95_ms",
    "sample_ratio",
    "error_rate_increase",
    "agreement",
    "prediction_shift",
    "log_loss_increase",
    "mae_increase",
    "cost_increase_usd",
    "alarm_rate_shift",
]
Verdict = Literal["pass", "undecided", "fail", "insufficient", "not_applicable"]


class GuardrailResult(Record):
    """What one guardrail measured, with its one-sided bounds, and what that means.

    ``group`` is the one of a facet that it is about. ``failed_after`` says after how many rows the threshold was
    crossed, ``trajectory`` what there was to see until now.
    """

    name: Name
    value: float | None
    interval: Interval | None
    threshold: float
    sample_size: int
    verdict: Verdict
    sentence: str
    failed_after: int | None = None
    group: str | None = None
    trajectory: tuple[Look, ...] = ()


@dataclass(frozen=True)
class Level:
    """How a guardrail of one step is judged.

    :param alpha: the chance that it may turn away a candidate that keeps it
    :param rows: how many it needs
    :param best: after how many its bounds shall be tightest
    """

    limits: Guardrails
    alpha: float
    rows: int
    best: int


def at_most(name: Name, watched: Trajectory, threshold: float, level: Level, what: str) -> GuardrailResult:
    """Judge what must not exceed ``threshold``."""
    last = watched.looks[-1]
    proof = f"it is at least {_shown(last.low)}"
    return _judged(
        name, watched, threshold, level, what, f"at most {threshold:g} is allowed", proof, last.value > threshold
    )


def at_least(name: Name, watched: Trajectory, threshold: float, level: Level, what: str) -> GuardrailResult:
    """Judge what must not fall below ``threshold``."""
    last = watched.looks[-1]
    proof = f"it is at most {_shown(last.high)}"
    return _judged(
        name, watched, threshold, level, what, f"at least {threshold:g} is needed", proof, last.value < threshold
    )


def insufficient(name: Name, threshold: float, rows: int, needed: int, what: str) -> GuardrailResult:
    """Return what there is to say about a guardrail that has too little to measure on."""
    return unmeasured(name, threshold, rows, "insufficient", f"{name} needs {needed} {what}, and there are {rows}.")


def unmeasured(name: Name, threshold: float, rows: int, verdict: Verdict, sentence: str) -> GuardrailResult:
    """Return a result without a value."""
    return GuardrailResult(
        name=name,
        value=None,
        interval=None,
        threshold=threshold,
        sample_size=rows,
        verdict=verdict,
        sentence=sentence,
    )


def _judged(
    name: Name, watched: Trajectory, threshold: float, level: Level, what: str, rule: str, proof: str, beyond: bool
) -> GuardrailResult:
    last, crossed = watched.looks[-1], watched.crossed_after
    if crossed is None and last.rows < level.rows:
        found = insufficient(name, threshold, last.rows, level.rows, what)
        return found.model_copy(update={"value": last.value, "trajectory": watched.looks})
    sentence = f"{name} is {last.value:.4g} on {last.rows} {what}; {rule}"
    if crossed is not None:
        sentence += (
            f", and that was crossed after {crossed} of them with {1 - level.alpha:.2%} confidence ({proof} now)"
        )
    return GuardrailResult(
        name=name,
        value=last.value,
        interval=(last.low, last.high),
        threshold=threshold,
        sample_size=last.rows,
        verdict="fail" if crossed is not None else "undecided" if beyond else "pass",
        sentence=sentence + ".",
        failed_after=crossed,
        trajectory=watched.looks,
    )


def _shown(bound: float | None) -> str:
    return "unknown" if bound is None else f"{bound:.4g}"
