"""A night asks the databases for late rows, and each changed partition gets a run of its own."""

from types import SimpleNamespace

import pytest

from driftgate.errors import SourceUnready
from driftgate.lineage import read_stream
from driftgate.sources import sample
from driftgate_airflow import assets
from driftgate_airflow.operators import find_late_rows
from driftgate_airflow.operators.find_late_rows import FindLateRowsOperator
from driftgate_airflow.operators.ingest_partition import IngestPartitionOperator
from driftgate_airflow.operators.publish_partition import PublishPartitionOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator

NIGHT, LATE = "2013-04-03", "2013-04-02"
CHANGED = {"trips": ["2013-04-01", NIGHT], "fares": ["2013-04-01", LATE]}


@pytest.fixture
def find(monkeypatch):
    """The task, for two datasets whose databases have changed as ``CHANGED`` says."""
    monkeypatch.setattr("driftgate.sources.changed_partitions", lambda source, dataset: CHANGED[dataset])
    return FindLateRowsOperator(task_id="find_late_rows", source="cab", datasets=["trips", "fares"])


def arguments(key):
    return {
        "trigger_run_id": f"late__{key}__{NIGHT}",
        "conf": {"first_partition": key, "last_partition": key, "late": True},
    }


def test_each_changed_partition_gets_one_run_and_tonights_none(run, find):
    assert run(NIGHT, run_type="scheduled").execute(find) == [arguments("2013-04-01"), arguments(LATE)]
    assert len(read_stream("cab")) == 1


def test_a_night_with_very_many_leaves_some_to_the_next(run, find, monkeypatch):
    monkeypatch.setattr(find_late_rows, "MOST_RUNS", 1)
    assert run(NIGHT, run_type="scheduled").execute(find) == [arguments("2013-04-01")]


@pytest.mark.parametrize(
    "how",
    [
        {"run_type": "backfill"},
        {"key": None, "params": {"first_partition": NIGHT, "last_partition": NIGHT}},
        {"key": None, "params": {"first_partition": LATE, "last_partition": LATE}, "conf": {"late": True}},
    ],
    ids=["backfill", "initial load", "late"],
)
def test_a_history_and_a_late_run_ask_nothing(run, find, how):
    assert run(**how).execute(find) == []


def test_a_database_that_does_not_answer_is_left_to_airflow_to_retry(run, find, monkeypatch):
    def unready(*_):
        raise SourceUnready("the database does not answer")

    monkeypatch.setattr("driftgate.sources.changed_partitions", unready)
    with pytest.raises(SourceUnready):
        run(NIGHT).execute(find)


def test_a_late_run_tells_the_monitors_of_its_partition_and_never_retrains(run):
    sample.deliver(LATE, LATE)
    late = run(key=None, params={"first_partition": LATE, "last_partition": LATE}, conf={"late": True})
    told = []
    event = SimpleNamespace(extra={}, add_partitions=told.extend)
    late.outlet_events[assets.validated("weather")] = event
    for operator in (IngestPartitionOperator, ValidateContractOperator, PublishPartitionOperator):
        late.execute(operator(task_id="a_task", source=sample.SOURCE, dataset="weather"))

    assert told == [LATE]
    assert event.extra == {"old_backfill": True}
