"""What follows from evidence: persistence, what is held back and why, what must have judged, whatever the table."""

from typing import Any

import pytest

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.verdicts.policy import Ruling, Situation, rule_on
from driftgate.retrain_policy import Retrain

POLICY = Retrain(on=("performance",), nights=2, of_last=3, cooldown_days=7, min_new_rows=5000)
ACCEPTS_DATA = POLICY.model_copy(update={"on": ("performance", "data")})
AGED = POLICY.model_copy(update={"max_model_age_days": 60})
ENOUGH = 5000


def evidence(monitor: str, finding: str, severity: str | None = None) -> Evidence:
    return Evidence(
        use_case="flight_delays", key="2013-04-09", monitor=monitor, champion="1", statistic="auc", value=0.6,
        interval=None, threshold=None, sample_size=1, features=(), verdict=finding, severity=severity,
        sentence=f"{monitor}: {finding}.",
    )  # fmt: skip


def rule(*, policy: Retrain = POLICY, states: dict[str, str] | None = None, **more: Any) -> Ruling:
    """``states``: ok, drift (tonight only), persistent, insufficient; performance and data are ok if left out."""
    told = {"performance": "ok", "data": "ok", **(states or {})}
    found = tuple(evidence(name, "drift" if state == "persistent" else state) for name, state in told.items())
    nights = {name: {"drift": 1, "persistent": 2}.get(state, 0) for name, state in told.items()}
    return rule_on(policy, Situation(evidence=found, drift_nights=nights, **{"new_rows": ENOUGH, **more}))


LOST = {"performance": "persistent"}
MOVED = {"data": "persistent"}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, ("quiet", "all_monitors_quiet")),
        ({"data": "drift"}, ("watch", "drift_not_yet_persistent")),
        ({"performance": "drift", "data": "insufficient"}, ("cannot_judge", "evidence_insufficient")),
        ({"performance": "insufficient", "quality": "drift"}, ("cannot_judge", "evidence_insufficient")),
        ({"performance": "insufficient", "skew": "persistent"}, ("review", "serving_differs_from_training")),
        ({"performance": "drift", "skew": "persistent"}, ("review", "serving_differs_from_training")),
        (LOST, ("retrain", "performance_lost")),
        ({**LOST, **MOVED, "skew": "persistent"}, ("retrain", "performance_lost")),
        ({**LOST, "data": "insufficient"}, ("retrain", "performance_lost")),
        (MOVED, ("review", "inputs_moved_performance_holds")),
        ({"performance": "insufficient"}, ("cannot_judge", "evidence_insufficient")),
        ({"data": "insufficient"}, ("cannot_judge", "evidence_insufficient")),
        ({"performance": "insufficient", "estimate": "ok"}, ("quiet", "all_monitors_quiet")),
        ({"estimate": "insufficient", "skew": "insufficient", "bias": "insufficient"}, ("quiet", "all_monitors_quiet")),
    ],
)
def test_the_strongest_decision_wins_and_only_some_must_judge(
    states: dict[str, str], expected: tuple[str, str]
) -> None:
    ruling = rule(states=states)
    assert (ruling.decision, ruling.rule) == expected


def test_what_drifts_or_is_held_back_beside_what_cannot_be_judged_is_named() -> None:
    ruling = rule(states={**LOST, "data": "insufficient", "skew": "drift"}, days_since_retrain=1)
    assert (ruling.decision, ruling.causes) == ("cannot_judge", ("performance", "skew"))
    assert [(item.decision, item.reason) for item in ruling.suppressed] == [("retrain", "cooldown")]


@pytest.mark.parametrize(
    ("more", "decision"),
    [({}, "retrain"), ({"days_since_switch": 1}, "rollback"), ({"new_rows": 0}, "cannot_judge")],
)
def test_what_cannot_be_judged_holds_back_no_cause_that_fires(more: dict[str, Any], decision: str) -> None:
    assert rule(states={**LOST, "data": "insufficient"}, **more).decision == decision


def test_a_ruling_names_the_drifts_that_it_is_about() -> None:
    accepts = POLICY.model_copy(update={"on": ("performance", "payoff")})
    assert rule(policy=accepts, states={**LOST, **MOVED, "payoff": "drift"}).causes == ("performance", "payoff")


def test_a_sequential_monitor_needs_one_night() -> None:
    accepts = POLICY.model_copy(update={"on": ("payoff",)})
    assert rule(policy=accepts, states={"payoff": "drift"}) == Ruling("retrain", "retraining_pays", (), ("payoff",))


