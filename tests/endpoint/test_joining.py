"""Online values in a request's answer: joined by the endpoint, never sent, never in the way of an answer."""

import json
import sqlite3

import pytest

from driftgate.models import View
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.models.preprocessing import Preprocessing
from driftgate.online import online_store
from driftgate.use_cases import OnlineView, load_use_case

DAY = "2013-03-14"


def view(name="carrier_recent", key=("carrier",), columns=("carrier_late_share",), sql="SELECT 1") -> View:
    return View(
        use_case="flight_delays", name=name, key=key, columns=columns, dataset="flights", history_days=28, sql=sql
    )


CARRIER = view()
ORIGIN = view("origin_recent", ("origin", "departure_hour"), ("origin_late_share", "origin_flights"))


def put(one: View, day: str, rows: dict) -> None:
    online_store().put_many(one.id, day, ((key, values) for key, values in rows.items()), key=one.key)


def share(value: float) -> dict:
    return {"carrier_late_share": value}


@pytest.fixture(scope="session")
def joined(train):
    """A package that reads one online view."""
    return train(5, views=(CARRIER,))


@pytest.fixture
def serving(world, joined):
    """Version 5 reads an online view and is the champion."""
    world.register("5", joined)
    world.deploy("5")
    return joined


def scored(files: dict, row: dict) -> float:
    scorer = LightgbmScorer.load(files["model.txt"], Preprocessing.model_validate_json(files["preprocessing.json"]))
    return float(scorer.score_rows([row])[0])


def features(world, server) -> list[dict]:
    return [json.loads(capture["features"]) for capture in world.captures(server)]


def lookups(server) -> dict[str, float]:
    lines = [line for line in server._render_metrics().decode().splitlines() if "online_lookups_total{" in line]
    return {line.split('result="')[1].split('"')[0]: float(line.split()[-1]) for line in lines}


def test_the_days_value_is_joined_scored_and_captured(ask, server, world, serving):
    put(CARRIER, DAY, {("UA",): share(0.1 + 0.2), ("B6",): share(0.9)})
    answer = ask(world.ROW)

    row = {**world.ROW, **share(0.1 + 0.2)}
    assert answer.status_code == 200
    assert answer.json()["warnings"] == []
    assert answer.json()["predictions"][0]["score"] == scored(serving, row)
    assert scored(serving, row) != scored(serving, {**world.ROW, **share(0.9)}), "the value must matter"
    assert features(world, server) == [row]
    assert lookups(server) == {"exact": 1}


def test_a_client_that_sends_an_online_column_is_refused(ask, server, world, serving):
    answer = ask({**world.ROW, **share(0.1)})

    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "Row 0: field 'carrier_late_share' is joined by the endpoint from the online view 'carrier_recent'; "
        "leave it out."
    )
    assert world.captures(server) == []


def test_a_batch_over_days_and_keys_gets_each_rows_own_value(ask, server, world, serving):
    put(CARRIER, DAY, {("UA",): share(0.1), ("B6",): share(0.2)})
    put(CARRIER, "2013-03-15", {("UA",): share(0.3)})
    rows = [
        {**world.ROW, "carrier": carrier, "scheduled_departure": f"2013-03-{day}T05:15:00", "flight": n}
        for n, (carrier, day) in enumerate([("UA", 14), ("B6", 14), ("UA", 15), ("B6", 15), ("UA", 16)])
    ]
    ask(*rows)
    server.journal.close_segment(older_than_seconds=0)
    server.shipper.ship()
    found = {}
    for day in (14, 15, 16):
        world.DAY = f"2013-03-{day}"
        found |= {row["flight"]: row["carrier_late_share"] for row in features(world, server)}
    assert found == {0: 0.1, 1: 0.2, 2: 0.3, 3: None, 4: 0.3}
    assert lookups(server) == {"exact": 4, "older": 1}


def test_without_a_value_the_column_is_null_with_a_warning(ask, server, world, serving):
    answer = ask(world.ROW)

    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["score"] == scored(serving, {**world.ROW, **share(None)})
    assert answer.json()["warnings"] == [
        "Online view carrier_recent: no values are known for 2013-03-14; its columns are null.",
        "Row 0: carrier_late_share is null, which it never was in training.",
    ]
    assert lookups(server) == {"missing": 1}


def test_a_value_older_than_the_use_case_allows_is_missing(ask, server, world, serving, monkeypatch):
    put(CARRIER, "2013-03-12", {("UA",): share(0.1)})
    ask(world.ROW)
    assert features(world, server)[0]["carrier_late_share"] == 0.1

    strict = load_use_case(world.NAME).model_copy(
        update={"online": {"carrier_recent": OnlineView(key=("carrier",), max_age_days=1)}}
    )
    monkeypatch.setattr("driftgate.endpoint.watching.load_use_case", lambda _: strict)
    world.deploy("5")
    ask({**world.ROW, "flight": 2})
    assert [row["carrier_late_share"] for row in features(world, server) if row["flight"] == 2] == [None]


