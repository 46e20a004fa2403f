"""The verdict follows from records alone, is decided once, and says which rule decided and what was held back."""

from typing import Any

import pytest

from driftgate import uris
from driftgate.alarms import alarm_of, alarms
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring import Suppression, Verdict, decide, measure, verdict_of, verdicts
from driftgate.monitoring.evidence import write_evidence
from driftgate.monitoring_policy import MONITORS
from driftgate.partition_keys import keys_between
from driftgate.retrain_policy import Retrain
from driftgate.use_cases import UseCase

NIGHT = "2013-04-08"


@pytest.fixture
def open_policy(use_case: UseCase) -> UseCase:
    """The policy without a floor of new rows: these nights have evidence and no outcomes."""
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"min_new_rows": 0})})


def findings(nights: Any, key: str, performance: str, data: str = "ok", champion: str = "1") -> None:
    nights.evidence(key, "performance", performance, champion=champion)
    nights.evidence(key, "data", data, champion=champion)
    for monitor in set(MONITORS) - {"performance", "data"}:
        nights.evidence(key, monitor, "ok", champion=champion)


def drift_for(nights: Any, use_case: UseCase, first: str, last: str, champion: str = "1") -> list[Verdict]:
    """Let performance drift from night to night and decide about each."""
    found = []
    for key in keys_between(first, last):
        findings(nights, key, "drift", champion=champion)
        found.append(decide(use_case, key))
    return found


def revisions(key: str = NIGHT) -> int:
    return len(metadata().history("verdict", f"flight_delays/{key}"))


def test_two_drifting_nights_retrain_and_one_does_not(open_policy: UseCase, nights: Any) -> None:
    first, second = drift_for(nights, open_policy, "2013-04-07", NIGHT)
    assert (first.decision, first.rule) == ("watch", "drift_not_yet_persistent")
    assert (second.decision, second.rule) == ("retrain", "performance_lost")
    assert second.drift_nights == {**dict.fromkeys(MONITORS, 0), "performance": 2}
    assert second.sentence == "performance says drift."
    assert second.champion == "1"


def test_a_night_is_recorded_with_its_evidence_and_its_policy(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.rule) == ("quiet", "all_monitors_quiet")
    assert [item.monitor for item in made.evidence] == list(MONITORS)
    assert made.policy == open_policy.retrain
    assert verdict_of("flight_delays", NIGHT) == made
    report = lake().read(uris.monitoring_report("flight_delays", NIGHT, "verdict"))
    assert report == made.canonical()


def test_what_a_monitor_carries_to_the_next_night_is_left_out(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    carrying = nights.evidence(NIGHT, "payoff", "ok").model_copy(update={"carried": {"gains": (0.01,)}})
    write_evidence(carrying)
    made = decide(open_policy, NIGHT)
    assert {item.monitor: item.carried for item in made.evidence} == {monitor: {} for monitor in MONITORS}


def test_deciding_twice_writes_nothing(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    first = decide(open_policy, NIGHT)
    assert decide(open_policy, NIGHT).hash == first.hash
    assert revisions() == 1


def test_deciding_again_after_the_promotion_began_gives_the_same_verdict(open_policy: UseCase, nights: Any) -> None:
    """The retraining that the verdict asked for starts a promotion; a retried task must not take it back for that."""
    made = drift_for(nights, open_policy, "2013-04-07", NIGHT)[-1]
    assert decide(open_policy, NIGHT, promotion_active=True) == made
    assert revisions() == 1


def test_other_evidence_is_a_new_revision(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    decide(open_policy, NIGHT)
    findings(nights, NIGHT, "drift")
    assert decide(open_policy, NIGHT).decision == "watch"
    assert revisions() == 2


def test_a_later_night_never_changes_an_earlier_verdict(open_policy: UseCase, nights: Any) -> None:
    drift_for(nights, open_policy, "2013-04-05", NIGHT)
    before = verdict_of("flight_delays", "2013-04-06")
    assert decide(open_policy, "2013-04-06") == before


def test_a_monitor_that_did_not_run_cannot_be_judged(open_policy: UseCase, nights: Any) -> None:
    for monitor in set(MONITORS) - {"performance", "estimate"}:
        nights.evidence(NIGHT, monitor, "ok")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.rule) == ("cannot_judge", "evidence_insufficient")
    assert made.sentence.startswith(f"The performance monitor wrote no evidence about {NIGHT}; run its task.")


def test_a_night_without_any_evidence_cannot_be_judged(open_policy: UseCase) -> None:
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.champion) == ("cannot_judge", None)


def test_what_several_monitors_say_alike_is_said_once(open_policy: UseCase) -> None:
    for monitor in MONITORS:
        measure(open_policy, NIGHT, monitor)
    assert decide(open_policy, NIGHT).sentence == f"No request of {NIGHT} was answered by a champion."


def test_after_a_retrain_verdict_the_cooldown_holds_the_next_ones_back(open_policy: UseCase, nights: Any) -> None:
    made = drift_for(nights, open_policy, "2013-04-07", "2013-04-15")
    assert [verdict.decision for verdict in made] == ["watch", "retrain", *["watch"] * 6, "retrain"]
    held = made[2]
    assert (held.rule, [item.reason for item in held.suppressed]) == ("performance_lost", ["cooldown"])
    assert held.days_since_retrain == 1
    assert held.sentence.endswith(
        "Held back (retrain): The last retrain verdict came 1 nights ago; the cooldown is 7 nights."
    )


def test_a_promotion_under_way_holds_a_retraining_back(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-07", "drift")
    findings(nights, NIGHT, "drift")
    made = decide(open_policy, NIGHT, promotion_active=True)
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["promotion_active"])


def test_too_few_new_outcomes_hold_a_retraining_back(use_case: UseCase, nights: Any) -> None:
    made = drift_for(nights, use_case, "2013-04-07", NIGHT)[-1]
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["too_few_new_rows"])
    assert "0 new labelled rows are fewer than the 100 asked for" in made.sentence


