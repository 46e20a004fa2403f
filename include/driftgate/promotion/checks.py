"""What is watched in a step: each guardrail on its own numbers, with its part of the chance of being wrong."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from driftgate.evaluation.costs import cost_threshold
from driftgate.problems import ErrorCosts
from driftgate.promotion.bounds import (
    FEWEST,
    correlation_trajectory,
    mean_trajectory,
    quantile_trajectory,
    share_trajectory,
)
from driftgate.promotion.evidence import required_requests
from driftgate.promotion.facet_groups import watched_groups
from driftgate.promotion.guardrails import GuardrailResult, Level, Name, at_least, at_most, insufficient, unmeasured
from driftgate.promotion.measured import Measured, concurrent_differences
from driftgate.promotion.sample_ratio import sample_ratio
from driftgate.promotion.sequential import Floats
from driftgate.promotion.state import SHADOW, share_of
from driftgate.use_cases import UseCase

P95 = 0.95
ALL = 100
_NOTHING = np.empty(0)

Check = Callable[[Level], GuardrailResult]


def judge_guardrails(use_case: UseCase, step: str, measured: Measured, control: int = 0) -> tuple[GuardrailResult, ...]:
    """Return what each guardrail of the step says; which ones there are follows from the policy, not the numbers.

    :param control: percentage of the requests that neither of the two answered, but the control
    """
    required = required_requests(use_case, step)
    everywhere = (partial(_error_rate, measured), partial(_latency, measured))
    rest = _shadow(use_case, measured) if step == SHADOW else _canary(use_case, step, measured, ALL - control)
    found = [*everywhere, *rest]
    alpha = (1 - use_case.promote.guardrails.confidence) / sum(
        not isinstance(check, GuardrailResult) for check in found
    )
    level = Level(use_case.promote.guardrails, alpha, required, required)
    return tuple(check if isinstance(check, GuardrailResult) else check(level) for check in found)


def _shadow(use_case: UseCase, measured: Measured) -> Iterator[Check | GuardrailResult]:
    """Yield what both models' answers to the same requests are compared by."""
    limits = use_case.promote.guardrails
    yield partial(_agreement, measured)
    if limits.max_prediction_shift is not None:
        reach = 1.0 if use_case.problem == "binary" else limits.loss_reach
        yield partial(_shift, measured.candidate_scores - measured.champion_scores, reach)
    yield from _alarms(use_case, measured)
    for name, limit, reach, one, other in _outcomes(use_case, measured):
        yield partial(_increase, name, one - other, reach, limit)


def _canary(use_case: UseCase, step: str, measured: Measured, both: int) -> Iterator[Check | GuardrailResult]:
    """Yield what the candidate's requests are compared with the champion's of the same time by.

    :param both: percentage of the requests that the two have together
    """
    limits, share = use_case.promote.guardrails, share_of(step)
    sentence = "In canary each request is answered by one model, so scores cannot be paired; the shadow judged this."
    yield unmeasured("agreement", limits.min_agreement, 0, "not_applicable", sentence)
    if share >= ALL:
        alone = (
            "The candidate answers every request, so there is no champion to compare with; earlier steps judged this."
        )
        yield from (
            unmeasured(name, limit, 0, "not_applicable", alone) for name, limit, *_ in _outcomes(use_case, measured)
        )
        return
    yield partial(sample_ratio, measured.of_candidate, share, both)
    if limits.max_error_rate_increase is not None:
        failed, champion_failed = measured.failed.astype(float), measured.champion_failed.astype(float)
        more = concurrent_differences(failed, champion_failed, share, both)
        yield partial(_increase, "error_rate_increase", more, 1.0, limits.max_error_rate_increase)
    if limits.max_prediction_shift is not None and use_case.problem == "binary":
        shift = concurrent_differences(measured.candidate_scores, measured.champion_scores, share, both)
        yield partial(_shift, shift, 1.0)
    yield from _alarms(use_case, measured, share, both)
    for name, limit, reach, one, other in _outcomes(use_case, measured):
        yield partial(_increase, name, concurrent_differences(one, other, share, both), reach, limit)


def _alarms(use_case: UseCase, measured: Measured, share: int | None = None, both: int = ALL) -> Iterator[Check]:
    """Yield, for each group of the facets, how far its alarms lie from what the champion raises; None is in shadow."""
    costs = use_case.metric.costs_usd
    if not isinstance(costs, ErrorCosts):
        return
    ours, theirs = (
        (scores > cost_threshold(costs)).astype(float)
        for scores in (measured.candidate_scores, measured.champion_scores)
    )
    for number, group in enumerate(watched_groups(use_case)):
        one, other = _NOTHING, _NOTHING
        if len(ours):
            one, other = ours[measured.candidate_groups[:, number]], theirs[measured.champion_groups[:, number]]
        differences = one - other if share is None else concurrent_differences(one, other, share, both)
        yield partial(_alarm_shift, group, differences)