def test_a_store_that_is_away_costs_its_values_and_no_answer(ask, server, world, serving, monkeypatch):
    put(CARRIER, DAY, {("UA",): share(0.1)})

    def away(*_):
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("driftgate.online.sqlite.SqliteStore.newest", away)
    answer = ask(world.ROW)

    assert answer.status_code == 200
    assert (
        "Online view carrier_recent: the online store does not answer; its columns are null."
        in (answer.json()["warnings"])
    )
    assert features(world, server)[0]["carrier_late_share"] is None
    assert lookups(server) == {"missing": 1}


def test_a_null_key_joins_nothing(ask, server, world, train):
    """As in SQL. The hour may be null: it is no part of the request key."""
    world.register("6", train(6, views=(ORIGIN,)))
    world.deploy("6")
    put(ORIGIN, DAY, {("EWR", 5): {"origin_late_share": 0.5, "origin_flights": 7.0}})
    ask(world.ROW, {**world.ROW, "departure_hour": None, "flight": 1}, {**world.ROW, "departure_hour": 6, "flight": 2})

    found = {row["flight"]: (row["origin_late_share"], row["origin_flights"]) for row in features(world, server)}
    assert found == {1545: (0.5, 7.0), 1: (None, None), 2: (None, None)}
    assert lookups(server) == {"exact": 2}


@pytest.mark.parametrize("share_percent", [0, 50])
def test_a_candidate_reads_its_own_views(ask, server, world, serving, train, share_percent):
    """A shadow and a canary trained on another features.sql: same request, each its own values."""
    changed = view(sql="SELECT 2")
    assert changed.id != CARRIER.id
    world.register("7", train(7, views=(changed, ORIGIN)))
    world.deploy("5", "7", share=share_percent)
    put(CARRIER, DAY, {("UA",): share(0.1)})
    put(changed, DAY, {("UA",): share(0.2)})
    put(ORIGIN, DAY, {("EWR", hour): {"origin_late_share": 0.5, "origin_flights": 7.0} for hour in range(24)})
    server.shadowing.start()
    answer = ask(*world.rows(20))
    server.shadowing.stop()

    captures = world.captures(server)
    rows = {(one["model_version"], one["error"]): json.loads(one["features"]) for one in captures}
    assert answer.status_code == 200
    assert set(rows) == {("5", None), ("7", None)}
    assert rows["5", None].keys() == {*world.ROW, "carrier_late_share"}
    assert rows["5", None]["carrier_late_share"] == 0.1
    assert (rows["7", None]["carrier_late_share"], rows["7", None]["origin_flights"]) == (0.2, 7.0)


def test_a_candidate_whose_feature_went_online_does_not_read_the_callers(ask, server, world, train):
    """The champion's callers still send it; the candidate trusts its own store only."""
    hours = view("hours", ("carrier",), ("late_hours",), sql="SELECT 3")
    content = train(8, views=(hours,))
    old = json.loads(content["signature.json"])
    old["views"] = []
    for column in old["columns"]:
        column["online"] = None
    world.register("8", {**content, "signature.json": json.dumps(old).encode()})
    world.register("9", content)
    world.deploy("8", "9", share=50)
    put(hours, DAY, {("UA",): {"late_hours": 0.25}})
    ask(*({**row, "late_hours": 0.75} for row in world.rows(20)))

    found = {(one["model_version"], json.loads(one["features"])["late_hours"]) for one in world.captures(server)}
    assert found == {("8", 0.75), ("9", 0.25)}


def test_a_candidate_that_needs_a_field_that_nobody_sends_fails_alone(ask, server, world, serving, train):
    """It was joined for the champion, the candidate wants it from the caller."""
    content = train(5, views=(CARRIER,))
    signature = json.loads(content["signature.json"])
    signature["views"], signature["columns"][-1]["online"] = [], None
    world.register("10", {**content, "signature.json": json.dumps(signature).encode()})
    world.deploy("5", "10", share=50)
    put(CARRIER, DAY, {("UA",): share(0.1)})
    answer = ask(*world.rows(20))
    errors = {one["error"] for one in world.captures(server) if one["error"]}

    assert {one["role"] for one in answer.json()["predictions"]} == {"champion"}
    assert len(errors) == 1
    assert "field 'carrier_late_share' is missing" in errors.pop()


def test_models_without_views_never_ask_the_store(ask, server, world, monkeypatch):
    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr("driftgate.online.lookups.Lookups.find", refuse)
    world.deploy("1")
    assert ask(world.ROW).status_code == 200
    assert lookups(server) == {}
