"""What a caller gets from /invocations, with real models behind it."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate.captures import JournalFull
from driftgate.captures.capture import request_key
from driftgate.endpoint.routing import bucket_of
from driftgate.models import Scorer

KEY = ("carrier", "flight", "origin", "scheduled_departure")


@pytest.fixture
def fail_version(server, monkeypatch):
    """Make the model of one version raise."""

    def failing(version):
        server.watcher.poll()
        scorers = [
            one.package.scorer for one in server.watcher.served("flight_delays").variants if one.version == version
        ]
        score_rows = Scorer.score_rows

        def score(self, rows):
            if self in scorers:
                raise ValueError("no tree \ud800 stands")
            return score_rows(self, rows)

        monkeypatch.setattr(Scorer, "score_rows", score)

    return failing


def test_a_row_gets_a_score_from_the_champion(ask, world):
    world.deploy("1")
    answer = ask(world.ROW)
    body = answer.json()
    (prediction,) = body["predictions"]

    assert answer.status_code == 200
    assert list(body) == ["use_case", "request_id", "predictions", "warnings"]
    assert re.fullmatch(r"[0-9a-f]{32}", prediction["prediction_id"])
    assert 0 < prediction["score"] < 1
    assert (prediction["model_version"], prediction["role"]) == ("1", "champion")
    assert body["warnings"] == []


def test_an_answer_is_captured_with_all_that_led_to_it(ask, server, world):
    revision = world.deploy("1")
    (prediction,) = ask(world.ROW).json()["predictions"]
    (capture,) = world.captures(server)

    assert capture["received_at"].tzinfo is not None
    assert 0 < capture["latency_ms"] < 1000
    assert json.loads(capture["features"]) == world.ROW
    assert capture["request_key"] == json.dumps({name: world.ROW[name] for name in KEY}, sort_keys=True)
    wanted = {
        "prediction_id": prediction["prediction_id"],
        "use_case": "flight_delays",
        "variant_role": "champion",
        "model_version": "1",
        "deployment_revision": revision,
        "step": "serving",
        "score": prediction["score"],
        "error": None,
        "event_time": "2013-03-14T05:15:00",
    }
    assert {name: capture[name] for name in wanted} == wanted


def test_many_rows_are_answered_in_order_as_if_asked_one_by_one(ask, world):
    world.deploy("1")
    rows = world.rows(300)  # more than is answered inline
    together = [one["score"] for one in ask(*rows).json()["predictions"]]

    assert together[:20] == [ask(row).json()["predictions"][0]["score"] for row in rows[:20]]
    assert len(set(together)) > 5


def test_a_batch_of_any_size_is_captured_whole(ask, server, world):
    world.deploy("1")
    ids = {one["prediction_id"] for one in ask(*world.rows(2000)).json()["predictions"]}

    assert {capture["prediction_id"] for capture in world.captures(server)} == ids
    assert len(ids) == 2000


def test_the_canary_answers_its_share_and_always_the_same_requests(ask, world):
    world.deploy("1", "2", share=5)
    rows = world.rows(1000)
    small = {
        row["flight"]
        for row, one in zip(rows, ask(*rows).json()["predictions"], strict=True)
        if one["role"] == "canary"
    }
    world.deploy("1", "2", share=25)
    answers = ask(*rows).json()["predictions"]
    large = {row["flight"] for row, one in zip(rows, answers, strict=True) if one["role"] == "canary"}

    assert 30 < len(small) < 70
    assert 210 < len(large) < 290
    assert small < large
    assert {(one["role"], one["model_version"]) for one in answers} == {("champion", "1"), ("canary", "2")}
    assert [row["flight"] in large for row in rows] == [
        bucket_of(world.NAME, request_key(row, KEY)) < 2500 for row in rows
    ]


def test_a_failing_canary_costs_the_caller_nothing_and_is_captured(ask, server, world, fail_version):
    world.deploy("1", "2", share=50)
    fail_version("2")
    answer = ask(*world.rows(40))
    captures = world.captures(server)
    failed = [capture for capture in captures if capture["error"]]
    answered = [capture for capture in captures if capture["score"] is not None]

    assert answer.status_code == 200
    assert {one["role"] for one in answer.json()["predictions"]} == {"champion"}
    assert len(answered) == 40
    assert {capture["variant_role"] for capture in answered} == {"champion"}
    assert 5 < len(failed) < 35
    assert {(one["variant_role"], one["model_version"], one["score"]) for one in failed} == {("canary", "2", None)}
    assert failed[0]["error"] == "ValueError: no tree \\ud800 stands"
    assert {capture["prediction_id"] for capture in failed} < {capture["prediction_id"] for capture in answered}


def test_a_failing_champion_is_a_503_with_a_sentence_and_its_error_is_captured(ask, server, world, fail_version):
    world.deploy("1", "2", share=50)
    fail_version("1")
    answer = ask(*world.rows(40))
    captures = world.captures(server)

    assert answer.status_code == 503
    assert answer.json()["detail"].startswith(
        "The champion of flight_delays, version 1, failed on this request (captured"
    )
    assert {(one["variant_role"], one["score"]) for one in captures} == {("champion", None)}
    assert 5 < len(captures) < 35


def test_a_score_that_is_not_a_number_is_a_failure(ask, server, world, monkeypatch):
    world.deploy("1")
    real = Scorer.score_rows
    monkeypatch.setattr(Scorer, "score_rows", lambda self, rows: real(self, rows) * float("nan"))

    assert ask(world.ROW).status_code == 503
    assert "not a number" in world.captures(server)[0]["error"]


def test_an_unseen_category_is_answered_with_a_warning(ask, world):
    world.deploy("1")
    answer = ask({**world.ROW, "carrier": "ZZ"})

    assert answer.status_code == 200
    assert "carrier 'ZZ'" in answer.json()["warnings"][0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"carrier": 7}, "Row 1: field 'carrier': expected a string"),
        ({"flights": 1}, "Row 1: unknown field 'flights'; did you mean 'flight'?"),
        ({"departure_hour": 10**19}, "Row 1: field 'departure_hour': expected a whole number"),
        ({"temperature_f": "1e999"}, "Row 1: field 'temperature_f': expected a finite number"),
        ({"scheduled_departure": "tomorrow"}, "Row 1: field 'scheduled_departure': expected a time without zone"),
        ({"scheduled_departure": None}, "Row 1: field 'scheduled_departure': expected a time without zone"),
    ],
)
def test_a_row_that_does_not_fit_the_signature_is_a_422(ask, server, world, change, sentence):
    world.deploy("1")
    answer = ask(world.ROW, {**world.ROW, **change})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(sentence)
    assert world.captures(server) == []


def test_an_infinite_number_hidden_in_digits_is_a_422(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    body = json.dumps(world.question(world.ROW)).replace("39.02", "1e999")

    assert client.post("/invocations", content=body).status_code == 422


def test_an_unknown_use_case_is_a_404_with_the_nearest_name(client, server):
    server.watcher.poll()
    answer = client.post("/invocations", json={"use_case": "flight_delay", "rows": [{}]})

    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no use case 'flight_delay'; did you mean 'flight_delays'?")


def test_a_body_over_the_limit_is_a_413(client, server, world):
    world.deploy("1")
    server.watcher.poll()
    answer = client.post("/invocations", content=b" " * 5_000_001)

    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("The body is larger than the 5000000 bytes of one request")


def test_too_many_rows_are_a_413(ask, world):
    world.deploy("1")
    answer = ask(*[{} for _ in range(5001)])

    assert answer.status_code == 413
    assert "5001 rows, more than the 5000" in answer.json()["detail"]


def test_without_room_for_captures_nothing_is_answered(ask, server, world, monkeypatch):
    world.deploy("1")

    def full(*_):
        raise JournalFull("The journal is full.")

    monkeypatch.setattr(server.journal, "append", full)
    answer = ask(world.ROW)

    assert (answer.status_code, answer.json()) == (503, {"detail": "The journal is full."})


def test_a_mistake_of_our_own_is_a_500_without_its_traceback(ask, server, world, monkeypatch, caplog):
    world.deploy("1")
    monkeypatch.setattr("driftgate.endpoint.answering.request_key", lambda *_: 1 / 0)
    answer = ask(world.ROW)

    assert (answer.status_code, answer.json()) == (
        500,
        {"detail": "The endpoint failed on this request; its log says why."},
    )
    assert "ZeroDivisionError" in caplog.text


def test_a_canary_with_another_signature_gets_only_rows_that_fit_it(ask, server, world, train):
    """The champion's signature is what callers know; a row that the canary cannot read is the champion's to answer."""
    content = train(3)
    signature = json.loads(content["signature.json"])
    signature["columns"][0]["type"] = "integer"
    world.register("3", {**content, "signature.json": json.dumps(signature).encode()})
    world.deploy("1", "3", share=50)
    answer = ask(*world.rows(30))
    errors = {capture["error"] for capture in world.captures(server) if capture["error"]}

    assert {one["role"] for one in answer.json()["predictions"]} == {"champion"}
    assert len(errors) == 1
    assert "RequestRefused: Row 0: field 'carrier': expected a whole number" in errors.pop()


def test_an_event_time_that_is_no_time_is_a_422(ask, world, train):
    """The signature lets it pass where features.sql gives the event time as text."""
    content = train(3)
    signature = json.loads(content["signature.json"])
    (column,) = [one for one in signature["columns"] if one["name"] == "scheduled_departure"]
    column["type"] = "string"
    world.register("3", {**content, "signature.json": json.dumps(signature).encode()})
    world.deploy("3")
    answer = ask(world.ROW, {**world.ROW, "scheduled_departure": "tomorrow"})

    assert answer.status_code == 422
    assert "Row 1: 'scheduled_departure' is 'tomorrow'; it must be a time written as 2013" in answer.json()["detail"]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([]) | st.just({"a": 1})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*KEY, "departure_hour", "temperature_f", "more"]), VALUES))
def test_no_row_whatever_is_in_it_is_a_mistake_of_ours(client, server, world, changes):
    if not server.watcher.everything():
        world.deploy("1")
        server.watcher.poll()
    body = json.dumps(world.question({**world.ROW, **changes}))

    assert client.post("/invocations", content=body).status_code in (200, 400, 422)
