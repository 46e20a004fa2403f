"""Versioned paths and formats: the same answer, however it is asked for and however it is written."""

import csv
import io
import json
import re

import pyarrow as pa
import pytest

from driftgate.endpoint.formats import ARROW, CSV, JSON
from driftgate.endpoint.server import Server
from driftgate.evaluation.explanation_report import AttributionBaseline
from driftgate.use_cases import load_use_case

PREDICT = "/v1/flight_delays/predict"
ATTRIBUTES = {"X-Amzn-SageMaker-Custom-Attributes": "use_case=flight_delays"}


@pytest.fixture
def serving(server, world):
    world.deploy("1")
    server.watcher.poll()
    return world


@pytest.fixture
def bodies(serving):
    """The same rows in each format."""
    rows = serving.rows(3)
    text, sink = io.StringIO(), pa.BufferOutputStream()
    writer = csv.DictWriter(text, list(serving.ROW))
    writer.writeheader()
    writer.writerows(rows)
    table = pa.Table.from_pylist(rows)
    times = pa.array(table.column("scheduled_departure").to_pylist()).cast(pa.timestamp("us"))
    table = table.set_column(3, "scheduled_departure", times)
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return {JSON: json.dumps({"rows": rows}).encode(), CSV: text.getvalue().encode(), ARROW: bytes(sink.getvalue())}


def scores(answer):
    form = answer.headers["content-type"]
    if form == CSV:
        return [float(line["score"]) for line in csv.DictReader(io.StringIO(answer.text, newline=""))]
    rows = pa.ipc.open_stream(answer.content).read_all().to_pylist() if form == ARROW else answer.json()["predictions"]
    return [row["score"] for row in rows]


def test_every_way_to_ask_and_to_be_answered_gives_the_same_scores(client, serving, bodies, server):
    wanted = scores(client.post("/invocations", json=serving.question(*serving.rows(3))))
    for sent, body in bodies.items():
        for accepted in (JSON, CSV, ARROW):
            answer = client.post(PREDICT, content=body, headers={"Content-Type": sent, "Accept": accepted})
            assert (answer.status_code, answer.headers["content-type"]) == (200, accepted)
            assert scores(answer) == wanted
    assert len(serving.captures(server)) == 3 * 10


@pytest.mark.parametrize("form", [CSV, ARROW])
def test_sagemakers_header_names_the_use_case_of_a_body_that_cannot(client, bodies, form):
    answer = client.post("/invocations", content=bodies[form], headers={"Content-Type": form, **ATTRIBUTES})
    assert (answer.status_code, answer.json()["use_case"]) == (200, "flight_delays")

    answer = client.post("/invocations", content=bodies[form], headers={"Content-Type": form})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("A body that is no JSON names no use case; send X-Amzn-SageMaker-Custom-")


def test_a_value_that_is_none_is_named_by_row_and_column_in_every_format(client, bodies):
    body = bodies[CSV].replace(b"\r\nUA,1,EWR", b"\r\nUA,one,EWR")
    answer = client.post(PREDICT, content=body, headers={"Content-Type": CSV})

    assert answer.status_code == 422
    assert answer.json()["detail"] == "Row 1: field 'flight': expected a whole number, found 'one'."


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({"Content-Type": "application/xml"}, 415, "The Content-Type 'application/xml' cannot be read"),
        ({"Content-Encoding": "gzip"}, 415, "The body is packed ('Content-Encoding')"),
        ({"Accept": "image/png"}, 406, "Answers cannot be written as 'image/png'"),
    ],
)
def test_formats_that_there_are_not_are_refused_with_a_sentence(client, bodies, headers, status, sentence):
    answer = client.post(PREDICT, content=bodies[JSON], headers={"Content-Type": JSON, **headers})

    assert (answer.status_code, answer.headers["content-type"]) == (status, JSON)
    assert answer.json()["detail"].startswith(sentence)


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/flight_delay/predict", {}, 404, "There is no use case 'flight_delay'; did you mean 'flight_delays'?"),
        ("/v2/flight_delays/predict", {}, 404, "There is no /v2 of flight_delays; ask /v1/flight_delays/predict."),
        ("/v0/flight_delays/predict", {}, 404, "There is no /v0 of flight_delays"),
        ("/v1/flight_delays", {}, 404, "There is no path '/v1/flight_delays'; ask /v1/USE_CASE/predict"),
        (PREDICT, [], 400, "The body must be a JSON object with the keys 'rows', not a list."),
        (PREDICT, {}, 400, "The body lacks 'rows'"),
        (PREDICT, {"use_case": "flight_delays", "rows": [{}]}, 400, "The body has an unknown key 'use_case'"),
        (PREDICT, {"rows": [{}] * 5001}, 413, "The request has 5001 rows"),
    ],
)
def test_what_is_asked_wrongly_is_a_sentence(client, serving, path, body, status, sentence):
    answer = client.post(path, json=body)

    assert answer.status_code == status
    assert answer.json()["detail"].startswith(sentence)


