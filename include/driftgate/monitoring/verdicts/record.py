"""The verdict about one night: the record that the sensor waits for and that a person reads later."""

from typing import Literal

from driftgate.metadata import Entry, metadata
from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.verdicts.policy import SCHEDULE_DUE, TOO_OLD, Decision, Suppression
from driftgate.monitoring_policy import LabelState, MonitorName
from driftgate.records import Record, parse_record
from driftgate.retrain_policy import Retrain

KIND = "verdict"
Trigger = Literal["drift", "age", "schedule", "manual", "feature_review"]
TRIGGERS: dict[str, Trigger] = {TOO_OLD: "age", SCHEDULE_DUE: "schedule"}  # by rule


class Verdict(Record):
    """What was decided about one night, by which rule, on which evidence, and what was held back."""

    schema_version: int = 1
    use_case: str
    key: str
    decision: Decision
    rule: str
    sentence: str
    champion: str | None
    evidence: tuple[Evidence, ...]
    drift_nights: dict[MonitorName, int]
    suppressed: tuple[Suppression, ...]
    policy: Retrain
    backfill: bool
    promotion_active: bool
    days_since_retrain: int | None
    days_since_switch: int | None
    champion_age_days: int | None = None
    new_rows: int
    causes: tuple[MonitorName, ...] = ()  # what drifts that it is about, holds back, or cannot weigh
    labels: LabelState = "fresh"
    days_since_rollback: int | None = None
    over_budget: str | None = None
    unhelpful_trainings: int = 0  # in a row before this night, with its champion; counted where they matter

    @property
    def trigger(self) -> Trigger:
        """What a retraining that follows from this verdict is due to."""
        return TRIGGERS.get(self.rule, "drift")


def verdict_of(use_case_name: str, key: str) -> Verdict | None:
    """Return the verdict about a night, or None when it was not decided yet."""
    entry = metadata().latest(KIND, f"{use_case_name}/{key}")
    return parse_verdict(entry) if entry else None


def verdicts(use_case_name: str, *, last: int | None = None, until: str | None = None) -> list[Verdict]:
    """Return the verdict about every night, oldest night first.

    :param last: only about so many nights, the newest ones
    :param until: only about nights up to this one
    """
    prefix = f"{use_case_name}/"
    entries = metadata().all_latest(KIND, prefix, last=last, until=f"{prefix}{until}" if until else None)
    return [parse_verdict(entry) for entry in entries]


def parse_verdict(entry: Entry) -> Verdict:
    """Return the verdict in an entry."""
    return parse_record(entry.body, Verdict, where=f"the verdict record of {entry.subject}")
