"""The task that fills the online store: for the last partition of the run, the views of every model that serves."""

import json
import shutil

import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.contracts import load_contract
from driftgate.lake import lake, publish
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.models import Signature, View
from driftgate.online import get, online_store
from driftgate.partition_keys import due, keys_between
from driftgate.promotion.state import KIND, variants
from driftgate.records import read_yaml
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate_airflow.operators.materialize_online import MaterializeOnlineOperator

NAME, KEY = "flight_delays", "2013-04-02"
DAYS = keys_between("2013-03-31", KEY)
SQL = """
WITH carrier_recent AS (SELECT carrier, count(*) AS carrier_flights FROM flights_history GROUP BY carrier)
SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, c.carrier_flights
FROM flights f LEFT JOIN carrier_recent c USING (carrier)
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A project whose use case keeps one view online, and three published days."""
    whole, folder = project_root(), tmp_path / "project" / "include" / "use_cases" / NAME
    shutil.copytree(whole / "include" / "settings", tmp_path / "project" / "include" / "settings")
    folder.mkdir(parents=True)
    content = read_yaml(whole / "include" / "use_cases" / NAME / "use_case.yaml")
    content |= {"datasets": ["flights"], "online": {"carrier_recent": {"key": ["carrier"], "max_age_days": 1}}}
    (folder / "use_case.yaml").write_text(json.dumps(content))
    (folder / "features.sql").write_text(SQL)
    outcomes = tuple(load_contract("flights").outcomes)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))
    for day in DAYS:
        rows = sample.table_of("flights", day)
        publish(lake(), f"validated/flights/{day}", rows, known_at=due(day), outcomes=outcomes)
    return folder


def task():
    return MaterializeOnlineOperator(task_id="a_task", use_case=NAME)


def flights(carrier: str) -> int:
    return sum(sample.table_of("flights", day).column("carrier").to_pylist().count(carrier) for day in DAYS)


def serve(view: View, put_package) -> None:
    """Version 1 serves; it was trained on another features.sql."""
    signature = Signature(columns=(), views=(view,))
    files = {"signature.json": signature.canonical(), "feature_baseline.json": b"{}"}
    put_package("1", files)
    serving = [variant.model_dump() for variant in variants("1", None, "serving")]
    state = {"use_case": NAME, "step": "serving", "champion": "1", "variants": serving}
    metadata().append(KIND, NAME, {**state, "actor": "test", "reason": "a test"})


def test_the_next_day_has_its_values_and_the_lineage_says_from_what(run):
    answer = run().execute(task())
    assert answer == {"for_day": "2013-04-03", "snapshots": 2, "rows": answer["rows"]}
    (record,) = read_stream(NAME)
    assert [ref.name for ref in record.inputs] == [f"validated/flights/{day}" for day in DAYS]
    view, day = record.outputs[0].name.removeprefix("online/").rsplit("/", 1)
    assert view.startswith(f"{NAME}/carrier_recent/")
    assert get(online_store(), view, ("UA",), day) == ("2013-04-03", {"carrier_flights": flights("UA")})


def test_of_an_initial_load_the_last_partition_counts(run):
    answer = run(key=None, params={"first_partition": DAYS[0], "last_partition": KEY}).execute(task())
    assert answer["for_day"] == "2013-04-03"


def test_a_model_that_serves_keeps_its_own_views(run, put_package):
    old = View(
        use_case=NAME,
        name="carrier_recent",
        key=("carrier",),
        columns=("carrier_days",),
        dataset="flights",
        history_days=2,
        sql="SELECT carrier, count(DISTINCT partition_key) AS carrier_days FROM flights_history GROUP BY carrier",
    )
    serve(old.model_copy(update={"sql": f"WITH r AS ({old.sql}) SELECT * FROM r"}), put_package)
    assert run().execute(task())["snapshots"] == 4
    stored = {record.name.split("/")[3] for record in read_stream(NAME)[0].outputs}
    assert len(stored) == 2


def test_a_use_case_that_is_wrong_fails_at_once_with_its_sentence(run, project):
    (project / "features.sql").write_text(SQL.replace("count(*)", "counts(*)"))
    with pytest.raises(AirflowFailException, match=r"ConfigError: .*CTE 'carrier_recent', does not run"):
        run().execute(task())
    assert read_stream(NAME) == []