def test_after_a_new_number_the_old_path_says_where_to_go(client, server, serving, monkeypatch):
    whole = load_use_case("flight_delays")
    newer = whole.model_copy(update={"serve": whole.serve.model_copy(update={"api_version": 2})})
    monkeypatch.setattr("driftgate.endpoint.watching.load_use_case", lambda _: newer)
    serving.deploy("2")
    server.watcher.poll()
    answer = client.post(PREDICT, json={"rows": [serving.ROW]})

    assert answer.status_code == 410
    assert answer.json()["detail"].startswith("/v1 of flight_delays is over; ask /v2/flight_delays/predict")
    assert client.post(PREDICT.replace("v1", "v2"), json={"rows": [serving.ROW]}).status_code == 200


@pytest.mark.parametrize("path", ["/invocations", PREDICT])
def test_the_callers_own_request_id_comes_back_when_it_is_sane(client, serving, path):
    body = serving.question(serving.ROW) if path == "/invocations" else {"rows": [serving.ROW]}
    own = client.post(path, json=body, headers={"X-Request-Id": "order-7.b_2"})
    assert (own.headers["x-request-id"], own.json()["request_id"]) == ("order-7.b_2", "order-7.b_2")
    for strange in ("", "a b", "<script>", "x" * 65):
        new = client.post(path, json=body, headers={"X-Request-Id": strange})
        assert re.fullmatch("[0-9a-f]{32}", new.headers["x-request-id"])
        assert new.headers["x-request-id"] == new.json()["request_id"]
    refused = client.post(path, json={}, headers={"X-Request-Id": "order-8"})
    assert (refused.status_code, refused.headers["x-request-id"]) == (400, "order-8")


