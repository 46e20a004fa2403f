"""The kinds of alarms: how bad each is, what it may lead to, and which page says what to do."""

from dataclasses import dataclass

from driftgate.alarm_settings import KindName
from driftgate.settings import settings
from driftgate.severity import Severity

GUIDE = "docs/guides/alarms.md"


@dataclass(frozen=True)
class Kind:
    """What every alarm of a kind has in common."""

    severity: Severity
    impact: str


KINDS: dict[KindName, Kind] = {
    "task_failed": Kind("major", "What this task makes is missing, and what follows it waits."),
    "drift": Kind("major", "The champion's answers may be worse than its evaluation promised."),
    "monitoring_silent": Kind("critical", "Data may drift and the champion may get worse without anybody noticing."),
    "cannot_judge": Kind("major", "Nobody knows whether the champion is still as good as it was."),
    "revalidation": Kind("major", "The champion is worse on days it has not met than its evaluation promised."),
    "data_change": Kind("major", "A model may be trained on data that are not what they were; a person looks at it."),
    "probing": Kind("major", "Somebody may be copying the model, or looking for inputs that mislead it."),
    "captures_lost": Kind("major", "Monitoring and audits of this day rest on incomplete answers."),
    "manual_change": Kind("critical", "Users get answers that no recorded decision stands for."),
    "requirement": Kind("major", "The model no longer does what the business asked of it."),
    "budget": Kind("major", "Trainings of this use case may be refused until the week is over."),
    "cost": Kind("minor", "Money may be spent on nothing."),
    "sensitive_data": Kind("major", "Personal data may be stored and shown without protection."),
    "delivery_failed": Kind("major", "Who is told through this channel learns of no alarm."),
    "review_agreement": Kind("major", "People who look at a random sample find more errors than was agreed."),
    "test": Kind("minor", "None: somebody tries whether messages arrive."),
}


def severity_of(kind: KindName) -> Severity:
    """Return how bad an alarm of a kind is, as the settings or else the kind say."""
    return settings().alarms.severity.get(kind, KINDS[kind].severity)


def runbook_of(kind: KindName) -> str:
    """Return where it is written what to do about an alarm of a kind."""
    return f"{settings().alarms.runbooks}{GUIDE}#{kind}"
