"""A verdict that says ``rollback`` moves the traffic, once, by the rules of promotion."""

import pytest

from driftgate.alarms import alarm_of
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, begin, by_hand, conclude, outcomes, verdict_of
from driftgate.monitoring.evidence import write_evidence
from driftgate.promotion import DeploymentState, deployment, start_shadow
from driftgate.registry import tracking
from driftgate.registry.aliases import champion_version
from driftgate.registry.states import model_state, move_state
from driftgate_airflow.operators.decide_verdict import DecideVerdictOperator

from .conftest import NAME

NIGHT = "2013-04-03"
DRIFTS = {"performance": "drift", "data": "ok", "skew": "ok"}


@pytest.fixture
def decide(run, monkeypatch):
    """Let the operator decide about a night on which these monitors found this, with this champion."""
    monkeypatch.setattr(tracking, "show_alias", lambda *_: None)  # MLflow takes seconds

    def about(key, champion, findings=DRIFTS, **more):
        for monitor, verdict in findings.items():
            write_evidence(Evidence(
                use_case=NAME, key=key, monitor=monitor, champion=champion, statistic="auc", value=0.6, interval=None,
                threshold=None, sample_size=1, features=(), verdict=verdict, sentence=f"{monitor}: {verdict}.",
            ))  # fmt: skip
        return run(key, **more).execute(DecideVerdictOperator(task_id="decide_verdict", use_case=NAME))

    return about


@pytest.fixture
def failing(decide, serving, use_case):
    """Version 2 took over from version 1 on 2 April, and answers badly since."""
    move_state(NAME, "1", "champion", actor="test", reason="a test")
    move_state(NAME, "1", "retired", actor="test", reason="a test")
    move_state(NAME, "2", "champion", actor="test", reason="a test")
    state = serving.model_dump(mode="json", exclude={"revision"})
    variants = [{"version": "2", "role": "champion", "weight": 100}]
    metadata().append("deployment", NAME, {**state, "champion": "2", "previous": "1", "variants": variants})
    metadata().append(
        "alias", f"{NAME}/champion", {"use_case": NAME, "alias": "champion", "version": "2", "previous": "1"}
    )
    decide("2013-04-01", "1", {"performance": "ok", "data": "ok", "skew": "ok"})
    decide("2013-04-02", "2")
    return deployment(NAME)


def test_the_champion_before_serves_again_and_deciding_twice_moves_once(failing, decide):
    answer, again = decide(NIGHT, "2"), decide(NIGHT, "2")
    assert (answer["decision"], answer["rule"]) == ("rollback", "new_champion_fails")
    assert "Version 1 of flight_delays serves, since revision 3." in answer["moved"]
    assert "nothing was moved" in again["moved"]
    state = deployment(NAME)
    assert isinstance(state, DeploymentState)
    assert (state.champion, state.revision, state.run_id) == ("1", 3, f"verdict/{NAME}/{NIGHT}")
    assert state.reason.startswith(f"verdict about {NIGHT} (new_champion_fails): performance: drift.")
    assert champion_version(NAME) == "1"
    assert model_state(NAME, "2").state == "retired"
    assert (alarm_of(f"drift/{NAME}").severity, alarm_of(f"drift/{NAME}").count) == ("major", 1)


def test_the_record_of_its_retraining_says_that_it_was_rolled_back(failing, decide):
    conclude(begin(by_hand(NAME, "2013-03-31", "a run", "bootstrap")), "champion", "", None, model_version="2")
    decide(NIGHT, "2")
    [outcome] = outcomes(NAME)
    assert (outcome.status, outcome.notes.split(" (")[0]) == ("rolled_back", f"verdict about {NIGHT}")


def test_a_champion_that_came_back_is_not_rolled_back_in_turn(failing, decide):
    decide(NIGHT, "2")
    decide("2013-04-04", "1")
    assert decide("2013-04-05", "1")["decision"] == "review"
    assert deployment(NAME).champion == "1"


def test_a_backfill_of_that_night_moves_nothing(failing, decide):
    assert decide(NIGHT, "2", run_type="backfill")["decision"] == "watch"
    assert deployment(NAME) == failing


def test_where_nobody_may_take_over_it_goes_on_and_says_so(failing, decide):
    move_state(NAME, "1", "quarantined", actor="test", reason="a test")
    assert "goes on serving: no champion before it may serve" in decide(NIGHT, "2")["moved"]
    assert verdict_of(NAME, NIGHT).decision == "rollback"
    assert deployment(NAME) == failing
    assert alarm_of(f"drift/{NAME}").severity == "critical"


def test_a_candidate_beside_it_leaves_too(failing, decide, use_case, put_package, leave_receipts):
    leave_receipts(put_package("3"), "2")
    start_shadow(use_case, "3", actor="test", reason="a test")
    decide(NIGHT, "2")
    assert (deployment(NAME).champion, deployment(NAME).candidate) == ("1", None)
