"""What Airflow refuses or does not do is a sentence that says where to look."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from driftgate.errors import DriftgateError
from driftgate.world import airflow_api
from driftgate.world.airflow_api import AirflowApi

TOKEN = {"POST /auth/token": (201, {"access_token": "t"})}
RUNS = "/api/v2/dags/d/dagRuns"


class Airflow:
    """Answers of an Airflow, by method and path; whatever is not named is not found."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = dict(TOKEN)
        self.asked: list[tuple[str, Any]] = []


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    made = Airflow()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            place = f"{self.command} {self.path.split('?')[0]}"
            made.asked.append((place, json.loads(self.rfile.read(length)) if length else None))
            status, content = made.answers.get(place, (404, {}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setattr(airflow_api, "POLL_SECONDS", 0.01)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", str(server.server_address[1]))
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def api(airflow: Airflow) -> Iterator[AirflowApi]:
    with AirflowApi() as made:
        yield made


def test_no_airflow_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", str(probe.getsockname()[1]))
    with pytest.raises(DriftgateError, match=r"Airflow at http://127.0.0.1:\d+ does not answer .*; run 'make up'"):
        AirflowApi()


def test_the_airflow_of_somebody_else_is_a_sentence(airflow: Airflow) -> None:
    airflow.answers["POST /auth/token"] = (401, {})
    with pytest.raises(DriftgateError, match="refuses the user 'admin': another Airflow may be running there"):
        AirflowApi()


def test_a_run_carries_its_partition_and_its_parameters(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers[f"POST {RUNS}"] = (200, {})
    assert api.trigger("d", "r", key="2013-04-01", conf={"replay": True}) == "r"
    assert airflow.asked[-1] == (
        f"POST {RUNS}",
        {"dag_run_id": "r", "logical_date": None, "conf": {"replay": True}, "partition_key": "2013-04-01"},
    )


def test_a_run_that_exists_is_found_and_a_refused_one_is_a_sentence(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers[f"POST {RUNS}"] = (409, {})
    assert api.trigger("d", "r") == "r"
    airflow.answers[f"POST {RUNS}"] = (422, {"detail": "no such parameter"})
    with pytest.raises(DriftgateError, match=r"refused to start d for 2013-04-01: .*no such parameter"):
        api.trigger("d", "r", key="2013-04-01")


def test_a_dag_that_does_not_appear_is_a_sentence_with_the_import_errors(airflow: Airflow, api: AirflowApi) -> None:
    error = {
        "filename": "dags/flight_delays.py",
        "stack_trace": "Traceback\n  …\nConfigError: key 'owner' is missing\n",
    }
    airflow.answers["GET /api/v2/importErrors"] = (200, {"import_errors": [error]})
    with pytest.raises(
        DriftgateError, match=r"does not know the DAG d\. dags/flight_delays.py: ConfigError: key 'owner'"
    ):
        api.unpause(["d"], seconds=0.05)


def test_a_failed_run_names_its_task(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers[f"GET {RUNS}/r"] = (200, {"state": "failed"})
    tasks = [{"task_id": "ingest_flights", "state": "failed"}, {"task_id": "profile", "state": "upstream_failed"}]
    airflow.answers[f"GET {RUNS}/r/taskInstances"] = (200, {"task_instances": tasks})
    with pytest.raises(DriftgateError, match="d r failed in ingest_flights; read its log in the UI, clear it there"):
        api.wait("d", "r", seconds=5)


def test_a_run_that_does_not_end_is_a_sentence(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers[f"GET {RUNS}/r"] = (200, {"state": "running"})
    ticks: list[int] = []
    with pytest.raises(DriftgateError, match="d r has not ended after 0 s; look at it in the UI"):
        api.wait("d", "r", seconds=0.05, tick=lambda: ticks.append(1))
    assert ticks


def test_a_partition_is_found_by_its_key(airflow: Airflow, api: AirflowApi) -> None:
    runs = [{"dag_run_id": "b", "partition_key": "2013-04-02"}, {"dag_run_id": "a", "partition_key": "2013-04-01"}]
    airflow.answers[f"GET {RUNS}"] = (200, {"dag_runs": runs})
    airflow.answers[f"GET {RUNS}/a"] = (200, {"state": "success"})
    found = api.run_of_partition("d", "2013-04-01")
    assert found and found["dag_run_id"] == "a"
    api.wait_for_partitions("d", ["2013-04-01"], seconds=5)
    with pytest.raises(DriftgateError, match="d has not begun the partition 2013-04-09 after 0 s"):
        api.wait_for_partitions("d", ["2013-04-09"], seconds=0.05)


def test_a_refused_backfill_is_a_sentence(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST /api/v2/backfills"] = (409, {"detail": "another backfill is running"})
    with pytest.raises(
        DriftgateError, match=r"refused the backfill of d from 2013-03-30 to 2013-03-31: .*another backfill"
    ):
        api.backfill("d", "2013-03-30", "2013-03-31")


def test_a_run_that_does_not_exist_has_no_state_and_no_success(api: AirflowApi) -> None:
    assert api.state("d", "r") is None
    assert not api.succeeded("d", "r", "t")