def test_a_cause_that_is_not_accepted_asks_a_person() -> None:
    late = rule(states={"performance": "insufficient", "data": "persistent"}, labels="late")
    assert (late.decision, late.rule) == ("review", "inputs_moved_labels_late")
    assert [(item.decision, item.reason) for item in late.suppressed] == [("retrain", "cause_not_accepted")]


def test_moved_inputs_retrain_while_labels_are_late_where_they_are_an_accepted_cause() -> None:
    assert rule(policy=ACCEPTS_DATA, states=MOVED, labels="late").decision == "retrain"
    assert rule(policy=ACCEPTS_DATA, states=MOVED, labels="fresh").decision == "review"


def test_a_rule_of_the_use_case_overrules_its_cells_and_no_other() -> None:
    own = {"name": "inputs_retrain", "drift": "data", "severity": ["major"], "decision": "retrain"}
    policy = Retrain(**{**ACCEPTS_DATA.model_dump(), "rules": [own]})
    assert rule(policy=policy, states=MOVED) == Ruling("retrain", "inputs_retrain", (), ("data",))
    found = (evidence("performance", "ok"), evidence("data", "drift", "minor"))
    minor = Situation(evidence=found, drift_nights={"data": 3}, new_rows=ENOUGH)
    assert rule_on(policy, minor).rule == "inputs_moved_a_little"


def test_a_drift_that_a_rule_calls_quiet_is_none() -> None:
    own = {"name": "known_season", "drift": "data", "decision": "quiet"}
    policy = Retrain(**{**POLICY.model_dump(), "rules": [own]})
    assert rule(policy=policy, states=MOVED) == Ruling("quiet", "all_monitors_quiet")


def test_a_new_champion_that_fails_calls_for_the_one_before() -> None:
    assert rule(states=LOST, days_since_switch=6).decision == "rollback"
    assert rule(states=LOST, days_since_switch=6).rule == "new_champion_fails"
    assert rule(states=LOST, days_since_switch=7).decision == "retrain"


def test_a_champion_that_came_back_by_a_rollback_is_not_rolled_back_again() -> None:
    ruling = rule(states=LOST, days_since_switch=2, days_since_rollback=3)
    assert (ruling.decision, ruling.rule) == ("watch", "performance_lost")
    assert [item.reason for item in ruling.suppressed] == ["cooldown"]


HELD_BACK = [
    ({"backfill": True}, "backfill"),
    ({"promotion_active": True}, "promotion_active"),
    ({"days_since_retrain": 6}, "cooldown"),
    ({"new_rows": 4999}, "too_few_new_rows"),
    ({"over_budget": "The week's budget is spent."}, "budget"),
]


@pytest.mark.parametrize(("circumstance", "reason"), HELD_BACK)
@pytest.mark.parametrize(
    ("states", "name"), [(LOST, "performance_lost"), ({}, "champion_too_old")], ids=["drift", "age"]
)
def test_a_retraining_is_held_back_and_the_reason_recorded(
    states: dict[str, str], name: str, circumstance: dict[str, Any], reason: str
) -> None:
    ruling = rule(policy=AGED, states=states, champion_age_days=61 if not states else 1, **circumstance)
    assert (ruling.decision, ruling.rule) == ("watch", name)
    assert [(item.decision, item.reason) for item in ruling.suppressed] == [("retrain", reason)]


def test_every_reason_is_recorded_when_several_hold() -> None:
    ruling = rule(
        states=LOST, backfill=True, promotion_active=True, days_since_retrain=1, new_rows=0, over_budget="Spent."
    )
    assert [item.reason for item in ruling.suppressed] == [reason for _, reason in HELD_BACK]


def test_what_is_held_back_leaves_the_word_to_the_next_weaker_decision() -> None:
    ruling = rule(states={**LOST, **MOVED}, days_since_retrain=1)
    assert (ruling.decision, ruling.rule) == ("review", "inputs_moved_performance_holds")
    assert [(item.decision, item.reason) for item in ruling.suppressed] == [("retrain", "cooldown")]


def test_the_cooldown_ends_after_its_days() -> None:
    assert rule(states=LOST, days_since_retrain=7).decision == "retrain"


PATIENT = Retrain(**{**POLICY.model_dump(), "cooldown_unhelpful_days": [10, 20, 40]})


