"""A real day's requests: what is known at request time, in order, each answered once, and sentences when it fails."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from driftgate.captures import Capture, write_captures
from driftgate.contracts import load_contract
from driftgate.errors import DriftgateError, SourceMissing
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case
from driftgate.world import traffic

DAY = "2013-04-02"
Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case("flight_delays")


class Endpoint:
    """Answers over HTTP like ours, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: Answer = lambda _: (200, b"{}")


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    made = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert (self.path, body["use_case"], len(body["rows"])) == ("/invocations", "flight_delays", 1)
            made.asked += body["rows"]
            status, text = made.answer(body["rows"][0])
            if not status:  # die in the middle of an answer
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(server.server_address[1]))
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        server.shutdown()


def capture(use_case: UseCase, rows: list[dict[str, Any]]) -> None:
    """Write the captures that the endpoint would have left of answers to ``rows``."""
    write_captures(
        Capture(
            prediction_id=f"{n:032x}",
            use_case=use_case.name,
            variant_role="champion",
            model_version="1",
            deployment_revision=1,
            step="serving",
            score=0.5,
            error=None,
            latency_ms=1.0,
            received_at=datetime(2013, 4, 2, tzinfo=UTC),
            event_time=row["scheduled_departure"],
            request_key=json.dumps({name: row[name] for name in use_case.request_key}, sort_keys=True),
            features=json.dumps(row),
        )
        for n, row in enumerate(rows)
    )


def test_every_flight_of_the_day_is_asked_about_once_in_order(use_case: UseCase) -> None:
    rows = traffic.requests_of_day(use_case, DAY)
    assert len(rows) == sample.table_of("flights", DAY).num_rows == 983
    assert len({json.dumps([row[name] for name in use_case.request_key]) for row in rows}) == 983
    times = [row["scheduled_departure"] for row in rows]
    assert times == sorted(times)
    assert {time[:10] for time in times} == {DAY}


def test_no_request_knows_its_outcome(use_case: UseCase) -> None:
    outcomes = set(load_contract("flights").outcomes)
    assert {"arr_delay_minutes", "dep_delay_minutes", "air_time_minutes", "departure_minute"} <= outcomes
    assert not outcomes & set(traffic.requests_of_day(use_case, DAY)[0])
    assert not outcomes & set(sample.requests_of(DAY).column_names)


def test_a_request_is_what_training_saw_written_as_json(use_case: UseCase) -> None:
    rows = traffic.requests_of_day(use_case, DAY)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert {"carrier", "flight", "distance_miles", "wind_speed_mph", "aircraft_age_years"} <= set(rows[0])
    assert any(row["wind_speed_mph"] is not None for row in rows)


def test_the_first_day_of_the_sample_has_no_day_before_it(use_case: UseCase) -> None:
    assert len(traffic.requests_of_day(use_case, "2013-01-01")) == 842


def test_a_day_that_the_sample_does_not_have_is_a_sentence(use_case: UseCase) -> None:
    with pytest.raises(SourceMissing, match=r"has no data for 2012-06-01; choose a day of 2013"):
        traffic.requests_of_day(use_case, "2012-06-01")


def test_a_day_is_sent_request_by_request(use_case: UseCase, endpoint: Endpoint) -> None:
    ticks: list[int] = []
    assert traffic.send(use_case, DAY, ticks.append) == 983
    assert endpoint.asked == traffic.requests_of_day(use_case, DAY)
    assert sum(ticks) == 983


def test_only_requests_without_an_answer_are_sent_again(use_case: UseCase, endpoint: Endpoint) -> None:
    rows = traffic.requests_of_day(use_case, DAY)
    capture(use_case, rows[:900])
    assert traffic.send(use_case, DAY) == 83
    assert endpoint.asked == rows[900:]


def test_a_day_that_was_answered_needs_no_endpoint(use_case: UseCase) -> None:
    capture(use_case, traffic.requests_of_day(use_case, DAY))
    assert traffic.send(use_case, DAY) == 0


def test_an_endpoint_that_is_down_is_a_sentence(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(probe.getsockname()[1]))
    with pytest.raises(
        DriftgateError, match=r"The endpoint does not answer \(.*refused\); run 'make up' and try again"
    ):
        traffic.send(use_case, DAY)


def test_an_endpoint_that_dies_while_it_answers_is_a_sentence(use_case: UseCase, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: (0, b"")
    with pytest.raises(DriftgateError, match=r"The endpoint does not answer \(IncompleteRead.*run 'make up'"):
        traffic.send(use_case, DAY)


def test_a_refused_request_stops_the_day_with_what_the_endpoint_said(use_case: UseCase, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: (
        (422, b'{"error": "rows[0] lacks the field origin"}') if len(endpoint.asked) > 5 else (200, b"")
    )
    with pytest.raises(DriftgateError, match=r"refused a request \(422\): .*rows\[0\] lacks the field origin"):
        traffic.send(use_case, DAY)
    assert len(endpoint.asked) == 6