class TestExplain:
    """Why one row got its score."""

    PATH = "/v1/flight_delays/explain"

    def test_the_contributions_add_up_to_the_raw_score_and_the_strongest_come_first(self, client, serving, server):
        answer = client.post(self.PATH, json={"rows": [serving.ROW]}).json()
        told = [one["contribution"] for one in answer["contributions"]]

        assert answer["base"] + sum(told) + answer["others"] == pytest.approx(answer["raw_score"], abs=1e-9)
        assert answer["score"] == pytest.approx(1 / (1 + 2.718281828459045 ** -answer["raw_score"]))
        assert [abs(one) for one in told] == sorted(map(abs, told), reverse=True)
        assert (len(told), answer["others"]) == (5, 0)
        assert {one["feature"]: one["value"] for one in answer["contributions"]}["distance_miles"] == 1400
        assert (answer["model_version"], answer["role"], answer["scale"]) == ("1", "champion", "log odds")
        assert serving.captures(server) == []

    def test_the_others_are_told_together(self, client, serving):
        whole = client.post(self.PATH, json={"rows": [serving.ROW]}).json()
        first = client.post(f"{self.PATH}?top=1", json={"rows": [serving.ROW]}).json()

        assert first["contributions"] == whole["contributions"][:1]
        assert first["others"] == pytest.approx(sum(one["contribution"] for one in whole["contributions"][1:]))

    def test_the_variant_that_would_answer_is_explained(self, client, server, serving):
        serving.deploy("1", "2", share=50)
        server.watcher.poll()
        rows = serving.rows(12)
        answered = [one["role"] for one in client.post(PREDICT, json={"rows": rows}).json()["predictions"]]
        explained = [client.post(self.PATH, json={"rows": [row]}).json()["role"] for row in rows]

        assert answered == explained
        assert set(answered) == {"champion", "canary"}

    @pytest.mark.parametrize(
        ("changes", "status", "sentence"),
        [
            ({"rows": 2}, 400, "The body has 2 rows; one at a time is explained"),
            ({"query": "?top=0"}, 400, "'top' is '0'; it must be a whole number from 1 to 1000"),
            ({"accept": CSV}, 406, "Explanations are written as application/json only"),
        ],
    )
    def test_what_cannot_be_explained_is_a_sentence(self, client, serving, changes, status, sentence):
        rows = serving.rows(changes.get("rows", 1))
        answer = client.post(
            self.PATH + changes.get("query", ""), json={"rows": rows}, headers={"Accept": changes.get("accept", JSON)}
        )
        assert answer.status_code == status
        assert answer.json()["detail"].startswith(sentence)

    def test_a_model_without_contributions_says_so(self, client, server, serving, monkeypatch):
        scorer = type(server.watcher.served("flight_delays").champion.package.scorer)
        monkeypatch.setattr(scorer, "contributions", lambda *_: None)
        answer = client.post(self.PATH, json={"rows": [serving.ROW]})

        assert answer.status_code == 409
        assert answer.json()["detail"].startswith("Version 1 of flight_delays is a network")

    def test_a_network_is_explained_by_sampling_from_what_its_package_says(self, client, server, serving, monkeypatch):
        package = server.watcher.served("flight_delays").champion.package
        exact = client.post(self.PATH, json={"rows": [serving.ROW]}).json()
        start = AttributionBaseline(kind="training_mean", log_odds=True, values=(0.0, 0.0, 1500.0, 12.0, 40.0))
        object.__setattr__(package, "explained_from", start)
        monkeypatch.setattr(type(package.scorer), "contributions", lambda *_: None)
        sampled = client.post(self.PATH, json={"rows": [serving.ROW]}).json()
        told = sum(one["contribution"] for one in sampled["contributions"])

        assert (exact["exact"], sampled["exact"]) == (True, False)
        assert sampled["base"] + told == pytest.approx(exact["raw_score"], abs=1e-6)

    def test_contributions_that_do_not_add_up_are_no_explanation(self, client, server, serving, monkeypatch):
        scorer = type(server.watcher.served("flight_delays").champion.package.scorer)
        real = scorer.contributions
        monkeypatch.setattr(scorer, "contributions", lambda *asked: real(*asked)._replace(base=1.0))
        answer = client.post(self.PATH, json={"rows": [serving.ROW]})

        assert answer.status_code == 503
        assert "do not add up to its score" in answer.json()["detail"]


def test_champion_and_challenger_answer_the_same_payloads_in_the_same_shape(client, server, world):
    """The contract suite: callers need not know which version is behind the path."""
    payloads = [{"rows": world.rows(count)} for count in (1, 3, 40)] + [{"rows": [{**world.ROW, "carrier": "ZZ"}]}]
    payloads += [{"rows": [{**world.ROW, "flight": "x"}]}, {"rows": []}, {}]
    shapes = []
    for version in ("1", "2"):
        world.deploy(version)
        server.watcher.poll()
        shapes.append([_shape(client.post(PREDICT, json=payload).json()) for payload in payloads])

    assert shapes[0] == shapes[1]


def _shape(answer):
    if isinstance(answer, dict):
        return {name: _shape(value) for name, value in answer.items()}
    return [_shape(value) for value in answer] if isinstance(answer, list) else type(answer).__name__


def test_the_server_knows_pages_from_predictions(client: object, server: Server) -> None:
    assert client.get("/version").status_code == 404
    assert client.get(PREDICT).status_code == 405
