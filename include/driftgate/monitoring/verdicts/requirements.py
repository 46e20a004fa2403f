"""Does the champion still do what the business wants? Numbers of the evidence against those of ``monitors.yaml``.

Where the register names a severity instead, the verdict and its alarm answer.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.evaluation.costs import cost_metrics
from driftgate.evaluation.metrics import Metric, reported
from driftgate.monitor_register import Register, Registered
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.severity import Severity
from driftgate.use_cases import UseCase

State = Literal["met", "warn", "critical"]
SEVERITIES: dict[State, Severity] = {"warn": "major", "critical": "critical"}


class Held(NamedTuple):
    """A registered number held against one night; ``worse_by`` is what its interval leaves no doubt about."""

    registered: Registered
    worse_by: float
    state: State
    sentence: str
    evidence: str


def metrics_of(use_case: UseCase) -> dict[str, Metric]:
    """Return the metrics by name that the performance monitor measures, and a register may have numbers about."""
    problem, metric = use_case.problem, use_case.metric
    found = (*reported(problem, metric.primary), *cost_metrics(problem, metric.costs_usd))
    return {one.name: one for one in found}


def held(use_case: UseCase, register: Register, evidence: tuple[Evidence, ...]) -> Iterator[Held]:
    """Hold each registered number against a night's evidence; what could not be measured is left out."""
    found = {one.monitor: one for one in evidence if one.verdict != "insufficient"}
    for registered in register.monitors:
        mine = found.get(registered.monitor)
        numbers = (one for one in (mine.statistics if mine else ()) if one.name == registered.statistic)
        number = next(numbers, None)
        metric = metrics_of(use_case).get(registered.statistic or "")
        if mine and metric and number and number.reference is not None:
            yield _held(registered, metric, number, mine)


def tell_requirements(use_case: UseCase, register: Register | None, verdict: Verdict) -> None:
    """Raise an alarm about each requirement that is certainly not met, and end it when it is met again."""
    if register is None or verdict.backfill:
        return
    for one in held(use_case, register, verdict.evidence):
        key = f"{use_case.name}/{one.registered.id}"
        if one.state == "met":
            clear_alarm("requirement", key, f"{verdict.key}: {one.sentence}")
        else:
            sentence = f"{verdict.key}: {one.sentence} {one.registered.action}"
            severity = SEVERITIES[one.state]
            raise_alarm("requirement", key, sentence, use_case=use_case.name, severity=severity, evidence=one.evidence)


def _held(registered: Registered, metric: Metric, number: Statistic, evidence: Evidence) -> Held:
    low, high = number.interval or (number.value, number.value)
    reference = number.reference or 0.0
    worse_by = reference - high if metric.higher_is_better else low - reference
    state: State = "met"
    if worse_by > float(registered.warn):
        state = "critical" if worse_by > float(registered.critical) else "warn"
    sentence = (
        f"The {metric.title} of model {evidence.champion} is {number.value:,.4g} ({low:,.4g} to {high:,.4g}), in its "
        f"evaluation it was {reference:,.4g}; {registered.id} warns when it is certainly worse by {registered.warn:,g}."
    )
    return Held(registered, worse_by, state, sentence, evidence.hash)
