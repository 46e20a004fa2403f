"""A retraining's record is completed however the run ended, and a run without one fails."""

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from driftgate.lineage import read_stream
from driftgate.monitoring import begin, by_hand, outcome_of
from driftgate.use_cases import load_use_case
from driftgate_airflow.lifecycle.retrain import retrain
from driftgate_airflow.operators.record_outcome import TASKS, RecordOutcomeOperator

NAME, KEY = "flight_delays", "2013-04-02"


@pytest.fixture
def ended(monkeypatch):
    """Let Airflow say that the tasks of this run ended so; only a running Airflow could say it itself."""

    def states(*found):
        answer = {"manual__1": dict(zip(TASKS, found, strict=True))}
        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(lambda **_: answer))

    return states


def task(outcome, **made):
    return RecordOutcomeOperator(task_id="record_outcome", use_case=NAME, outcome=outcome, **made)


def test_a_failed_training_has_its_record(run, ended):
    begun = begin(by_hand(NAME, KEY, "a_dag/manual__1", "bootstrap"))
    ended("success", "success", "failed", "upstream_failed", "upstream_failed")
    answer = run().execute(task(begun.id, dataset_version="flight_delays/a"))
    assert (answer["status"], outcome_of(NAME, begun.id).dataset_version) == ("failed", "flight_delays/a")
    [record] = read_stream(NAME)
    assert [ref.name for ref in record.outputs] == [f"reports/retraining/{NAME}/{begun.id}/outcome.json"]


@pytest.mark.parametrize("outcome", ["", KEY])
def test_a_retraining_without_a_record_fails_the_run(run, ended, outcome):
    ended(*["success"] * 5)
    with pytest.raises(AirflowFailException, match="has no record to complete; clear drift_sensor, which begins one"):
        run().execute(task(outcome))


def test_it_comes_last_whatever_happened_and_is_skipped_with_the_sensor():
    dag = retrain(load_use_case(NAME), runbook="", last_night=None)
    record = dag.get_task("record_outcome")
    assert record.is_teardown
    assert record.on_failure_fail_dagrun
    assert (
        record.trigger_rule == "all_done_setup_success"
    )  # all skipped setups skip it too: a quiet night costs nothing
    assert record.upstream_task_ids == {"drift_sensor", "register_candidate"}
    assert dag.get_task("drift_sensor").is_setup
    assert set(TASKS) <= set(dag.task_ids)
