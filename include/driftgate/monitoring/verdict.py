"""The verdict about one night: the record that the sensor waits for and that a person reads later.

It follows from records alone: tonight's evidence, earlier nights' evidence and verdicts, the policy. Only nights before
this one are read, so a verdict can be made again from its inputs, and later nights never change it.
"""

from typing import Any, Literal

from driftgate import uris
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring.evidence import Evidence, MonitorName, insufficient, read_evidence
from driftgate.monitoring.history import (
    champion_age_days,
    days_since_retrain,
    days_since_switch,
    drift_nights,
    new_rows,
)
from driftgate.monitoring.policy import TOO_OLD, Decision, Ruling, Situation, Suppression, rule_on
from driftgate.partition_keys import parse_key
from driftgate.records import Record, parse_record
from driftgate.use_cases import Retrain, UseCase

KIND = "verdict"
MONITORS: tuple[MonitorName, ...] = ("performance", "data", "skew")


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

    @property
    def trigger(self) -> Literal["drift", "age"]:
        """What a retraining that follows from this verdict is due to."""
        return "age" if self.rule == TOO_OLD else "drift"


def decide(use_case: UseCase, key: str, *, backfill: bool = False, promotion_active: bool = False) -> Verdict:
    """Decide about one night by the use case's policy, record the verdict and return it.

    Deciding again on the same evidence writes nothing and gives the same verdict: whether a promotion was under way
    stays as it was when the night was first decided.

    :param backfill: the night is an old one being run again; nothing may follow from it, and what was decided about it
        when it was tonight stands
    :param promotion_active: a candidate is already on its way to the traffic
    """
    parse_key(key)
    before = verdict_of(use_case.name, key)
    if before and backfill and not before.backfill:
        return before  # the cooldown of later nights counts from it
    if before and before.backfill == backfill:
        promotion_active = before.promotion_active
    situation = _situation(use_case, key, backfill=backfill, promotion_active=promotion_active)
    verdict = _verdict(use_case, key, situation, rule_on(use_case.retrain, situation))
    if verdict != before:
        metadata().append(KIND, f"{use_case.name}/{key}", verdict.model_dump(mode="json"))
    lake().write(uris.monitoring_report(use_case.name, key, KIND), verdict.canonical())
    return verdict


def verdict_of(use_case_name: str, key: str) -> Verdict | None:
    """Return the verdict about a night, or None when it was not decided yet."""
    entry = metadata().latest(KIND, f"{use_case_name}/{key}")
    return _parse(entry.subject, entry.body) if entry else None


def verdicts(use_case_name: str) -> list[Verdict]:
    """Return the verdict about every night, oldest night first."""
    entries = metadata().all_latest(KIND, f"{use_case_name}/")
    return [_parse(entry.subject, entry.body) for entry in entries]


def _parse(subject: str, body: dict[str, Any]) -> Verdict:
    return parse_record(body, Verdict, where=f"the verdict record of {subject}")


def _situation(use_case: UseCase, key: str, *, backfill: bool, promotion_active: bool) -> Situation:
    evidence = tuple(_evidence_of(use_case.name, key, monitor) for monitor in MONITORS)
    champion = _champion(evidence)
    entries = metadata().all_latest(KIND, f"{use_case.name}/")
    earlier = {entry.body["key"]: entry.body for entry in entries if entry.body["key"] < key}
    return Situation(
        evidence=evidence,
        drift_nights={item.monitor: drift_nights(use_case, key, item) for item in evidence},
        backfill=backfill,
        promotion_active=promotion_active,
        days_since_retrain=days_since_retrain(key, {night: body["decision"] for night, body in earlier.items()}),
        days_since_switch=days_since_switch(
            key, champion, {night: body["champion"] for night, body in earlier.items()}
        ),
        champion_age_days=champion_age_days(use_case.name, key, champion),
        new_rows=new_rows(use_case, key, champion),
    )


def _evidence_of(use_case: str, key: str, monitor: MonitorName) -> Evidence:
    sentence = f"The {monitor} monitor wrote no evidence about {key}; run its task."
    return read_evidence(use_case, key, monitor) or insufficient(use_case, key, monitor, sentence)


def _champion(evidence: tuple[Evidence, ...]) -> str | None:
    return next((item.champion for item in evidence if item.champion), None)


def _verdict(use_case: UseCase, key: str, situation: Situation, ruling: Ruling) -> Verdict:
    return Verdict(
        use_case=use_case.name,
        key=key,
        decision=ruling.decision,
        rule=ruling.rule,
        sentence=_sentence(use_case, situation, ruling),
        champion=_champion(situation.evidence),
        evidence=situation.evidence,
        drift_nights=situation.drift_nights,
        suppressed=ruling.suppressed,
        policy=use_case.retrain,
        backfill=situation.backfill,
        promotion_active=situation.promotion_active,
        days_since_retrain=situation.days_since_retrain,
        days_since_switch=situation.days_since_switch,
        champion_age_days=situation.champion_age_days,
        new_rows=situation.new_rows,
    )


def _sentence(use_case: UseCase, situation: Situation, ruling: Ruling) -> str:
    """Return the finding that the rule rests on, then what was held back."""
    wanted = "insufficient" if ruling.decision == "cannot_judge" else "drift"
    telling = [item.sentence for item in situation.evidence if item.verdict == wanted] or [
        item.sentence for item in situation.evidence
    ]
    if ruling.rule == TOO_OLD:
        limit = use_case.retrain.max_model_age_days
        old = (
            f"Model {_champion(situation.evidence)} was trained on days up to {situation.champion_age_days} nights ago"
        )
        telling = [f"{old}, more than the {limit} of 'retrain.max_model_age_days'.", *telling]
    held_back = [f"Held back ({item.decision}): {item.sentence}" for item in ruling.suppressed]
    return " ".join([*telling, *held_back])
