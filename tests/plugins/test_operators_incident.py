"""The tasks of the incident DAG, run as Airflow runs them, in their order."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.lineage import read_stream
from driftgate.promotion.freeze import freeze_of
from driftgate.registry.states import model_state
from driftgate.use_cases import load_use_case
from driftgate_airflow.lifecycle.incident import incident

NAME = "flight_delays"
PARAMS = {"model_version": "1", "first_day": "2013-04-02", "last_day": "2013-04-02", "reason": "harm"}


@pytest.fixture
def tasks(put_package, endpoint):
    put_package("1")
    return incident(load_use_case(NAME), runbook="").topological_sort()


def test_it_freezes_gives_back_sets_apart_and_exports(run, tasks):
    done = [run(None, params=PARAMS).execute(task) for task in tasks]
    assert [task.task_id for task in tasks] == [
        "freeze_promotions",
        "give_back_traffic",
        "set_apart",
        "export_evidence",
    ]
    assert freeze_of(NAME).actor == "anna"
    assert model_state(NAME, "1").state == "quarantined"
    written = read_stream(NAME)[-1].outputs[0]
    assert (written.name, written.version) == (f"incident/{NAME}/{done[0]['incident']}", done[3]["bundle_sha256"])
    assert run(None, params=PARAMS).execute(tasks[3]) == done[3]


def test_a_version_that_is_none_fails_at_once_and_freezes_nothing(run, tasks):
    with pytest.raises(AirflowFailException, match="no model version '9'"):
        run(None, params={**PARAMS, "model_version": "9"}).execute(tasks[0])
    assert freeze_of(NAME) is None
