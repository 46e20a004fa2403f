"""The buttons of tasks: made as Airflow makes them at a task's end, also of one that failed."""

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate import uris
from driftgate.lake import to_parquet
from driftgate.sources import sample
from driftgate.sources.delivery import delivery_file
from driftgate_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from driftgate_airflow.operators.ingest_partition import IngestPartitionOperator
from driftgate_airflow.operators.profile_partition import ProfilePartitionOperator
from driftgate_airflow.operators.publish_partition import PublishPartitionOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator
from driftgate_airflow.ui.addresses import full_url

SOURCE, DATASET, KEY = "nycflights", "weather", "2013-04-02"
DOCS, PROFILE = f"/driftgate/reports/validation/{DATASET}", f"/driftgate/profiles/{DATASET}"


def task(operator):
    return operator(task_id="a_task", source=SOURCE, dataset=DATASET)


def buttons(done):
    """What ``finalize`` of Airflow's task runner keeps of a task that has ended."""
    return {link.name: link.get_link(operator=done, ti_key=None) for link in done.operator_extra_links}


def break_volume(key):
    day = sample.table_of(DATASET, key)
    delivery_file(SOURCE, DATASET, key).write_bytes(to_parquet(pa.concat_tables([day] * 3)))


def test_a_task_leads_to_the_page_that_it_wrote(run):
    sample.deliver(KEY, KEY)
    done = [
        task(operator)
        for operator in (
            IngestPartitionOperator,
            ValidateContractOperator,
            PublishPartitionOperator,
            ProfilePartitionOperator,
        )
    ]
    for one in done:
        run().execute(one)
    assert [buttons(one) for one in done] == [
        {},
        {"Data Docs": f"{DOCS}/{KEY}.html"},
        {},
        {"Profile": f"{PROFILE}/{KEY}.html"},
    ]


def test_a_task_that_failed_leads_to_the_judgement_that_failed_it(run):
    sample.deliver(KEY, KEY)
    break_volume(KEY)
    run().execute(task(IngestPartitionOperator))
    failed = task(ValidateContractOperator)
    with pytest.raises(AirflowFailException, match="volume"):
        run().execute(failed)
    assert buttons(failed) == {"Data Docs": f"{DOCS}/{KEY}.html"}


def test_a_range_leads_to_its_last_partition_or_to_the_one_that_it_failed_at(run):
    sample.deliver("2013-04-02", "2013-04-04")
    days = {"first_partition": "2013-04-02", "last_partition": "2013-04-04"}
    run(key=None, params=days).execute(task(IngestPartitionOperator))
    whole = task(ValidateContractOperator)
    run(key=None, params=days).execute(whole)
    assert buttons(whole) == {"Data Docs": f"{DOCS}/2013-04-04.html"}

    break_volume("2013-04-03")
    run(key=None, params=days).execute(task(IngestPartitionOperator))
    torn = task(ValidateContractOperator)
    with pytest.raises(AirflowFailException):
        run(key=None, params=days).execute(torn)
    assert buttons(torn) == {"Data Docs": f"{DOCS}/2013-04-03.html"}


def test_a_task_that_came_to_no_partition_has_no_button(run):
    failed = task(ValidateContractOperator)
    with pytest.raises(AirflowFailException, match="no partition key"):
        run(key=None).execute(failed)
    assert buttons(failed) == {"Data Docs": ""}


def test_an_evaluation_leads_to_its_page_once_it_is_written():
    evaluated = EvaluateCandidateOperator(task_id="a_task", use_case="flight_delays", dataset_version="a", job_id="a")
    assert buttons(evaluated) == {"Evaluation": ""}
    evaluated.page = uris.evaluation_report("flight_delays", "a", "html")
    assert buttons(evaluated) == {"Evaluation": "/driftgate/reports/evaluation/flight_delays/a.html"}


def test_airflow_knows_the_buttons_of_a_serialised_task():
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("a_dag", schedule=None) as dag:
        task(ValidateContractOperator)
    kept = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("a_task")
    assert {name: link.xcom_key for name, link in kept.operator_extra_link_dict.items()} == {
        "Data Docs": "_link_DataDocsLink"
    }


@pytest.mark.parametrize(
    ("base", "button", "in_log"),
    [
        ("http://127.0.0.1:8080", "/driftgate/{}", "http://127.0.0.1:8080/driftgate/{}"),
        (
            "https://example.com/team/airflow/",
            "/team/airflow/driftgate/{}",
            "https://example.com/team/airflow/driftgate/{}",
        ),
        ("", "/driftgate/{}", "/driftgate/{}"),
    ],
    ids=["laptop", "below a path", "not set"],
)
def test_an_address_goes_where_airflow_is(monkeypatch, base, button, in_log):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    judged = task(ValidateContractOperator)
    judged.reached = KEY
    page = uris.validation_report(DATASET, KEY, "html")
    assert buttons(judged) == {"Data Docs": button.format(page)}
    assert full_url(page) == in_log.format(page)
