"""A real server under load, one that refuses, and one that is not there."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from driftgate import uris
from driftgate.errors import CannotJudge, ConfigError, EndpointSilent
from driftgate.lake import lake
from driftgate.registry import aliases
from driftgate.sizing import LoadStep, load_test, sampled_requests, size
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


@pytest.fixture
def server():
    """A server that answers 200, or 503 to what says so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503 if b"broken" in body else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def test_each_step_is_measured(server):
    steps = load_test(server, "/v1/x/predict", [b"{}"], connections=(1, 4), seconds=0.3)
    assert [step.connections for step in steps] == [1, 4]
    assert all(step.answered and not step.errors and 0 < step.p50_ms <= step.p95_ms for step in steps)


def test_refusals_are_errors_and_not_latencies(server):
    (step,) = load_test(server, "/v1/x/predict", [b"{}", b"broken"], connections=(2,), seconds=0.3)
    assert step.errors > 0 < step.answered
    (step,) = load_test(server, "/v1/x/predict", [b"broken"], connections=(1,), seconds=0.2)
    assert (step.answered, step.p95_ms) == (0, None)


def test_bad_input_is_a_sentence(server):
    with pytest.raises(ConfigError, match="'ftp://x' is no address of an endpoint"):
        load_test("ftp://x", "/", [b"{}"], connections=(1,), seconds=0.1)
    with pytest.raises(ConfigError, match="no request to send"):
        load_test(server, "/", [], connections=(1,), seconds=0.1)
    with pytest.raises(EndpointSilent, match="went away under load"):
        load_test("http://127.0.0.1:1", "/", [b"{}"], connections=(1,), seconds=0.1)


def step(connections, per_second, p95, errors=0):
    return LoadStep(
        connections=connections, answered=100, errors=errors, per_second=per_second, p50_ms=p95 / 2, p95_ms=p95
    )


def test_the_machines_meet_the_peak_by_what_one_took_within_its_limits(put_package, monkeypatch):
    model, use_case = put_package("1"), load_use_case(NAME)
    monkeypatch.setattr("driftgate.sizing.sizing.champion", lambda name: model)
    steps = (step(1, 1000, 2), step(16, 5000, 20), step(64, 9000, 900), step(128, 9500, 30, errors=1))
    found = size(use_case, steps, peak_per_second=10_000)
    assert (found.per_machine, found.machines, found.model_version) == (5000, 4, "1")
    assert json.loads(lake().read(uris.sizing(NAME))) == json.loads(found.canonical())
    assert size(use_case, steps, peak_per_second=1).machines == 2
    assert set(found.scenarios) == {"steady", "spike", "idle"}
    with pytest.raises(CannotJudge, match="No step of the load test of flight_delays"):
        size(use_case, steps[2:], peak_per_second=1)


def test_without_a_champion_there_is_nothing_to_ask():
    assert aliases.champion_version(NAME) is None
    with pytest.raises(CannotJudge, match="no champion with captured requests"):
        sampled_requests(load_use_case(NAME))
