"""From evidence to a decision: the use case's policy as a table of rules, without reading or writing anything.

The first rule that applies decides:

======================================  ==============  ========================================================
rule                                    decision        applies when
======================================  ==============  ========================================================
new_champion_fails                      rollback        performance drift persists and the champion took over within
                                                        the cooldown, from another one
accepted_cause_persists                 retrain         a monitor named in ``retrain.on`` drifts on ``nights`` of the
                                                        last ``of_last`` nights, tonight included
inputs_moved_labels_missing             review          data drift persists while performance cannot be judged
champion_too_old                        retrain         the champion's last training day is more than
                                                        ``max_model_age_days`` ago, where the use case sets a limit
serving_differs_from_training           watch           what the endpoint saw tonight is not what training sees of it
drift_not_yet_persistent                watch           a monitor drifts tonight, on too few nights so far
inputs_moved_performance_holds          watch           data drift persists, is no accepted cause, performance is fine
drift_is_no_accepted_cause              watch           performance drift persists but is no accepted cause
evidence_insufficient                   cannot_judge    nothing drifts, and a monitor could not judge
all_monitors_quiet                      quiet           every monitor judged, none drifts
======================================  ==============  ========================================================

A retrain, review or rollback can be suppressed; it then becomes ``watch``, and what was suppressed and why is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring_policy import MonitorName, Retrain
from driftgate.records import Record

Decision = Literal["quiet", "watch", "retrain", "review", "rollback", "cannot_judge"]
TOO_OLD = "champion_too_old"
MOVES: tuple[Decision, ...] = ("retrain", "review", "rollback")


class Suppression(Record):
    """One reason why a decision was not carried out."""

    decision: Decision
    reason: Literal["backfill", "promotion_active", "cooldown", "too_few_new_rows"]
    sentence: str


@dataclass(frozen=True)
class Situation:
    """All that the policy looks at."""

    evidence: tuple[Evidence, ...]
    drift_nights: dict[MonitorName, int]  # of the last ``of_last`` nights, tonight included, same champion
    backfill: bool = False
    promotion_active: bool = False
    days_since_retrain: int | None = None  # since the last retrain verdict; None: none within the cooldown
    days_since_switch: int | None = None  # since tonight's champion took over; None: not within the cooldown
    champion_age_days: int | None = None  # since the champion's last training day; None when it is not known
    new_rows: int = 0  # labelled since the champion's training window


@dataclass(frozen=True)
class Ruling:
    """What the policy says."""

    decision: Decision
    rule: str
    suppressed: tuple[Suppression, ...] = ()


def rule_on(policy: Retrain, situation: Situation) -> Ruling:
    """Return the decision for ``situation``, with the rule that made it and what was suppressed."""
    wanted, rule = _wanted(policy, situation)
    suppressed = tuple(_suppressions(policy, situation, wanted)) if wanted in MOVES else ()
    return Ruling("watch" if suppressed else wanted, rule, suppressed)


def _wanted(policy: Retrain, situation: Situation) -> tuple[Decision, str]:
    drifting = _with(situation, "drift")
    unjudged = _with(situation, "insufficient")
    persistent = {name for name in drifting if situation.drift_nights[name] >= policy.nights}
    if "performance" in persistent and _within(situation.days_since_switch, policy.cooldown_days):
        return "rollback", "new_champion_fails"
    if persistent & set(policy.on):
        return "retrain", "accepted_cause_persists"
    if "data" in persistent and "performance" in unjudged:
        return "review", "inputs_moved_labels_missing"
    if _too_old(policy, situation):
        return "retrain", TOO_OLD
    if "skew" in drifting:
        return "watch", "serving_differs_from_training"
    if drifting:
        return "watch", _watch_rule(drifting, persistent)
    if unjudged:
        return "cannot_judge", "evidence_insufficient"
    return "quiet", "all_monitors_quiet"


def _watch_rule(drifting: set[MonitorName], persistent: set[MonitorName]) -> str:
    if drifting - persistent:
        return "drift_not_yet_persistent"
    return "drift_is_no_accepted_cause" if "performance" in persistent else "inputs_moved_performance_holds"


def _suppressions(policy: Retrain, situation: Situation, wanted: Decision) -> Sequence[Suppression]:
    found = []
    if situation.backfill:
        found.append(
            Suppression(decision=wanted, reason="backfill", sentence="A backfill of old nights moves nothing.")
        )
    if wanted == "retrain":
        found.extend(_retrain_suppressions(policy, situation))
    return found


def _retrain_suppressions(policy: Retrain, situation: Situation) -> Sequence[Suppression]:
    found = []
    if situation.promotion_active:
        sentence = "A candidate is already on its way; its outcome comes first."
        found.append(Suppression(decision="retrain", reason="promotion_active", sentence=sentence))
    for what, days in (("retrain verdict", situation.days_since_retrain), ("champion", situation.days_since_switch)):
        if _within(days, policy.cooldown_days):
            sentence = f"The last {what} came {days} nights ago; the cooldown is {policy.cooldown_days} nights."
            found.append(Suppression(decision="retrain", reason="cooldown", sentence=sentence))
    if situation.new_rows < policy.min_new_rows:
        sentence = f"{situation.new_rows} new labelled rows are fewer than the {policy.min_new_rows} asked for."
        found.append(Suppression(decision="retrain", reason="too_few_new_rows", sentence=sentence))
    return found


def _too_old(policy: Retrain, situation: Situation) -> bool:
    age, limit = situation.champion_age_days, policy.max_model_age_days
    return age is not None and limit is not None and age > limit


def _with(situation: Situation, finding: str) -> set[MonitorName]:
    return {evidence.monitor for evidence in situation.evidence if evidence.verdict == finding}


def _within(days: int | None, cooldown: int) -> bool:
    return days is not None and days < cooldown
