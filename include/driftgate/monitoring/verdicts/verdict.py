"""Deciding about one night: from its evidence and from what earlier nights say to the verdict.

It follows from records alone: tonight's evidence, earlier nights' evidence and verdicts, the policy. Only nights before
this one are read, so a verdict can be made again from its inputs, and later nights never change it.
"""

from collections.abc import Callable

from driftgate import uris
from driftgate.drift_rules import MUST_JUDGE
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitor_register import register_of
from driftgate.monitoring.evidence import Evidence, insufficient
from driftgate.monitoring.judges.bias import open_cases
from driftgate.monitoring.past import Past, RecordedPast
from driftgate.monitoring.verdicts.alarms import tell
from driftgate.monitoring.verdicts.episode import note_verdict
from driftgate.monitoring.verdicts.history import (
    champion_age_days,
    days_since,
    days_since_switch,
    drift_nights,
    label_state,
    new_rows,
    unhelpful_trainings,
)
from driftgate.monitoring.verdicts.policy import MOVES, SCHEDULE_DUE, TOO_OLD, Ruling, Situation, rule_on
from driftgate.monitoring.verdicts.record import KIND, Verdict, verdict_of
from driftgate.monitoring.verdicts.requirements import tell_requirements
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import parse_key
from driftgate.use_cases import UseCase


def decide(
    use_case: UseCase,
    key: str,
    *,
    backfill: bool = False,
    promotion_active: bool = False,
    budget: Callable[[], str | None] = lambda: None,
) -> Verdict:
    """Decide about one night by the use case's policy, record the verdict, tell who must know, and return it.

    Deciding again on the same evidence writes nothing and gives the same verdict: whether a promotion was under way,
    and what the budget said, stays as it was when the night was first decided.

    :param backfill: the night is an old one being run again; nothing may follow from it, and what was decided about it
        when it was tonight stands
    :param promotion_active: a candidate is already on its way to the traffic
    :param budget: says why the week's budget covers no training, None when it does; asked when there would be one
    """
    parse_key(key)
    register = register_of(use_case)
    before = verdict_of(use_case.name, key)
    if before and backfill and not before.backfill:
        return before  # the cooldown of later nights counts from it
    same = before if before and before.backfill == backfill else None
    over_budget = same.over_budget if same else None
    promotion_active = same.promotion_active if same else promotion_active
    circumstances = {"backfill": backfill, "promotion_active": promotion_active}
    past = RecordedPast(use_case.name)
    verdict = judge_night(use_case, key, past, **circumstances, over_budget=over_budget)
    stands = same is not None and same.decision == "retrain"
    if verdict.decision == "retrain" and not stands and (sentence := budget()):
        verdict = judge_night(use_case, key, past, **circumstances, over_budget=sentence)
    if verdict != before:
        metadata().append(KIND, f"{use_case.name}/{key}", verdict.model_dump(mode="json"))
        tell(verdict)
        _open_bias_cases(use_case, verdict)
        tell_requirements(use_case, register, verdict)
        note_verdict(verdict)
    lake().write(uris.monitoring_report(use_case.name, key, KIND), verdict.canonical())
    return verdict


def _open_bias_cases(use_case: UseCase, verdict: Verdict) -> None:
    if "bias" in verdict.causes and verdict.decision in MOVES and not verdict.backfill:
        open_cases(use_case, _of("bias", verdict.evidence))


def judge_night(
    use_case: UseCase,
    key: str,
    past: Past,
    *,
    backfill: bool = False,
    promotion_active: bool = False,
    over_budget: str | None = None,
) -> Verdict:
    """Return the verdict about a night whose evidence ``past`` has, and write nothing: equal pasts give equal bytes."""
    situation = _situation(
        use_case, key, past, backfill=backfill, promotion_active=promotion_active, over_budget=over_budget
    )
    return _verdict(use_case, key, situation, rule_on(use_case.retrain, situation))


def _situation(
    use_case: UseCase, key: str, past: Past, *, backfill: bool, promotion_active: bool, over_budget: str | None
) -> Situation:
    evidence = tuple(_evidence_of(use_case.name, key, monitor, past) for monitor in use_case.monitors)
    champion = _champion(evidence)
    return Situation(
        evidence=evidence,
        drift_nights={item.monitor: drift_nights(use_case, key, item, past) for item in evidence},
        labels=label_state(key, _of("performance", evidence), past),
        backfill=backfill,
        promotion_active=promotion_active,
        over_budget=over_budget,
        days_since_retrain=days_since("retrain", use_case, key, past),
        days_since_rollback=days_since("rollback", use_case, key, past),
        days_since_switch=days_since_switch(use_case, key, champion, past),
        champion_age_days=champion_age_days(key, champion, past),
        new_rows=new_rows(use_case, key, champion, past),
        unhelpful_trainings=unhelpful_trainings(use_case, key, champion, past),
    )


def _evidence_of(use_case: str, key: str, monitor: MonitorName, past: Past) -> Evidence:
    sentence = f"The {monitor} monitor wrote no evidence about {key}; run its task."
    return past.evidence(key, monitor) or insufficient(use_case, key, monitor, sentence)


def _of(monitor: MonitorName, evidence: tuple[Evidence, ...]) -> Evidence:
    return next(item for item in evidence if item.monitor == monitor)


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
        evidence=tuple(item.model_copy(update={"carried": {}}) for item in situation.evidence),
        drift_nights=situation.drift_nights,
        suppressed=ruling.suppressed,
        policy=use_case.retrain,
        backfill=situation.backfill,
        promotion_active=situation.promotion_active,
        days_since_retrain=situation.days_since_retrain,
        days_since_switch=situation.days_since_switch,
        champion_age_days=situation.champion_age_days,
        new_rows=situation.new_rows,
        causes=ruling.causes,
        labels=situation.labels,
        days_since_rollback=situation.days_since_rollback,
        over_budget=situation.over_budget,
        unhelpful_trainings=situation.unhelpful_trainings,
    )


def _sentence(use_case: UseCase, situation: Situation, ruling: Ruling) -> str:
    """Return the findings that the rule rests on, then what was held back; what cannot be judged before what drifts."""
    must = [item for item in situation.evidence if any(item.monitor in group for group in MUST_JUDGE)]
    found = [item for item in situation.evidence if item.verdict == "drift"] or must
    found = sorted(found, key=lambda item: item.monitor not in ruling.causes)
    if ruling.decision == "cannot_judge":
        beside = [item for item in found if item.monitor in ruling.causes]
        found = [*(item for item in must if item.verdict == "insufficient"), *beside]
    telling = [item.sentence for item in found]
    held_back = [f"Held back ({item.decision}): {item.sentence}" for item in ruling.suppressed]
    return " ".join(dict.fromkeys([*_about_time(use_case, situation, ruling), *telling, *held_back]))


def _about_time(use_case: UseCase, situation: Situation, ruling: Ruling) -> list[str]:
    trained = (
        f"Model {_champion(situation.evidence)} was trained on days up to {situation.champion_age_days} nights ago"
    )
    if ruling.rule == TOO_OLD:
        return [f"{trained}, more than the {use_case.retrain.max_model_age_days} of 'retrain.max_model_age_days'."]
    if ruling.rule == SCHEDULE_DUE and (schedule := use_case.retrain.schedule):
        return [f"{trained}; 'retrain.schedule' asks for a training every {schedule.every_days} nights."]
    return []
