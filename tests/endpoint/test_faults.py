"""What the endpoint needs beside its models may be slow or away: it answers, or says the declared fallback."""

import threading

import pytest

from driftgate.models import Rule, Scorer

RULE = Rule(by=("origin",), event_time="scheduled_departure", groups=(), answer=0.2)


@pytest.fixture
def serving(server, world, files):
    world.register("3", {**files["1"], "fallback.json": RULE.canonical()})
    world.deploy("3")
    server.watcher.poll()
    return world


def away(*_, **__):
    raise ConnectionError("nobody is there")


def test_while_the_metadata_store_does_not_come_back_requests_are_answered(client, server, serving, monkeypatch):
    asked, released = threading.Event(), threading.Event()

    def slow(_):
        asked.set()
        released.wait(30)

    monkeypatch.setattr(server.watcher, "_state_of", slow)
    server.watcher.start()
    try:
        assert asked.wait(10)
        answer = client.post("/v1/flight_delays/predict", json={"rows": [serving.ROW]})
        assert (answer.status_code, answer.json()["predictions"][0]["role"]) == (200, "champion")
        assert client.get("/ping").status_code == 200
        assert client.get("/deployments").json()["flight_delays"]["variants"][0]["version"] == "3"
    finally:
        released.set()
        server.watcher.stop()


def test_while_the_lake_is_away_requests_are_answered_and_captured_for_later(client, server, serving, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            type(server.shipper.store), "write", lambda *_, **__: (_ for _ in ()).throw(ConnectionError("no lake"))
        )
        answer = client.post("/v1/flight_delays/predict", json={"rows": serving.rows(3)})
        server.journal.close_segment(older_than_seconds=0)
        with pytest.raises(ConnectionError):
            server.shipper.ship()
    assert answer.status_code == 200
    assert len(serving.captures(server)) == 3


def test_no_lineage_no_ledger_and_no_airflow_is_asked_for_an_answer(client, serving, monkeypatch):
    """A request touches the model, the online store and the journal; a lineage store that is away is not noticed."""
    monkeypatch.setattr("driftgate.lineage.events.emit", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("driftgate.metadata.metadata", lambda: 1 / 0)

    assert client.post("/v1/flight_delays/predict", json={"rows": [serving.ROW]}).status_code == 200


def test_with_the_online_store_away_and_a_broken_champion_the_rule_answers(client, serving, server, train, monkeypatch):
    monkeypatch.setattr("driftgate.online.sqlite.SqliteStore.newest", away)
    scorer = server.watcher.served("flight_delays").champion.package.scorer
    monkeypatch.setattr(scorer, "score_rows", lambda rows: Scorer.score_matrix(scorer, away(rows)))
    (prediction,) = client.post("/v1/flight_delays/predict", json={"rows": [serving.ROW]}).json()["predictions"]

    assert (prediction["role"], prediction["score"]) == ("fallback", 0.2)
