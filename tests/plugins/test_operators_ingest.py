"""The tasks of the ingest DAG on one real day of the weather, run as Airflow runs them."""

import shutil
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.errors import Conflict, SourceUnready
from driftgate.lake import lake, publish, read_manifest, revisions, to_parquet
from driftgate.lineage import DatasetRef, read_stream, verify
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate.sources.delivery import delivery_file
from driftgate.wall_clock import wall_clock
from driftgate_airflow import assets
from driftgate_airflow.operators.ingest_partition import IngestPartitionOperator
from driftgate_airflow.operators.profile_partition import ProfilePartitionOperator
from driftgate_airflow.operators.publish_partition import PublishPartitionOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator

SOURCE, DATASET, KEY = "nycflights", "weather", "2013-04-02"
STEPS = (IngestPartitionOperator, ValidateContractOperator, PublishPartitionOperator, ProfilePartitionOperator)


def task(operator):
    return operator(task_id="a_task", source=SOURCE, dataset=DATASET)


def names(refs):
    return [ref.name for ref in refs]


@pytest.fixture
def delivered():
    sample.deliver(KEY, KEY)


def test_a_day_goes_from_its_source_to_its_profile(run, delivered):
    answers = [run().execute(task(operator)) for operator in STEPS]
    rows = sample.table_of(DATASET, KEY).num_rows
    assert answers[0]["rows"] == rows
    assert answers[1]["checks"] > 0
    assert answers[1]["data_docs"].endswith(f"reports/validation/{DATASET}/{KEY}.html")
    assert answers[2] == {"rows_in": rows, "validated": rows, "quarantined": 0}
    assert answers[3]["rows"] == rows


def test_each_task_leaves_a_lineage_record_that_begins_where_the_one_before_ended(run, delivered):
    for operator in STEPS:
        run().execute(task(operator))
    ingested, validated, published, profiled = read_stream(SOURCE)
    raw, clean = f"raw/{DATASET}/{KEY}", f"validated/{DATASET}/{KEY}"
    assert names(ingested.inputs) == [f"source/{SOURCE}/{DATASET}/{KEY}.parquet"]
    assert names(validated.outputs) == [f"reports/validation/{DATASET}/{KEY}.json"]
    assert ingested.outputs == validated.inputs == published.inputs
    assert ingested.outputs == (DatasetRef(raw, read_manifest(lake(), raw).hash),)
    assert profiled.inputs == (DatasetRef(clean, read_manifest(lake(), clean).hash), *validated.outputs)
    assert profiled.inputs[0] in published.outputs
    assert names(profiled.outputs) == [f"profiles/{DATASET}/{KEY}.json"]
    assert verify(SOURCE) == []


def test_openlineage_hears_the_same(run, delivered):
    """The provider swallows what this method raises, so a broken one would look like silence."""
    ingest = task(IngestPartitionOperator)
    run().execute(ingest)
    told = ingest.get_openlineage_facets_on_complete(None)
    assert names(told.inputs) == [f"source/{SOURCE}/{DATASET}/{KEY}.parquet"]
    assert names(told.outputs) == [f"raw/{DATASET}/{KEY}"]
    assert {dataset.namespace for dataset in told.inputs} == {"driftgate"}


def test_a_task_that_did_nothing_tells_openlineage_nothing():
    told = task(IngestPartitionOperator).get_openlineage_facets_on_complete(None)
    assert (told.inputs, told.outputs) == ([], [])


def test_a_day_that_the_source_does_not_have_fails_at_once_with_its_sentence(run):
    with pytest.raises(AirflowFailException, match=r"SourceMissing: .*weather.*2013-04-02"):
        run().execute(task(IngestPartitionOperator))
    assert read_stream(SOURCE) == []


def test_a_failed_suite_fails_the_task_at_once_and_nothing_of_the_day_is_published(run):
    publish(lake(), f"raw/{DATASET}/{KEY}", sample.table_of(DATASET, KEY).slice(0, 5), contract="weather@1.0.0")
    with pytest.raises(AirflowFailException, match=r"ContractBroken: weather 2013-04-02 breaks critical rules"):
        run().execute(task(ValidateContractOperator))
    with pytest.raises(AirflowFailException, match=r"broke critical rules .* and must not be published"):
        run().execute(task(PublishPartitionOperator))

    assert lake().exists(f"reports/validation/{DATASET}/{KEY}.html")
    assert not lake().list(f"validated/{DATASET}")


