"""The pages beside /invocations, and what it answers before there is a model."""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from driftgate.endpoint.request_schema import example_row, requested
from driftgate.lake import lake
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case, use_case_names
from driftgate.world.traffic import requests_of_day


def test_ping_is_503_without_a_model_and_200_with_one(client, server, world):
    server.watcher.poll()
    answer = client.get("/ping")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "No use case has a model yet; run the retrain DAG of one."
    world.deploy("1")
    server.watcher.poll()

    answer = client.get("/ping")
    assert (answer.status_code, answer.json()) == (200, {"use_cases": ["flight_delays"]})


def test_ping_is_503_until_every_use_case_was_looked_at(client, server, world, monkeypatch):
    """Else a request could meet no model of the one that is loaded last."""
    world.deploy("1")
    asked = []
    monkeypatch.setattr("driftgate.endpoint.watching.use_case_names", lambda: ["flight_delays", "zebra"])
    of = server.watcher._state_of
    monkeypatch.setattr(
        server.watcher, "_state_of", lambda name: asked.append(client.get("/ping").status_code) or of(name)
    )
    server.watcher.poll()
    assert asked == [503, 503]
    assert client.get("/ping").status_code == 200


def test_deployments_shows_what_is_served(client, server, world):
    assert client.get("/deployments").json() == {}
    revision = world.deploy("1", "2", share=25)
    server.watcher.poll()

    assert client.get("/deployments").json() == {
        "flight_delays": {
            "variants": [
                {"version": "1", "role": "champion", "weight": 75},
                {"version": "2", "role": "canary", "weight": 25},
            ],
            "step": "canary_25",
            "revision": revision,
            "golden": {},
            "problem": None,
        }
    }


def test_deployments_reports_what_cannot_be_served(client, server, world):
    lake().delete("models/flight_delays/1/model.txt")
    world.deploy("1")
    server.watcher.poll()
    shown = client.get("/deployments").json()["flight_delays"]

    assert (shown["variants"], shown["step"], shown["revision"]) == ([], None, None)
    assert "Version 1 cannot be loaded: " in shown["problem"]
    assert "lacks model.txt" in shown["problem"]


def metrics(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_metrics_count_answers_refusals_and_what_waits(client, server, world):
    world.deploy("1", "2")
    server.watcher.poll()
    client.post("/invocations", json=world.question(*world.rows(3)))
    client.post("/invocations", content=b"{")
    found = metrics(client)

    assert found["driftgate_predictions_total", "1", "answered", "champion", "flight_delays"] == 3
    assert found["driftgate_refused_requests_total", "400"] == 1
    assert found["driftgate_request_seconds_count",] == 2
    assert found["driftgate_loaded_variant", "1", "champion", "flight_delays"] == 100
    assert found["driftgate_loaded_variant", "2", "flight_delays", "shadow"] == 0
    assert found["driftgate_capture_waiting_bytes",] > 1000
    assert found["driftgate_capture_lag_seconds",] >= 0
    assert not [name for name in found if name[0] == "driftgate_deployment_problem"]


def test_metrics_forget_variants_that_are_no_longer_served_and_report_problems(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    metrics(client)
    lake().delete("models/flight_delays/2/signature.json")
    world.deploy("1", "2")
    server.watcher.poll()
    found = metrics(client)

    assert found["driftgate_deployment_problem", "flight_delays"] == 1
    assert found["driftgate_package_failures_total", "2", "flight_delays"] == 1
    assert ("driftgate_loaded_variant", "2", "flight_delays", "shadow") not in found


def test_the_documentation_describes_every_route_and_shows_an_example(client):
    schema = client.get("/openapi.json").json()

    assert schema == json.loads((project_root() / "docs" / "reference" / "openapi.json").read_text())
    pages = {"/ping", "/deployments", "/metrics", "/invocations"}
    calls = {f"/v1/{name}/{verb}" for name in use_case_names() for verb in ("predict", "explain")}
    assert set(schema["paths"]) == pages | calls
    assert "openapi.json" in client.get("/docs").text


@pytest.mark.parametrize("name", use_case_names())
def test_the_example_of_each_use_case_is_a_real_request(name):
    use_case = load_use_case(name)
    first = requests_of_day(use_case, "2013-03-14")[0]

    assert example_row(use_case, requested(use_case)) == first, "features.sql has changed: this row is the example"
    assert [column.name for column in requested(use_case).columns] == list(first)
    requested(use_case).check([first])


def test_without_a_model_a_request_is_a_503_that_names_the_dag(ask, world):
    answer = ask(world.ROW)

    assert answer.status_code == 503
    assert answer.json()["detail"] == "flight_delays has no model that answers; run the DAG flight_delays.retrain."


def test_before_the_first_look_at_the_deployments_a_request_is_a_503(client, world):
    assert client.post("/invocations", json=world.question(world.ROW)).status_code == 503


def test_another_method_is_a_405(client):
    answer = client.get("/invocations")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["detail"] == "Predictions are asked for by POST; /docs shows an example."