def _outcomes(use_case: UseCase, measured: Measured) -> Iterator[tuple[Name, float, float, Floats, Floats]]:
    """Yield what needs outcomes: name, limit, what a row counts as at most, the candidate's rows and the champion's."""
    limits, costs = use_case.promote.guardrails, use_case.metric.costs_usd
    # Log loss in a binary problem, absolute error in a regression: one far-off answer must not roll back a model.
    name: Name = "log_loss_increase" if limits.max_mae_increase is None else "mae_increase"
    reach = limits.loss_reach
    yield name, limits.max_loss_increase, reach, *_clipped(measured.candidate_losses, measured.champion_losses, reach)
    if limits.max_cost_increase_usd is not None:
        if isinstance(costs, ErrorCosts):
            most = max(costs.false_alarm, costs.missed)
        else:
            most = max(costs.over, costs.under) * reach
        rows = _clipped(measured.candidate_costs, measured.champion_costs, most)
        yield "cost_increase_usd", limits.max_cost_increase_usd, most, *rows


def _error_rate(measured: Measured, level: Level) -> GuardrailResult:
    """Judge the share of requests on which the candidate raised an error."""
    limit, rows = level.limits.max_error_rate, len(measured.failed)
    if rows < FEWEST:
        return insufficient("error_rate", limit, rows, level.rows, "requests")
    return at_most("error_rate", share_trajectory(measured.failed, limit, level.alpha), limit, level, "requests")


def _latency(measured: Measured, level: Level) -> GuardrailResult:
    """Judge the 95th percentile of the candidate's latency."""
    limit, rows = level.limits.max_latency_p95_ms, len(measured.latencies_ms)
    if rows < FEWEST:
        return insufficient("latency_p95_ms", limit, rows, level.rows, "requests")
    watched = quantile_trajectory(measured.latencies_ms, P95, limit, level.alpha)
    return at_most("latency_p95_ms", watched, limit, level, "requests")


def _agreement(measured: Measured, level: Level) -> GuardrailResult:
    """Judge Spearman's rank correlation of both models' scores on the same requests.

    Ranks, because a candidate trained on newer days rightly moves the level of its scores; what it does to their level
    is the business of the loss.
    """
    limit, what, half = level.limits.min_agreement, "requests scored by both models", _half(level)
    scores, others = measured.candidate_scores, measured.champion_scores
    if len(scores) < half.rows:
        return insufficient("agreement", limit, len(scores), half.rows, what)
    if np.ptp(scores) == 0 or np.ptp(others) == 0:
        verdict, model = ("fail", "candidate") if np.ptp(others) else ("insufficient", "champion")
        sentence = f"The {model} gave all {len(scores)} requests the same score, so no rank correlation exists."
        return unmeasured("agreement", limit, len(scores), verdict, sentence)  # type: ignore[arg-type]
    watched = correlation_trajectory(scores, others, limit, level.alpha, level.best)
    return at_least("agreement", watched, limit, half, what)


def _shift(differences: Floats, reach: float, level: Level) -> GuardrailResult:
    """Judge how far the mean answer lies from the champion's, up or down: the loss knows only when outcomes come."""
    limit = level.limits.max_prediction_shift or 0.0
    if len(differences) < (half := _half(level)).rows:
        return insufficient("prediction_shift", limit, len(differences), half.rows, "requests scored by both models")
    upwards = 1 if differences.mean() >= 0 else -1
    watched = mean_trajectory(upwards * differences, reach, limit, level.alpha / 2, level.best)
    return at_most("prediction_shift", watched, limit, half, "requests scored by both models")


def _alarm_shift(group: str, differences: Floats, level: Level) -> GuardrailResult:
    """Judge how far a group's share of alarms lies from the champion's. Few requests of a group hold nobody up."""
    limit, what = level.limits.max_alarm_rate_shift or 0.0, f"requests of {group}"
    if len(differences) < FEWEST:
        sentence = f"alarm_rate_shift is measured on {FEWEST} {what}, and there are {len(differences)}."
        found = unmeasured("alarm_rate_shift", limit, len(differences), "not_applicable", sentence)
    else:
        upwards = 1 if differences.mean() >= 0 else -1
        watched = mean_trajectory(upwards * differences, 1.0, limit, level.alpha / 2, level.best)
        found = at_most("alarm_rate_shift", watched, limit, Level(level.limits, level.alpha, FEWEST, level.best), what)
    return found.model_copy(update={"group": group})


def _increase(name: Name, differences: Floats, reach: float, limit: float, level: Level) -> GuardrailResult:
    """Judge the mean of what the candidate's rows are above the champion's, whichever they are.

    The mean is that of these requests. Those of one day share its weather: what the next day brings it does not say.
    """
    what, half = "requests with a score and a known outcome", _half(level)
    if name == "error_rate_increase":
        what, half = "requests beside as many of the champion", level
    if len(differences) < FEWEST:
        return insufficient(name, limit, len(differences), half.rows, what)
    return at_most(name, mean_trajectory(differences, reach, limit, level.alpha, level.best), limit, half, what)


def _half(level: Level) -> Level:
    """Some answers fail and some outcomes never come (cancelled flights): half of the requests must have both."""
    return Level(level.limits, level.alpha, max(FEWEST, level.rows // 2), level.best)


def _clipped(one: Floats, other: Floats, reach: float) -> tuple[Floats, Floats]:
    return np.minimum(one, reach), np.minimum(other, reach)
