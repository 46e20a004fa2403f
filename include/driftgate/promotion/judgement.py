"""Judging one step of a candidate by the guardrails of its use case."""

from functools import lru_cache
from typing import Literal

from driftgate import uris
from driftgate.datasets import compute_labels
from driftgate.endpoint.backends import endpoint_backend
from driftgate.errors import CannotJudge, PromotionRefused
from driftgate.lake import lake, read_manifest, read_record, read_table
from driftgate.promotion.checks import judge_guardrails
from driftgate.promotion.evidence import DayOfStep, day_evidence, required_requests, step_days
from driftgate.promotion.guardrails import GuardrailResult
from driftgate.promotion.measured import Measured, measure_day, pool
from driftgate.promotion.state import DeploymentState, deployment
from driftgate.records import Record
from driftgate.use_cases import UseCase

Outcome = Literal["go_on", "fail_now", "not_yet"]


class Judgement(Record):
    """Whether a candidate may go on from one step, and what that rests on.

    ``not_yet`` means that nobody can tell: hold. At the deadline of the step it is a failed judgement like any other.
    ``outcomes`` names, for each day of the evidence, the manifest hash of the partition that brought its outcomes;
    ``requests`` are all that the candidate met after the warm-up, ``known`` those on days with known outcomes.
    """

    schema_version: int = 1
    use_case: str
    version: str
    champion: str
    step: str
    deployment_revision: int
    outcomes: dict[str, str]
    requests: int
    known: int = 0
    required: int
    guardrails: tuple[GuardrailResult, ...]
    passed: bool
    outcome: Outcome = "not_yet"
    reason: str


def ready_to_judge(use_case: UseCase, version: str, step: str) -> bool:
    """Return whether :func:`judge` can decide: a guardrail was crossed, or the step had its requests and outcomes.

    Errors and latency need no outcomes, so a broken candidate is told within seconds. It may be polled: what was read
    is read again only when there are more captures or outcomes. Also when the candidate is not in that step any more or
    what was captured cannot be judged: the judge then says so, and nobody waits for nothing.
    """
    state = deployment(use_case.name)
    if state is None or (state.candidate, state.step) != (version, step):
        return True
    endpoint_backend().collect(use_case.name)
    try:
        return _judgement(use_case, state).outcome != "not_yet"
    except CannotJudge:
        return True


def judge(use_case: UseCase, version: str, step: str) -> Judgement:
    """Judge the step that the candidate is in, write the judgement to the lake and return it.

    The same captures and outcomes give the same judgement, however often and whenever it is asked for.

    :raises PromotionRefused: the candidate is not in that step
    :raises CannotJudge: a captured score is none
    """
    state = deployment(use_case.name)
    if state is None or (state.candidate, state.step) != (version, step):
        raise PromotionRefused(_not_in_step(use_case, version, step, state))
    judgement = _judgement(use_case, state)
    lake().write(uris.promotion_report(use_case.name, version, step), judgement.canonical())
    return judgement


def judgement_of(state: DeploymentState) -> Judgement | None:
    """Return how the candidate was last judged in ``state``; None when it was not."""
    found = read_record(uris.promotion_report(state.use_case, str(state.candidate), state.step), Judgement)
    return found if found and found.deployment_revision == state.revision else None


def has_passed(state: DeploymentState) -> bool:
    """Return whether the candidate has passed its judgement in ``state``."""
    judgement = judgement_of(state)
    return judgement is not None and judgement.passed


def _not_in_step(use_case: UseCase, version: str, step: str, state: DeploymentState | None) -> str:
    now = f"{state.step} with candidate {state.candidate}" if state and state.candidate else "no candidate under way"
    return f"Version {version} of {use_case.name} is not in {step} (now: {now}), so there is nothing to judge."


def _judgement(use_case: UseCase, state: DeploymentState) -> Judgement:
    days = tuple(step_days(use_case, state))
    return _judge_days(days) if days else _concluded(use_case, state, (), pool(()))


@lru_cache(maxsize=16)
def _judge_days(days: tuple[DayOfStep, ...]) -> Judgement:
    measured = pool([_measure(day) for day in days])
    return _concluded(days[0].use_case, days[0].state, days, measured)


@lru_cache(maxsize=256)
def _measure(day: DayOfStep) -> Measured:
    labels = None
    if day.outcomes is not None:
        manifest = read_manifest(lake(), uris.partition("validated", day.use_case.datasets[0], day.day))
        labels = compute_labels(day.use_case, read_table(lake(), manifest))
    return measure_day(day.use_case, day.state.step, day_evidence(day), labels)


def _concluded(use_case: UseCase, state: DeploymentState, days: tuple[DayOfStep, ...], measured: Measured) -> Judgement:
    required = required_requests(use_case, state.step)
    results = judge_guardrails(use_case, state.step, measured, state.control_share)
    outcome, reason = outcome_of(results, measured, required, [day.day for day in days if day.outcomes])
    return Judgement(
        use_case=use_case.name,
        version=str(state.candidate),
        champion=state.champion,
        step=state.step,
        deployment_revision=state.revision,
        outcomes={day.day: day.outcomes for day in days if day.outcomes},
        requests=len(measured.failed),
        known=int(measured.known.sum()),
        required=required,
        guardrails=results,
        passed=outcome == "go_on",
        outcome=outcome,
        reason=reason,
    )


def outcome_of(
    results: tuple[GuardrailResult, ...], measured: Measured, required: int, days: list[str]
) -> tuple[Outcome, str]:
    """Return what follows from the guardrails. A split that is not right proves nothing about the candidate: hold."""
    crossed = [result for result in results if result.verdict == "fail" and result.name != "sample_ratio"]
    if crossed:
        sentences = " ".join(result.sentence for result in crossed)
        return "fail_now", f"{sentences} The candidate had met {len(measured.failed)} requests."
    open_questions = [result.sentence for result in results if result.verdict in ("fail", "insufficient")]
    if (known := int(measured.known.sum())) < required:
        open_questions.append(f"The outcomes of {known} requests are known, and {required} are needed.")
    if open_questions:
        return "not_yet", f"Not decided: {' '.join(open_questions)}"
    kept = f"Every guardrail was kept on {len(measured.failed)} requests of {', '.join(days)}."
    undecided = [result.name for result in results if result.verdict == "undecided"]
    return "go_on", kept + (f" Worse than allowed, without proof: {', '.join(undecided)}." if undecided else "")