def test_what_may_heal_is_left_to_airflow_to_retry(run):
    class Crowded(IngestPartitionOperator):
        def step_for(self, key):
            raise Conflict("someone else was first")

    with pytest.raises(Conflict):
        run().execute(task(Crowded))


def test_a_file_that_is_still_being_written_is_left_to_airflow_to_retry(run, delivered):
    path = delivery_file(SOURCE, DATASET, KEY)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(SourceUnready, match="still being written"):
        run().execute(task(IngestPartitionOperator))


@pytest.mark.parametrize(
    ("how", "on_time"),
    [
        ({"run_type": "scheduled"}, False),
        ({"run_type": "manual"}, False),
        ({"run_type": "backfill"}, True),
        ({"run_type": "manual", "conf": {"replay": True}}, True),
        ({"run_type": "manual", "key": None, "params": {"first_partition": KEY, "last_partition": KEY}}, True),
    ],
    ids=["night", "by hand", "backfill", "replay", "initial load"],
)
def test_a_history_came_in_time_and_what_comes_tonight_comes_tonight(run, delivered, how, on_time):
    run(**how).execute(task(IngestPartitionOperator))
    (revision,) = revisions(lake(), f"raw/{DATASET}/{KEY}")
    if on_time:
        assert revision.known_at == datetime(2013, 4, 3)
    else:
        assert abs(revision.known_at - wall_clock()) < timedelta(minutes=5)


def test_the_answer_says_whether_it_is_news(run, delivered):
    answers = [run().execute(task(IngestPartitionOperator)) for _ in range(2)]
    path = delivery_file(SOURCE, DATASET, KEY)
    other = sample.table_of(DATASET, KEY).slice(1)
    path.write_bytes(to_parquet(other.append_column("extra", pa.array(["x"] * other.num_rows))))
    answers.append(run().execute(task(IngestPartitionOperator)))

    told = [(answer["revision"], answer["duplicate"], answer["dropped_columns"]) for answer in answers]
    assert told == [(1, False, 0), (1, True, 0), (2, False, 1)]


def test_a_range_is_one_step_and_one_record_per_day(run):
    sample.deliver("2013-04-02", "2013-04-04")
    answer = run(key=None, params={"first_partition": "2013-04-02", "last_partition": "2013-04-04"}).execute(
        task(IngestPartitionOperator)
    )
    assert answer == {"partitions": 3}
    assert [names(record.outputs) for record in read_stream(SOURCE)] == [
        [f"raw/{DATASET}/2013-04-0{day}"] for day in (2, 3, 4)
    ]


@pytest.mark.parametrize(("run_type", "old"), [("scheduled", False), ("backfill", True)])
def test_the_event_of_a_published_day_says_whether_it_is_an_old_one(run, delivered, run_type, old):
    for operator in STEPS[:2]:
        run().execute(task(operator))
    night = run(run_type=run_type)
    night.execute(task(PublishPartitionOperator))
    assert night.outlet_events[assets.validated(DATASET)].extra == {"old_backfill": old}


def test_made_up_data_is_marked_as_such_in_lineage(run, delivered, tmp_path, monkeypatch):
    for folder in ("data_contracts", "include/settings"):
        shutil.copytree(project_root() / folder, tmp_path / folder)
    contract = tmp_path / "data_contracts" / f"{DATASET}.yaml"
    made_up = "customProperties:\n  - {property: synthetic, value: true}\n"
    contract.write_text(contract.read_text().replace("customProperties:\n", made_up, 1))
    run().execute(task(IngestPartitionOperator))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    run().execute(task(IngestPartitionOperator))
    real, synthetic = (record.facet("driftgate_parameters")["values"]["synthetic"] for record in read_stream(SOURCE))

    assert (real, synthetic) == (False, True)