def test_a_new_champion_that_fails_soon_is_to_be_rolled_back(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-05", "ok", champion="1")
    decide(open_policy, "2013-04-05")
    made = drift_for(nights, open_policy, "2013-04-06", "2013-04-07", champion="2")[-1]
    assert (made.decision, made.rule, made.days_since_switch) == ("rollback", "new_champion_fails", 1)


def test_a_champion_that_is_too_old_is_a_reason_and_the_next_night_cools_down(
    open_policy: UseCase, nights: Any
) -> None:
    package = f"{uris.package('flight_delays', '1')}/package.json"
    lake().write(package, b'{"dataset_version": "flight_delays/2013-03-31-3f9c2a1"}')
    aged = open_policy.retrain.model_copy(update={"max_model_age_days": 7})
    use_case = open_policy.model_copy(update={"retrain": aged})
    made = []
    for key in ("2013-04-07", NIGHT, "2013-04-09"):
        findings(nights, key, "ok")
        made.append(decide(use_case, key))
    assert [(one.decision, one.champion_age_days) for one in made] == [("quiet", 7), ("retrain", 8), ("watch", 9)]
    assert (made[1].rule, made[1].trigger) == ("champion_too_old", "age")
    assert made[1].sentence.startswith(
        "Model 1 was trained on days up to 8 nights ago, more than the 7 of 'retrain.max_model_age_days'. performance"
    )
    assert [item.reason for item in made[2].suppressed] == ["cooldown"]


def test_moved_inputs_without_outcomes_ask_a_person(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "insufficient", data="drift")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.rule, made.labels) == ("review", "inputs_moved_labels_late", "late")
    assert made.sentence.startswith("data says drift. Held back (retrain): 'retrain.on' does not accept data drift")


def test_a_backfill_moves_nothing(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "drift")
    made = decide(open_policy, NIGHT, backfill=True)
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["backfill"])
    assert made.backfill


def test_a_backfill_does_not_take_back_what_was_decided_tonight(open_policy: UseCase, nights: Any) -> None:
    """Else the cooldown of the nights after it would forget that a model was trained."""
    made = drift_for(nights, open_policy, "2013-04-07", NIGHT)[-1]
    assert decide(open_policy, NIGHT, backfill=True) == made
    assert verdict_of("flight_delays", NIGHT) == made


def test_a_replay_decides_a_night_that_was_backfilled(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "drift")
    decide(open_policy, NIGHT, backfill=True)
    assert decide(open_policy, NIGHT).decision == "retrain"
    assert revisions() == 2


def test_a_key_that_is_no_day_is_refused(open_policy: UseCase) -> None:
    with pytest.raises(ConfigError, match="'tonight' is not a date"):
        decide(open_policy, "tonight")


def test_a_night_that_was_not_decided_has_no_verdict() -> None:
    assert verdict_of("flight_delays", NIGHT) is None
    assert verdicts("flight_delays") == []


