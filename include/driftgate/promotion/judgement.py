"""Judging one step of a candidate by the guardrails of its use case."""

import json

from driftgate import uris
from driftgate.datasets import compute_labels
from driftgate.errors import PromotionRefused
from driftgate.lake import Manifest, lake, read_manifest, read_table
from driftgate.promotion.evidence import DayEvidence, requests_seen, required_requests, step_evidence
from driftgate.promotion.guardrails import (
    GuardrailResult,
    agreement,
    error_rate,
    latency,
    no_agreement,
    paired_loss,
    unpaired_loss,
)
from driftgate.promotion.measured import Measured, measure_day, pool
from driftgate.promotion.state import SHADOW, DeploymentState, deployment
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

FEWEST_ROWS = 10  # below it the bounds of a mean or a correlation say nothing


class Judgement(Record):
    """Whether a candidate may go on from one step, and what that rests on.

    ``outcomes`` names, for each day of the evidence, the manifest hash of the partition that brought its outcomes.
    """

    schema_version: int = 1
    use_case: str
    version: str
    champion: str
    step: str
    deployment_revision: int
    outcomes: dict[str, str]
    requests: int
    required: int
    guardrails: tuple[GuardrailResult, ...]
    passed: bool
    reason: str


def ready_to_judge(use_case: UseCase, version: str, step: str) -> bool:
    """Return whether :func:`judge` has what it needs: enough requests with known outcomes.

    Also when the candidate is not in that step any more: the judge then says so, and nobody waits for nothing.
    """
    state = deployment(use_case.name)
    if state is None or (state.candidate, state.step) != (version, step):
        return True
    return requests_seen(use_case, state) >= required_requests(use_case, step)


def judge(use_case: UseCase, version: str, step: str) -> Judgement:
    """Judge the step that the candidate is in, write the judgement to the lake and return it.

    The same captures and outcomes give the same judgement. Too little evidence is a failed one.

    :raises PromotionRefused: the candidate is not in that step
    :raises CannotJudge: a captured score is none
    """
    state = deployment(use_case.name)
    if state is None or (state.candidate, state.step) != (version, step):
        raise PromotionRefused(_not_in_step(use_case, version, step, state))
    days = step_evidence(use_case, state)
    truths = {
        day.day: read_manifest(lake(), uris.partition("validated", use_case.datasets[0], day.day)) for day in days
    }
    judgement = _judgement(use_case, state, days, truths)
    lake().write(uris.promotion_report(use_case.name, version, step), judgement.canonical())
    return judgement


def has_passed(use_case_name: str, state: DeploymentState) -> bool:
    """Return whether the candidate has passed its judgement in the step of ``state``."""
    path = uris.promotion_report(use_case_name, str(state.candidate), state.step)
    if not lake().exists(path):
        return False
    judgement = parse_record(json.loads(lake().read(path)), Judgement, where=lake().uri(path))
    return judgement.passed and judgement.deployment_revision == state.revision


def _not_in_step(use_case: UseCase, version: str, step: str, state: DeploymentState | None) -> str:
    now = f"{state.step} with candidate {state.candidate}" if state and state.candidate else "no candidate under way"
    return f"Version {version} of {use_case.name} is not in {step} (now: {now}), so there is nothing to judge."


def _judgement(
    use_case: UseCase, state: DeploymentState, days: list[DayEvidence], truths: dict[str, Manifest]
) -> Judgement:
    labels = {day: compute_labels(use_case, read_table(lake(), manifest)) for day, manifest in truths.items()}
    measured = pool([measure_day(use_case, state.step, day, labels[day.day]) for day in days])
    results = _guardrails(use_case, state.step, measured)
    broken = [result.sentence for result in results if result.verdict in ("fail", "insufficient")]
    requests = len(measured.failed)
    return Judgement(
        use_case=use_case.name,
        version=str(state.candidate),
        champion=state.champion,
        step=state.step,
        deployment_revision=state.revision,
        outcomes={day: manifest.hash for day, manifest in truths.items()},
        requests=requests,
        required=required_requests(use_case, state.step),
        guardrails=results,
        passed=not broken,
        reason=" ".join(broken) or f"Every guardrail was kept on {requests} requests of {', '.join(truths)}.",
    )


def _guardrails(use_case: UseCase, step: str, measured: Measured) -> tuple[GuardrailResult, ...]:
    limits, required = use_case.promote.guardrails, required_requests(use_case, step)
    # Some answers fail and some outcomes never come (cancelled flights): half of the step's requests must have both.
    needed = max(FEWEST_ROWS, required // 2)
    losses = measured.candidate_losses, measured.champion_losses
    results = (
        error_rate(limits, int(measured.failed.sum()), len(measured.failed), required),
        latency(limits, measured.latencies_ms, required),
    )
    if step == SHADOW:
        scores = measured.candidate_scores, measured.champion_scores
        return (*results, agreement(limits, *scores, needed), paired_loss(limits, *losses, needed))
    return (*results, no_agreement(limits), unpaired_loss(limits, *losses, needed))
