"""The guardrails: what a candidate must keep in shadow and canary.

One rule for all of them: a guardrail is crossed when the bound at ``confidence`` lies beyond the threshold, so that
noise in a small step does not roll back a good candidate. Too little to measure on is ``insufficient``, which does not
pass; a guardrail that has no meaning in a step is ``not_applicable`` and says why.
"""

import math
from typing import Literal

import numpy as np

from driftgate.promotion.bounds import (
    Floats,
    Interval,
    mean_bounds,
    mean_difference_bounds,
    quantile,
    quantile_bounds,
    rank_correlation,
    rank_correlation_bounds,
    share_bounds,
)
from driftgate.promotion_policy import Guardrails
from driftgate.records import Record

Name = Literal["error_rate", "latency_p95_ms", "agreement", "log_loss_increase", "mae_increase"]

P95 = 0.95


class GuardrailResult(Record):
    """What one guardrail measured, with its one-sided bounds, and what that means."""

    name: Name
    value: float | None
    interval: Interval | None
    threshold: float
    sample_size: int
    verdict: Literal["pass", "fail", "insufficient", "not_applicable"]
    sentence: str


def error_rate(limits: Guardrails, errors: int, requests: int, needed: int) -> GuardrailResult:
    """Judge the share of requests on which the candidate raised an error."""
    if requests < needed:
        return _insufficient("error_rate", limits.max_error_rate, requests, needed, "requests")
    bounds = share_bounds(errors, requests, limits.confidence)
    return _at_most("error_rate", errors / requests, bounds, limits.max_error_rate, requests, limits)


def latency(limits: Guardrails, latencies_ms: Floats, needed: int) -> GuardrailResult:
    """Judge the 95th percentile of the candidate's latency."""
    requests = len(latencies_ms)
    if requests < needed:
        return _insufficient("latency_p95_ms", limits.max_latency_p95_ms, requests, needed, "requests")
    bounds = quantile_bounds(latencies_ms, P95, limits.confidence)
    value = quantile(latencies_ms, P95)
    return _at_most("latency_p95_ms", value, bounds, limits.max_latency_p95_ms, requests, limits)


def agreement(limits: Guardrails, candidate: Floats, champion: Floats, needed: int) -> GuardrailResult:
    """Judge Spearman's rank correlation of both models' scores on the same requests.

    Ranks, because a candidate trained on newer days rightly moves the level of its scores; what it does to their level
    is the business of the loss.
    """
    name: Name = "agreement"
    if len(candidate) < needed:
        return _insufficient(name, limits.min_agreement, len(candidate), needed, "requests scored by both models")
    value = rank_correlation(candidate, champion)
    if math.isnan(value):
        sentence = f"One model gave all {len(candidate)} requests the same score, so no rank correlation exists."
        return _unmeasured(name, limits.min_agreement, len(candidate), "insufficient", sentence)
    bounds = rank_correlation_bounds(value, len(candidate), limits.confidence)
    return _at_least(name, value, bounds, limits.min_agreement, len(candidate), limits)


def no_agreement(limits: Guardrails) -> GuardrailResult:
    """Return what there is to say about agreement in a canary step."""
    sentence = "In canary each request is answered by one model, so scores cannot be paired; the shadow judged this."
    return _unmeasured("agreement", limits.min_agreement, 0, "not_applicable", sentence)


def paired_loss(limits: Guardrails, candidate: Floats, champion: Floats, needed: int) -> GuardrailResult:
    """Judge the candidate's mean loss less the champion's, from both models' losses on the same requests.

    Requests are taken as independent. Those of one day share its weather, so the interval is too narrow: that errs
    towards rolling back, and a shadow has too few days to resample days.
    """
    if len(candidate) < needed:
        return _loss_insufficient(limits, len(candidate), needed)
    return _loss(limits, candidate, champion, mean_bounds(candidate - champion, limits.confidence))


def unpaired_loss(limits: Guardrails, candidate: Floats, champion: Floats, needed: int) -> GuardrailResult:
    """Judge the candidate's mean loss on its requests less the champion's on the others of the same days."""
    if (fewest := min(len(candidate), len(champion))) < needed:
        return _loss_insufficient(limits, fewest, needed)
    return _loss(limits, candidate, champion, mean_difference_bounds(candidate, champion, limits.confidence))


def _loss(limits: Guardrails, candidate: Floats, champion: Floats, bounds: Interval) -> GuardrailResult:
    increase = float(np.mean(candidate) - np.mean(champion))
    return _at_most(_of_loss(limits), increase, bounds, limits.max_loss_increase, len(candidate), limits)


def _loss_insufficient(limits: Guardrails, rows: int, needed: int) -> GuardrailResult:
    what = "requests with a score and a known outcome"
    return _insufficient(_of_loss(limits), limits.max_loss_increase, rows, needed, what)


def _of_loss(limits: Guardrails) -> Name:
    """Log loss in a binary problem, absolute error in a regression: one far-off answer must not roll back a model."""
    return "log_loss_increase" if limits.max_mae_increase is None else "mae_increase"


def _at_most(
    name: Name, value: float, interval: Interval, threshold: float, rows: int, limits: Guardrails
) -> GuardrailResult:
    low = interval[0]
    crossed = low is not None and low > threshold
    sentence = f"{name} is {value:.4g} on {rows} requests; at most {threshold:g} is allowed"
    sentence += f", and it is at least {low:.4g} with {limits.confidence:.0%} confidence." if crossed else "."
    return _measured(name, value, interval, threshold, rows, crossed, sentence)


def _at_least(
    name: Name, value: float, interval: Interval, threshold: float, rows: int, limits: Guardrails
) -> GuardrailResult:
    high = interval[1]
    crossed = high is not None and high < threshold
    sentence = f"{name} is {value:.4g} on {rows} requests; at least {threshold:g} is needed"
    sentence += f", and it is at most {high:.4g} with {limits.confidence:.0%} confidence." if crossed else "."
    return _measured(name, value, interval, threshold, rows, crossed, sentence)


def _measured(
    name: Name, value: float, interval: Interval, threshold: float, rows: int, crossed: bool, sentence: str
) -> GuardrailResult:
    return GuardrailResult(
        name=name,
        value=value,
        interval=interval,
        threshold=threshold,
        sample_size=rows,
        verdict="fail" if crossed else "pass",
        sentence=sentence,
    )


def _insufficient(name: Name, threshold: float, rows: int, needed: int, what: str) -> GuardrailResult:
    sentence = f"{name} needs {needed} {what}, and there are {rows}."
    return _unmeasured(name, threshold, rows, "insufficient", sentence)


def _unmeasured(
    name: Name, threshold: float, rows: int, verdict: Literal["insufficient", "not_applicable"], sentence: str
) -> GuardrailResult:
    return GuardrailResult(
        name=name,
        value=None,
        interval=None,
        threshold=threshold,
        sample_size=rows,
        verdict=verdict,
        sentence=sentence,
    )
