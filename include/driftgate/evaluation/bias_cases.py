"""Bias cases: a finding that a group fares worse stays open until the model is mended, or a person answers for it.

There is one case for each use case, facet, group and metric. An evaluation opens it, or opens it again, when its gate
fails, and notes it as mitigated when a later candidate keeps the bounds. A critical one stops every promotion; of a
model that is no worse than the champion there is a major one.
"""

from typing import Literal

from driftgate.errors import ConfigError, PromotionRefused, nearest
from driftgate.evaluation.day_blocks import Interval
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.evaluation.report import EvaluationReport
from driftgate.fairness_policy import BiasMetricName
from driftgate.metadata import Entry, metadata
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

KIND = "bias_case"
EVALUATION = "evaluation"

State = Literal["open", "mitigated", "accepted", "closed"]
Severity = Literal["critical", "major"]


class BiasCase(Record):
    """One case as it stands. ``model`` and ``as_of`` say on what, and on rows until which day, it was last found.

    ``mitigated``: a later model keeps the bounds; ``accepted``: a person answers for it; ``closed``: it was none.
    """

    schema_version: int = 1
    use_case: str
    case: str  # facet.group.metric
    facet: str
    group: str
    metric: BiasMetricName
    value: float
    interval: Interval
    severity: Severity
    state: State
    owner: str
    found_by: str  # evaluation, monitoring, canary
    model: str
    as_of: str
    actor: str
    reason: str

    @property
    def blocks(self) -> bool:
        """Whether it stops promotions."""
        return self.state == "open" and self.severity == "critical"


def bias_cases(use_case_name: str = "") -> list[BiasCase]:
    """Return the cases of one use case, or of all, as they stand."""
    prefix = f"{use_case_name}/" if use_case_name else ""
    return [_parsed(entry) for entry in metadata().all_latest(KIND, prefix)]


def blocking_cases(use_case_name: str) -> list[BiasCase]:
    """Return the cases that stop the promotion of any version of a use case."""
    return [case for case in bias_cases(use_case_name) if case.blocks]


def require_no_blocking_case(use_case_name: str) -> None:
    """Return when no bias case stops a promotion.

    :raises PromotionRefused: a critical one is open
    """
    if found := blocking_cases(use_case_name):
        told = ", ".join(f"{case.case} ({case.value:.3f}, owner {case.owner})" for case in found)
        raise PromotionRefused(
            f"{use_case_name} has {len(found)} open critical bias case(s): {told}; train a model that keeps the "
            "bounds, or have a person decide with driftgate fairness close."
        )


def record_cases(use_case: UseCase, report: EvaluationReport) -> None:
    """Open a case for each comparison that failed in an evaluation, and note those that are mitigated."""
    for result in report.fairness.results if report.fairness else ():
        if result.verdict in ("fail", "no_worse"):
            open_case(use_case, result, found_by=EVALUATION, model=report.model_id, as_of=report.last_day)
        elif result.verdict == "pass":
            _mitigated(use_case, result, report)


def open_case(use_case: UseCase, result: GroupResult, *, found_by: str, model: str, as_of: str) -> BiasCase:
    """Open the case of a comparison that broke its bounds, again if it was over, and return it as it stands.

    What a person decided of the same model stands; the same finding again writes nothing.
    """
    if result.value is None or result.interval is None:
        raise ValueError(f"{result.name} was not measured, so there is no case of it")
    entry = metadata().latest(KIND, _subject(use_case.name, result.name))
    before = _parsed(entry) if entry else None
    if before and (before.model, before.found_by) == (model, found_by):
        return before
    case = BiasCase(
        use_case=use_case.name,
        case=result.name,
        facet=result.facet,
        group=result.group,
        metric=result.metric,
        value=result.value,
        interval=result.interval,
        severity=result.severity,
        state="open",
        owner=use_case.owners.fairness if use_case.owners else use_case.owner.contact,
        found_by=found_by,
        model=model,
        as_of=as_of,
        actor=found_by,
        reason=result.sentence,
    )
    return _append(case, entry)


def close_case(use_case_name: str, case: str, state: State, *, actor: str, reason: str) -> BiasCase:
    """Record what a person decided about an open case.

    :raises ConfigError: there is no such case, it is not open, or nobody says who decides and why
    :raises Conflict: the case changed meanwhile
    """
    entry = metadata().latest(KIND, _subject(use_case_name, case))
    if entry is None:
        known = [one.case for one in bias_cases(use_case_name)]
        raise ConfigError(f"{use_case_name} has no bias case {case!r}{nearest(case, known)}")
    before = _parsed(entry)
    if before.state != "open":
        raise ConfigError(f"Bias case {case} of {use_case_name} is {before.state} already ({before.reason}).")
    if not actor.strip() or not reason.strip():
        raise ConfigError(f"Bias case {case} of {use_case_name} is decided by someone for a reason; give both.")
    return _append(before.model_copy(update={"state": state, "actor": actor, "reason": reason}), entry)


def _mitigated(use_case: UseCase, result: GroupResult, report: EvaluationReport) -> None:
    entry = metadata().latest(KIND, _subject(use_case.name, result.name))
    before = _parsed(entry) if entry else None
    if before is None or before.state != "open" or before.as_of > report.last_day:
        return
    reason = f"{report.model_id} keeps the bounds: {result.sentence}"
    _append(before.model_copy(update={"state": "mitigated", "actor": EVALUATION, "reason": reason}), entry)


def _append(case: BiasCase, before: Entry | None) -> BiasCase:
    body = case.model_dump(mode="json")
    metadata().append(KIND, _subject(case.use_case, case.case), body, expected=before.revision if before else 0)
    return case


def _subject(use_case_name: str, case: str) -> str:
    return f"{use_case_name}/{case}"


def _parsed(entry: Entry) -> BiasCase:
    return parse_record(entry.body, BiasCase, where=f"the bias case {entry.subject}")