def test_verdicts_are_those_of_one_use_case_in_order(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-09", "2013-04-07", NIGHT):
        findings(nights, key, "ok")
        decide(open_policy, key)
    metadata().append("verdict", "flight_delays_2/2013-04-01", {})
    assert [verdict.key for verdict in verdicts("flight_delays")] == ["2013-04-07", NIGHT, "2013-04-09"]


GOLDEN = (
    '{"backfill":false,"causes":["performance"],"champion":null,"champion_age_days":null,"days_since_retrain":1,'
    '"days_since_rollback":null,"days_since_switch":null,"decision":"watch","drift_nights":{"performance":2},'
    '"evidence":[],"key":"2013-04-08","labels":"fresh","new_rows":0,"over_budget":null,"policy":{"cooldown_days":7,'
    '"max_model_age_days":null,"min_new_rows":0,"nights":2,"of_last":3,"on":["performance"],"rules":[],"schedule":null},'
    '"promotion_active":false,"rule":"performance_lost","schema_version":1,"sentence":"It drifts.","suppressed":['
    '{"decision":"retrain","reason":"cooldown","sentence":"Too soon."}],"use_case":"flight_delays"}'
)
OF_ISSUE_5 = (
    '{"backfill":false,"champion":null,"days_since_retrain":1,"days_since_switch":null,"decision":"watch",'
    '"drift_nights":{"performance":2},"evidence":[],"key":"2013-04-08","new_rows":0,"policy":{"cooldown_days":7,'
    '"min_new_rows":0,"nights":2,"of_last":3,"on":["performance"]},"promotion_active":false,'
    '"rule":"accepted_cause_persists","schema_version":1,"sentence":"It drifts.","suppressed":[{"decision":"retrain",'
    '"reason":"cooldown","sentence":"Too soon."}],"use_case":"flight_delays"}'
)


def test_the_golden_verdict_is_written_and_read_unchanged(open_policy: UseCase) -> None:
    verdict = Verdict(
        use_case="flight_delays",
        key=NIGHT,
        decision="watch",
        rule="performance_lost",
        sentence="It drifts.",
        champion=None,
        evidence=(),
        drift_nights={"performance": 2},
        suppressed=(Suppression(decision="retrain", reason="cooldown", sentence="Too soon."),),
        policy=open_policy.retrain,
        backfill=False,
        promotion_active=False,
        days_since_retrain=1,
        days_since_switch=None,
        new_rows=0,
        causes=("performance",),
    )
    assert verdict.canonical().decode() == GOLDEN
    assert Verdict.model_validate_json(GOLDEN) == verdict


def test_a_verdict_of_before_the_table_is_still_read() -> None:
    before = Verdict.model_validate_json(OF_ISSUE_5)
    assert (before.rule, before.causes, before.policy.rules) == ("accepted_cause_persists", (), ())


@pytest.mark.parametrize(
    ("performance", "data", "severity"),
    [("drift", "ok", "minor"), ("insufficient", "drift", "major"), ("ok", "ok", None)],
    ids=["a retraining", "a review", "a quiet night"],
)
def test_whatever_moves_is_an_alarm_of_the_owner_and_a_quiet_night_ends_it(
    open_policy: UseCase, nights: Any, performance: str, data: str, severity: str | None
) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, performance, data)
        made = decide(open_policy, key)
    alarm = alarm_of("drift/flight_delays")
    assert (alarm and alarm.severity) == severity
    if alarm:
        assert (alarm.evidence, alarm.owner.split()[0]) == (made.hash, open_policy.owner.team)
        assert alarm.sentence.startswith(f"{NIGHT}: {made.decision} ({made.rule})")
        findings(nights, "2013-04-09", "ok")
        decide(open_policy, "2013-04-09")
        assert [one.state for one in alarms("drift/")] == ["resolved"]


def test_an_old_night_tells_nobody(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "insufficient", "drift")
        decide(open_policy, key, backfill=True)
    assert alarms() == []


def test_a_budget_that_covers_no_training_holds_it_back_and_is_asked_once(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-07", "drift")
    findings(nights, NIGHT, "drift")
    made = decide(open_policy, NIGHT, budget=lambda: "All of $5.00 is spent.")
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["budget"])
    assert made.sentence.endswith("Held back (retrain): All of $5.00 is spent.")
    assert decide(open_policy, NIGHT, budget=lambda: pytest.fail("a night asks once")) == made


def test_a_budget_is_not_asked_about_a_night_that_trains_nothing(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    assert decide(open_policy, NIGHT, budget=lambda: pytest.fail("nothing is to be spent")).decision == "quiet"


def test_a_schedule_retrains_every_so_many_nights_and_says_so(open_policy: UseCase, nights: Any) -> None:
    package = f"{uris.package('flight_delays', '1')}/package.json"
    lake().write(package, b'{"dataset_version": "flight_delays/2013-03-31-3f9c2a1"}')
    schedule = {"every_days": 7, "justification": "The audit asks for it."}
    retrain = Retrain(**{**open_policy.retrain.model_dump(), "schedule": schedule})
    use_case = open_policy.model_copy(update={"retrain": retrain})
    made = []
    for key in keys_between("2013-04-06", "2013-04-14"):
        findings(nights, key, "ok")
        made.append(decide(use_case, key))
    assert [one.decision for one in made] == ["quiet", "retrain", *["quiet"] * 6, "retrain"]
    assert (made[1].rule, made[1].trigger) == ("schedule_due", "schedule")
    assert "'retrain.schedule' asks for a training every 7 nights." in made[1].sentence
