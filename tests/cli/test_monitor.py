"""``driftgate monitor``: what was decided, what came of it, and what people say about it."""

from datetime import UTC, datetime

import pytest

from driftgate.alarms import alarm_of
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, begin, by_hand, conclude, decide, episodes, propose
from driftgate.monitoring.evidence import write_evidence
from driftgate.monitoring.verdicts.changes import changes
from driftgate.partition_keys import keys_between
from driftgate.registry.releases import record_release
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


@pytest.fixture
def told(run):
    """Run a command and return its words with single spaces between them."""

    def words(*arguments, code=0):
        answer = run("monitor", *arguments)
        assert answer.exit_code == code, answer.output
        return " ".join(answer.output.split())

    return words


def nights(first, last, data="drift", use_case=None, champion="1", **others):
    for key in keys_between(first, last):
        for monitor, finding in {"performance": "ok", "data": data, **others}.items():
            write_evidence(Evidence(
                use_case=NAME, key=key, monitor=monitor, champion=champion, statistic="score", value=1.25,
                interval=None, threshold=1.0, sample_size=900, features=("origin",), verdict=finding,
                sentence=f"{monitor}: {finding}.", severity="major" if finding == "drift" else None,
            ))  # fmt: skip
        decide(use_case or load_use_case(NAME), key)


def test_a_night_is_shown_with_its_rule_and_every_finding(told):
    nights("2013-04-01", "2013-04-02")
    newest = told("show", NAME)
    assert "2013-04-02: review, by rule inputs_moved_performance_holds. data: drift." in newest
    assert "data │ drift │ major │ 2 │ score │ 1.25 │ 1 │ 900" in newest
    assert "2013-04-01: watch, by rule drift_not_yet_persistent" in told("show", NAME, "2013-04-01")
    assert "There is no verdict of flight_delays about 2013-05-01" in told("show", NAME, "2013-05-01", code=1)


def test_the_summary_counts_nights_retrainings_and_what_was_avoided(told):
    nights("2013-04-01", "2013-04-03", data="ok")
    conclude(begin(by_hand(NAME, "2013-03-31", "a run", "bootstrap")), "accepted", "", None, model_version="1")
    answer = told("summary", NAME)
    assert "Nights: 3 quiet." in answer
    assert "Retrainings: 1 manual, accepted." in answer
    assert "Retrainings avoided: 3 (energy not known). 3 nights on which flight_delays was judged" in answer
    assert "manual: bootstrap │ accepted │ 1" in told("outcomes", NAME)


def test_what_changed_between_nights_is_told_with_what_belonged_to_each_champion(told, put_package):
    nights("2013-04-01", "2013-04-02")
    assert told("changes", NAME) == "Nothing changed between the nights of flight_delays."
    use_case, made = load_use_case(NAME), put_package("2")
    release = record_release(
        use_case, made, previous="1", switched_at=datetime(2013, 4, 3, tzinfo=UTC), switched_by="anna", revision=2,
        plan_sha256="0" * 64,
    )  # fmt: skip
    patient = use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"cooldown_days": 9})})
    nights("2013-04-03", "2013-04-04", champion="2", use_case=patient)
    found = {one.what: one for one in changes(NAME)}
    assert {one.key for one in found.values()} == {"2013-04-03"}
    assert (found["champion"].before, found["champion"].after) == ("1", "2")
    assert (found["dataset version"].before, found["dataset version"].after) == ("", release.dataset_version)
    assert found["package"].after == release.package_sha256[:12]
    assert found["retrain policy"].after == patient.retrain.hash[:12]
    assert "2013-04-03 │ champion │ 1 │ 2" in told("changes", NAME)


def test_an_episode_is_listed_and_closes_with_cause_and_effect(told):
    assert "had no drift" in told("episodes", NAME)
    nights("2013-04-01", "2013-04-03")
    assert "2013-04-02 │ 2013-04-03 │ 2 │ inputs_moved_performance_holds │ origin" in told("episodes", NAME)
    assert "cannot be closed without its effect_on_metric" in told("close", NAME, "2013-04-02", "--cause", "x", code=1)
    closed = told("close", NAME, "2013-04-02", "--cause", "a new timetable", "--effect", "none")
    assert "Episode 2013-04-02 of flight_delays is closed: a new timetable; none." in closed
    assert "was never retrained" in told("outcomes", NAME)


def test_a_false_alarm_ends_alarm_and_episode_and_speaks_for_another_policy(told):
    nights("2013-04-01", "2013-04-02")
    nights("2013-04-03", "2013-04-19", data="ok")
    nights("2013-04-20", "2013-04-23")
    assert "is marked as a false alarm" in told("false-alarm", NAME, "2013-04-02", "--reason", "a holiday")
    first = episodes(NAME)[0]
    assert (first.cause, first.false_alarm, first.effect_on_metric) == ("a holiday", True, "none: a false alarm")
    before = (load_use_case(NAME).folder / "use_case.yaml").read_text()
    proposed = told("propose", NAME)
    assert "With 3 of the last 3 nights, 2013-04-02 would have passed, and the 3 other alarms would still" in proposed
    assert "- nights: 2 + nights: 3 of_last: 3" in proposed
    assert (load_use_case(NAME).folder / "use_case.yaml").read_text() == before, "a proposal changes nothing"


def test_a_rule_of_the_use_case_that_says_its_own_nights_is_proposed_anew_too(told):
    shipped = load_use_case(NAME)
    use_case = shipped.model_copy(update={"retrain": shipped.retrain.model_copy(update={"min_new_rows": 0})})
    nights("2013-04-01", "2013-04-02", data="ok", payoff="drift", use_case=use_case)
    nights("2013-04-03", "2013-04-19", data="ok", payoff="ok", use_case=use_case)
    nights("2013-04-20", "2013-04-23", data="ok", payoff="drift", use_case=use_case)
    told("false-alarm", NAME, "2013-04-02", "--reason", "a holiday")
    proposed = propose(use_case)
    assert (proposed.nights, proposed.of_last, proposed.passed, proposed.found) == (3, 3, ("2013-04-02",), 1)
    assert "+    - {name: retraining_keeps_paying, drift: payoff, decision: retrain, nights: 3}" in proposed.diff


def test_the_alarm_of_the_night_is_resolved_as_false(told):
    nights("2013-04-01", "2013-04-02")
    told("false-alarm", NAME, "2013-04-02", "--reason", "a holiday")
    alarm = alarm_of(f"drift/{NAME}")
    assert (alarm.state, alarm.false_alarm, alarm.reason) == ("resolved", True, "a holiday")


@pytest.mark.parametrize("night", ["2013-04-01", "2013-05-01"])
def test_a_night_that_moved_nothing_was_no_alarm(told, night):
    nights("2013-04-01", "2013-04-01")
    assert "so it was no alarm" in told("false-alarm", NAME, night, "--reason", "a holiday", code=1)
    assert metadata().all_latest("false_alarm") == []


def test_without_marks_there_is_no_proposal_and_a_drift_like_the_others_has_none(told):
    nights("2013-04-01", "2013-04-06")
    assert "No night of flight_delays is marked" in told("propose", NAME, code=1)
    told("false-alarm", NAME, "2013-04-06", "--reason", "nobody was harmed")
    assert "No persistence up to 5 nights lets the marked nights" in told("propose", NAME, code=1)
