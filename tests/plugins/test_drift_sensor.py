"""The gate in front of every retraining: what lets a run pass, and what does not."""

import contextlib

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from driftgate.lineage import DatasetRef, read_stream
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, decide, outcomes
from driftgate.monitoring.evidence import write_evidence
from driftgate.partition_keys import keys_between
from driftgate.use_cases import load_use_case
from driftgate_airflow.sensors.drift_sensor import DriftSensor
from driftgate_airflow.triggers.verdict_trigger import VerdictTrigger

NAME, KEY = "flight_delays", "2013-04-02"


@pytest.fixture
def verdict():
    """Record a verdict with this decision about the night."""

    def record(decision):
        made = decide(load_use_case(NAME), KEY).model_copy(update={"decision": decision, "sentence": "AUC was 0.66."})
        metadata().append("verdict", f"{NAME}/{KEY}", made.model_dump(mode="json"))
        return made

    return record


def trigger_in_lineage():
    [record] = read_stream(NAME)
    return record.facet("driftgate_parameters")["values"].get("trigger")


def sensor(**more):
    return DriftSensor(task_id="drift_sensor", use_case=NAME, **more)


def test_a_quiet_night_skips_what_comes_after(run, verdict):
    verdict("quiet")
    with pytest.raises(AirflowSkipException, match=r"2013-04-02: quiet\. AUC was 0.66\."):
        run().execute(sensor())


@pytest.mark.parametrize("decision", ["watch", "review", "cannot_judge", "rollback"])
def test_only_the_word_retrain_lets_a_run_pass(run, verdict, decision):
    verdict(decision)
    with pytest.raises(AirflowSkipException, match=decision):
        run().execute(sensor())


def test_drift_lets_the_run_pass(run, verdict):
    verdict("retrain")
    due_to = {"trigger": "drift", "outcome": KEY, "evidence": {}}
    assert run().execute(sensor()) == {"passed": True, **due_to, "decision": "retrain", "reason": "AUC was 0.66."}
    assert trigger_in_lineage() == "drift"


def test_a_champion_that_is_too_old_lets_the_run_pass_and_the_lineage_says_so(run, verdict):
    made = verdict("retrain").model_copy(update={"rule": "champion_too_old"})
    metadata().append("verdict", f"{NAME}/{KEY}", made.model_dump(mode="json"))
    assert run().execute(sensor())["trigger"] == "age"
    assert trigger_in_lineage() == "age"


def test_a_quiet_night_has_no_trigger(run, verdict):
    verdict("quiet")
    with contextlib.suppress(AirflowSkipException):
        run().execute(sensor())
    assert trigger_in_lineage() is None


@pytest.mark.parametrize("decision", ["quiet", "retrain"])
def test_the_verdict_that_was_obeyed_is_in_the_lineage(run, verdict, decision):
    made = verdict(decision)
    with contextlib.suppress(AirflowSkipException):
        run().execute(sensor())
    [record] = read_stream(NAME)
    assert record.inputs == (DatasetRef(f"verdict/{NAME}/{KEY}", made.hash),)


def test_a_reason_passes_without_a_verdict_and_is_recorded(run):
    answer = run().execute(sensor(reason="bootstrap"))
    [begun] = outcomes(NAME)
    assert answer == {"passed": True, "trigger": "manual", "reason": "bootstrap", "outcome": begun.id}
    assert (begun.status, begun.run) == ("started", "a_dag/manual__1")
    assert trigger_in_lineage() == "manual"
    [record] = read_stream(NAME)
    assert "bootstrap" in str(record.event["run"]["facets"])


def test_without_a_verdict_it_waits_in_the_triggerer(run):
    with pytest.raises(TaskDeferred) as waiting:
        run().execute(sensor(deadline_minutes=7))
    trigger = waiting.value.trigger
    assert isinstance(trigger, VerdictTrigger)
    assert (trigger.use_case, trigger.key, trigger.answer()) == (NAME, KEY, None)
    assert waiting.value.timeout.total_seconds() > 7 * 60, "the trigger's own deadline comes first"


def test_the_verdict_that_came_meanwhile_decides(run, verdict):
    verdict("retrain")
    assert run().resume(sensor(), {"late": False})["passed"]


def test_a_verdict_that_never_came_is_a_failure_and_not_a_quiet_night(run):
    with pytest.raises(
        AirflowFailException, match="CannotJudge: No verdict about flight_delays for 2013-04-02 after 120"
    ):
        run().resume(sensor(), {"late": True})


def test_a_backfill_of_old_partitions_never_passes(run, verdict):
    verdict("retrain")
    with pytest.raises(AirflowSkipException, match="A backfill of old partitions never retrains"):
        run(run_type="backfill").execute(sensor())


def test_a_backfill_does_not_pass_by_its_reason_either(run):
    with pytest.raises(AirflowSkipException, match="never retrains"):
        run(run_type="backfill").execute(sensor(reason="bootstrap"))


def test_a_backfill_that_says_replay_is_treated_as_tonight(run, verdict):
    verdict("retrain")
    assert run(run_type="backfill", params={"replay": True}).execute(sensor())["passed"]


def test_a_second_run_of_the_same_night_is_skipped_and_the_same_run_goes_on(run, verdict):
    verdict("retrain")
    first, second = run(), run()
    second.dag_run.run_id = "manual__2"
    assert first.execute(sensor())["passed"]
    assert first.execute(sensor())["passed"], "cleared"
    with pytest.raises(AirflowSkipException, match=r"has its retraining already, a_dag/manual__1 \(started\)"):
        second.execute(sensor())
    assert second.execute(sensor(reason="once more"))["passed"]


class TestNights:
    """Many nights, each decided by the real policy and put before the sensor."""

    def trainings(self, run, first, last, performance, *, run_type="manual"):
        use_case = load_use_case(NAME)
        lenient = {"on": ("performance",), "rules": (), "min_new_rows": 0}
        open_policy = use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update=lenient)})
        passed = []
        for key in keys_between(first, last):
            for monitor, finding in {"performance": performance, "data": "ok", "skew": "ok"}.items():
                write_evidence(Evidence(
                    use_case=NAME, key=key, monitor=monitor, champion="1", statistic="auc", value=0.6, interval=None,
                    threshold=None, sample_size=1, features=(), verdict=finding, sentence=f"{monitor}: {finding}.",
                ))  # fmt: skip
            decide(open_policy, key, backfill=run_type == "backfill")
            with contextlib.suppress(AirflowSkipException):
                run(key, run_type=run_type).execute(sensor())
                passed.append(key)
        return passed

    def test_thirty_stable_nights_train_nothing_and_a_drift_that_lasts_trains_once(self, run):
        assert self.trainings(run, "2013-04-01", "2013-04-30", "ok") == []
        assert self.trainings(run, "2013-05-01", "2013-05-04", "drift") == ["2013-05-02"]  # then the cooldown
        [begun] = outcomes(NAME)
        assert (begun.id, begun.rule, set(begun.evidence)) == ("2013-05-02", "performance_lost", {"performance"})

    def test_a_backfill_of_old_nights_trains_nothing(self, run):
        assert self.trainings(run, "2013-05-01", "2013-05-03", "drift", run_type="backfill") == []
        assert outcomes(NAME) == []


def test_a_run_without_a_partition_says_what_to_do(run):
    with pytest.raises(AirflowFailException, match=r"ConfigError: .* has no partition key; trigger it again"):
        run(key=None).execute(sensor())
