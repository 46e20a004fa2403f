"""A verdict follows from records alone, is decided once, and is written and read unchanged."""

from typing import Any

import pytest

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring import Suppression, Verdict, decide, verdict_of, verdicts
from driftgate.monitoring.evidence import write_evidence
from driftgate.monitoring_policy import MONITORS
from driftgate.use_cases import UseCase

from .conftest import NIGHT, drift_for, findings


def revisions(key: str = NIGHT) -> int:
    return len(metadata().history("verdict", f"flight_delays/{key}"))


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
    '"days_since_rollback":null,"days_since_switch":null,"decision":"watch",'
    '"drift_nights":{"performance":2},"evidence":[],"key":"2013-04-08","labels":"fresh","new_rows":0,'
    '"over_budget":null,"policy":{"cooldown_days":7,"cooldown_unhelpful_days":[],'
    '"max_model_age_days":null,"min_new_rows":0,"nights":2,"of_last":3,"on":["performance"],"rules":[],"schedule":null},'
    '"promotion_active":false,"rule":"performance_lost","schema_version":1,"sentence":"It drifts.","suppressed":['
    '{"decision":"retrain","reason":"cooldown","sentence":"Too soon."}],"unhelpful_trainings":0,'
    '"use_case":"flight_delays"}'
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
