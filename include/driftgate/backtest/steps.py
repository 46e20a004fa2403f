"""The promotion of a replay: the plan of the use case, its guardrails and its deadline, judged once a night."""

from datetime import timedelta
from typing import NamedTuple

from driftgate.backtest.traffic import Serving, Traffic
from driftgate.monitoring.ground_truth import labelled_key
from driftgate.partition_keys import days_between, keys_between, parse_key
from driftgate.promotion.checks import judge_guardrails
from driftgate.promotion.evidence import DayEvidence, counted, required_requests
from driftgate.promotion.judgement import outcome_of
from driftgate.promotion.measured import Measured, measure_day, pool
from driftgate.promotion.plan import DeploymentPlan, deployment_plan
from driftgate.promotion.state import SERVING, SHADOW
from driftgate.use_cases import UseCase

MINUTES_PER_DAY = 24 * 60


class Moved(NamedTuple):
    """Who serves from the next day on; ``outcome`` is None while nothing has ended."""

    serving: Serving
    outcome: str | None = None
    reason: str = ""


def start(use_case: UseCase, serving: Serving, candidate: str, key: str) -> Moved:
    """Begin a promotion in the night of ``key``: from the next day on the candidate is in the first step."""
    plan = deployment_plan(use_case)
    if not plan.steps:
        return _champion(serving, candidate, key)
    return Moved(_in_step(serving, candidate, plan.steps[0].name, key))


def judged(traffic: Traffic, serving: Serving, key: str) -> Moved:
    """Judge the step that the candidate was in on the day ``key``, and move it as the promotion DAG would."""
    use_case = traffic.use_case
    measured, days = _measured(traffic, serving, key)
    results = judge_guardrails(use_case, serving.step, measured)
    outcome, reason = outcome_of(results, measured, required_requests(use_case, serving.step), days)
    if outcome == "not_yet" and _is_over(use_case, serving, key):
        outcome, reason = "fail_now", f"The deadline of {serving.step} is over. {reason}"
    if outcome == "fail_now":
        return Moved(_alone(serving), "rolled_back", reason)
    return _onwards(deployment_plan(use_case), serving, key) if outcome == "go_on" else Moved(serving)


def rolled_back(serving: Serving, key: str) -> Serving:
    """Bring back the champion before, where there is one; a candidate leaves in any case."""
    if serving.previous is None:
        return _alone(serving) if serving.candidate else serving
    return _next(serving, serving.previous, key)


def _onwards(plan: DeploymentPlan, serving: Serving, key: str) -> Moved:
    names = [step.name for step in plan.steps]
    following = names[names.index(serving.step) + 1 :]
    candidate = str(serving.candidate)
    if following:
        return Moved(_in_step(serving, candidate, following[0], key))
    if plan.switches:
        return _champion(serving, candidate, key)
    return Moved(_alone(serving), "ended", "It passed its shadow, the end of its plan.")


def _champion(serving: Serving, candidate: str, key: str) -> Moved:
    now = _next(serving, candidate, key).model_copy(update={"previous": serving.champion})
    return Moved(now, "champion", "It passed every step.")


def _in_step(serving: Serving, candidate: str, step: str, key: str) -> Serving:
    changed = {"candidate": candidate, "step": step, "since": _day_after(key), "revision": serving.revision + 1}
    return serving.model_copy(update=changed)


def _next(serving: Serving, champion: str, key: str) -> Serving:
    return Serving(champion=champion, champion_since=_day_after(key), revision=serving.revision + 1)


def _day_after(key: str) -> str:
    return (parse_key(key) + timedelta(days=1)).isoformat()


def _alone(serving: Serving) -> Serving:
    changed = {"candidate": None, "step": SERVING, "since": "", "revision": serving.revision + 1}
    return serving.model_copy(update=changed)


def _is_over(use_case: UseCase, serving: Serving, key: str) -> bool:
    days = days_between(serving.since, key) + 1
    return days * MINUTES_PER_DAY >= use_case.promote.deadline_minutes


def _measured(traffic: Traffic, serving: Serving, key: str) -> tuple[Measured, list[str]]:
    """Return the numbers of the step so far, and its days whose outcomes are known."""
    use_case, known_to = traffic.use_case, labelled_key(traffic.use_case, key)
    left, began, numbers, known = use_case.promote.guardrails.warm_up_requests, False, [], []
    for day in keys_between(serving.since, key):
        if day not in traffic.rows.by_day:
            continue
        found = _evidence(traffic, serving, day)
        warm_up = min(left, found.candidate.num_rows)
        labels = traffic.labels(day) if day <= known_to else None
        used = counted(serving.step, found, warm_up=warm_up, began=began)
        numbers.append(measure_day(use_case, serving.step, used, labels))
        known += [day] if labels is not None else []
        left, began = left - warm_up, began or found.candidate.num_rows > warm_up
    return pool(numbers), known


def _evidence(traffic: Traffic, serving: Serving, day: str) -> DayEvidence:
    import pyarrow.compute as pc

    answers = traffic.answers(day, serving)
    by_champion = pc.equal(answers.column("variant_role"), "champion")
    if serving.step == SHADOW:
        return DayEvidence(traffic.shadow(day, serving), answers)
    return DayEvidence(answers.filter(pc.invert(by_champion)), answers.filter(by_champion))
