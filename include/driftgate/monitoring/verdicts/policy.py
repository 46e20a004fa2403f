"""From evidence to a decision: the use case's policy as a table of rules, without reading or writing anything.

What follows from a drift is in the table of :mod:`driftgate.drift_rules`, by kind, severity, label state and champion.
The strongest decision wins: rollback, retrain, review, watch. Beside the table stand these rules:

==========================  ==============  ===================================================================
rule                        decision        applies when
==========================  ==============  ===================================================================
champion_too_old            retrain         the champion's last training day is more than ``max_model_age_days``
                                            ago, where the use case sets a limit
schedule_due                retrain         ``schedule.every_days`` are over, where the use case has a schedule
evidence_insufficient       cannot_judge    nothing moves, and a monitor that must judge could not
drift_not_yet_persistent    watch           a monitor drifts tonight, on too few nights so far
all_monitors_quiet          quiet           those that must judge did, and nothing drifts
==========================  ==============  ===================================================================

Whatever would move can be held back, and what was held back and why is recorded; the next weaker decision then has its
turn, and the last is ``watch``, or ``cannot_judge`` where a monitor that must judge could not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from driftgate.drift_rules import MUST_JUDGE, Cell, ChampionState, Response, rule_for
from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring_policy import LabelState, MonitorName
from driftgate.records import Record
from driftgate.retrain_policy import Retrain

Decision = Literal[Response, "cannot_judge"]
Reason = Literal[
    "backfill", "promotion_active", "cooldown", "too_few_new_rows", "budget", "cause_not_accepted"
]  # fmt: skip
TOO_OLD, SCHEDULE_DUE, NOT_YET = "champion_too_old", "schedule_due", "drift_not_yet_persistent"
MOVES: tuple[Decision, ...] = ("rollback", "retrain", "review")  # the strongest first


class Suppression(Record):
    """One reason why a decision was not carried out."""

    decision: Decision
    reason: Reason
    sentence: str


@dataclass(frozen=True)
class Situation:
    """All that the policy looks at."""

    evidence: tuple[Evidence, ...]
    drift_nights: dict[MonitorName, int]  # of the last ``of_last`` nights, tonight included, same champion
    labels: LabelState = "fresh"
    backfill: bool = False
    promotion_active: bool = False
    over_budget: str | None = None  # why the week's budget covers no training; None: it does
    days_since_retrain: int | None = None  # since the last retrain verdict; None: not as far as it matters
    days_since_rollback: int | None = None  # the same for a rollback
    days_since_switch: int | None = None  # since tonight's champion took over; None: not within the cooldown
    champion_age_days: int | None = None  # since the champion's last training day; None when it is not known
    new_rows: int = 0  # labelled since the champion's training window
    unhelpful_trainings: int = 0  # in a row, up to the last retrain verdict, that left tonight's champion


class Want(NamedTuple):
    """What one rule asks for; ``cause`` is the monitor whose drift it is about."""

    decision: Response
    rule: str
    cause: MonitorName | None = None


@dataclass(frozen=True)
class Ruling:
    """What the policy says: the decision, the rule that made it, and the drifts it is about or that are besides."""

    decision: Decision
    rule: str
    suppressed: tuple[Suppression, ...] = ()
    causes: tuple[MonitorName, ...] = ()


def rule_on(policy: Retrain, situation: Situation) -> Ruling:
    """Return the decision for ``situation``, with the rule that made it and what was suppressed."""
    asked = [*_after_drift(policy, situation), *_after_time(policy, situation)]
    wants = [_accepted(policy, want) for want in asked]
    held = [_not_accepted(want) for want, after in zip(asked, wants, strict=True) if want != after]
    for decision in MOVES:
        if same := [want for want in wants if want.decision == decision]:
            reasons = list(_suppressions(policy, situation, decision))
            if not reasons:
                return _ruling(decision, same, held)
            held += reasons
    if must_judge_missing(situation.evidence):
        return Ruling("cannot_judge", "evidence_insufficient", tuple(held), _causes(wants))
    if wants:
        strongest = min(wants, key=lambda want: _rank(want.decision))
        return _ruling("watch", [want for want in wants if want.decision == strongest.decision], held)
    return Ruling("quiet", "all_monitors_quiet")


def judged(evidence: Iterable[Evidence]) -> set[MonitorName]:
    """Return the monitors that could judge."""
    return {item.monitor for item in evidence if item.verdict != "insufficient"}


def must_judge_missing(evidence: Iterable[Evidence]) -> bool:
    """Return whether a night may be quiet by nobody having looked: one of each group that must judge has to."""
    found = judged(evidence)
    return any(not group & found for group in MUST_JUDGE)


def _after_drift(policy: Retrain, situation: Situation) -> Iterator[Want]:
    champion: ChampionState = "new" if _is_new(policy, situation) else "settled"
    for item in situation.evidence:
        if item.verdict != "drift":
            continue
        rule = rule_for(
            Cell(item.monitor, item.severity or "major", situation.labels, champion),  # graded only since severities
            policy.rules,
        )
        if rule.decision == "quiet":
            continue
        if situation.drift_nights[item.monitor] < (rule.nights or policy.nights):
            yield Want("watch", NOT_YET, item.monitor)
        else:
            yield Want(rule.decision, rule.name, item.monitor)


def _after_time(policy: Retrain, situation: Situation) -> Iterator[Want]:
    age, limit = situation.champion_age_days, policy.max_model_age_days
    if age is not None and limit is not None and age > limit:
        yield Want("retrain", TOO_OLD)
    if policy.schedule and age is not None:
        since = min(age, situation.days_since_retrain if situation.days_since_retrain is not None else age)
        if since >= policy.schedule.every_days:
            yield Want("retrain", SCHEDULE_DUE)


def _ruling(decision: Decision, wants: list[Want], held: list[Suppression]) -> Ruling:
    return Ruling(decision, wants[0].rule, tuple(held), _causes(wants))


def _causes(wants: list[Want]) -> tuple[MonitorName, ...]:
    return tuple(want.cause for want in wants if want.cause)


def _rank(decision: Decision) -> int:
    return MOVES.index(decision) if decision in MOVES else len(MOVES)


def _accepted(policy: Retrain, want: Want) -> Want:
    """Return the want, or a review where a training is not accepted as the answer to its cause."""
    refused = want.decision == "retrain" and want.cause is not None and want.cause not in policy.on
    return want._replace(decision="review") if refused else want


def _not_accepted(want: Want) -> Suppression:
    sentence = f"'retrain.on' does not accept {want.cause} drift as a cause; a person is asked instead."
    return Suppression(decision="retrain", reason="cause_not_accepted", sentence=sentence)


def _suppressions(policy: Retrain, situation: Situation, wanted: Decision) -> Iterator[Suppression]:
    if situation.backfill:
        yield Suppression(decision=wanted, reason="backfill", sentence="A backfill of old nights moves nothing.")
    if wanted == "retrain":
        yield from _retrain_suppressions(policy, situation)


def _retrain_suppressions(policy: Retrain, situation: Situation) -> Iterator[Suppression]:
    if situation.promotion_active:
        sentence = "A candidate is already on its way; its outcome comes first."
        yield Suppression(decision="retrain", reason="promotion_active", sentence=sentence)
    for what, days in (("retrain verdict", situation.days_since_retrain), ("champion", situation.days_since_switch)):
        if _within(days, policy.cooldown_days):
            sentence = f"The last {what} came {days} nights ago; the cooldown is {policy.cooldown_days} nights."
            yield Suppression(decision="retrain", reason="cooldown", sentence=sentence)
    yield from _after_unhelpful(policy, situation)
    if situation.new_rows < policy.min_new_rows:
        sentence = f"{situation.new_rows} new labelled rows are fewer than the {policy.min_new_rows} asked for."
        yield Suppression(decision="retrain", reason="too_few_new_rows", sentence=sentence)
    if situation.over_budget:
        yield Suppression(decision="retrain", reason="budget", sentence=situation.over_budget)


def _after_unhelpful(policy: Retrain, situation: Situation) -> Iterator[Suppression]:
    """Hold back longer after trainings that brought nothing, unless the cooldown or a candidate does so already."""
    days, count = situation.days_since_retrain, situation.unhelpful_trainings
    if not count or situation.promotion_active or _within(days, policy.cooldown_days):
        return
    longer = policy.cooldown_unhelpful_days[min(count, len(policy.cooldown_unhelpful_days)) - 1]
    if _within(days, longer):
        which, last = ("The last training", "it") if count == 1 else (f"Each of the last {count} trainings", "the last")
        sentence = (
            f"{which} brought no new champion; {last} was asked for {days} nights ago, and the cooldown after that is "
            f"{longer} nights."
        )
        yield Suppression(decision="retrain", reason="cooldown", sentence=sentence)


def _is_new(policy: Retrain, situation: Situation) -> bool:
    switched = _within(situation.days_since_switch, policy.cooldown_days)
    return switched and not _within(situation.days_since_rollback, policy.cooldown_days)


def _within(days: int | None, cooldown: int) -> bool:
    return days is not None and days < cooldown