@pytest.mark.parametrize(
    ("unhelpful", "days", "wait"),
    [(0, 7, 7), (1, 7, 10), (1, 10, 10), (2, 19, 20), (2, 20, 20), (3, 39, 40), (9, 39, 40), (9, 40, 40)],
)
def test_trainings_that_brought_nothing_are_waited_for_longer_and_longer(unhelpful: int, days: int, wait: int) -> None:
    ruling = rule(policy=PATIENT, states=LOST, days_since_retrain=days, unhelpful_trainings=unhelpful)
    assert (ruling.decision == "retrain") is (days >= wait)
    assert [item.reason for item in ruling.suppressed] == ["cooldown"] * (days < wait)


def test_a_longer_cooldown_says_after_what() -> None:
    once, often = (
        rule(policy=PATIENT, states=LOST, days_since_retrain=9, unhelpful_trainings=count) for count in (1, 4)
    )
    assert [item.sentence for item in once.suppressed] == [
        "The last training brought no new champion; it was asked for 9 nights ago, and the cooldown after that is 10 "
        "nights."
    ]
    assert often.suppressed[0].sentence.startswith("Each of the last 4 trainings brought no new champion; the last was")


@pytest.mark.parametrize(
    ("days", "promotion_active", "reason"), [(6, False, "cooldown"), (8, True, "promotion_active")]
)
def test_the_longer_cooldown_is_no_second_reason(days: int, promotion_active: bool, reason: str) -> None:
    held = {"days_since_retrain": days, "unhelpful_trainings": 1, "promotion_active": promotion_active}
    assert [item.reason for item in rule(policy=PATIENT, states=LOST, **held).suppressed] == [reason]


def test_a_change_of_champion_starts_a_cooldown_too() -> None:
    ruling = rule(policy=ACCEPTS_DATA, states=MOVED, labels="late", days_since_switch=3)
    assert [item.reason for item in ruling.suppressed] == ["cooldown"]


@pytest.mark.parametrize(("states", "more"), [(MOVED, {}), (LOST, {"days_since_switch": 1})])
def test_a_backfill_holds_back_reviews_and_rollbacks_too(states: dict[str, str], more: dict[str, Any]) -> None:
    ruling = rule(states=states, backfill=True, **more)
    assert (ruling.decision, [item.reason for item in ruling.suppressed]) == ("watch", ["backfill"])


@pytest.mark.parametrize("finding", ["ok", "drift", "insufficient"])
def test_nothing_is_suppressed_where_nothing_was_to_move(finding: str) -> None:
    ruling = rule(states={"performance": finding}, backfill=True, promotion_active=True, new_rows=0)
    assert ruling.suppressed == ()


@pytest.mark.parametrize(
    ("states", "name"),
    [({}, "champion_too_old"), (MOVED, "champion_too_old"), ({"performance": "drift"}, "champion_too_old"),
     ({"performance": "insufficient"}, "champion_too_old"), (LOST, "performance_lost")],
)  # fmt: skip
def test_an_old_champion_is_a_reason_where_drift_is_none(states: dict[str, str], name: str) -> None:
    ruling = rule(policy=AGED, states=states, champion_age_days=61)
    assert (ruling.decision, ruling.rule) == ("retrain", name)


@pytest.mark.parametrize(
    ("policy", "age"), [(AGED, 60), (AGED, None), (POLICY, 9999)], ids=["not yet", "unknown", "no limit"]
)
def test_a_champion_that_may_be_so_old_stays(policy: Retrain, age: int | None) -> None:
    assert rule(policy=policy, champion_age_days=age) == Ruling("quiet", "all_monitors_quiet")


def test_age_that_is_held_back_for_want_of_rows_still_lets_a_person_look() -> None:
    ruling = rule(policy=AGED, states=MOVED, labels="late", champion_age_days=61, new_rows=0)
    assert (ruling.decision, ruling.rule) == ("review", "inputs_moved_labels_late")


@pytest.mark.parametrize(
    ("age", "since_retrain", "due"),
    [(6, None, False), (7, None, True), (30, 6, False), (30, 7, True), (None, 7, False)],
)
def test_a_schedule_is_due_so_many_days_after_the_last_training(
    age: int | None, since_retrain: int | None, due: bool
) -> None:
    schedule = {"every_days": 7, "justification": "The audit asks for it."}
    policy = Retrain(**{**POLICY.model_dump(), "cooldown_days": 0, "schedule": schedule})
    ruling = rule(policy=policy, champion_age_days=age, days_since_retrain=since_retrain)
    assert (ruling.rule == "schedule_due") is due
