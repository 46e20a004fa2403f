"""Personal values of a request are treated before anything sees them; what a contract hides is nowhere on the disk."""

import hmac
import json

import pytest

from driftgate.captures import count_captures, join_outcomes, read_captures
from driftgate.contracts import load_contract
from driftgate.contracts.treat import KEY as SECRET
from driftgate.endpoint import treating
from driftgate.use_cases import load_use_case

NAME, DAY = "flight_delays", "2013-03-14"
THE_SECRET = "a secret of the test that is long enough"
PLANTED = {"carrier": ("hash", "Anna-Planted"), "origin": ("mask", "Ben-Planted")}


@pytest.fixture
def contracts(monkeypatch):
    """The contracts, with the carrier as a person who is hashed and the airport as one who is masked."""

    def declared(name):
        contract = load_contract(name)
        columns = tuple(
            column.model_copy(update={"classification": "pii", "treatment": PLANTED[column.name][0]})
            if column.name in PLANTED
            else column
            for column in contract.columns
        )
        return contract.model_copy(update={"columns": columns})

    monkeypatch.setattr(treating, "load_contract", declared)
    monkeypatch.setenv(SECRET, THE_SECRET)
    return monkeypatch


@pytest.fixture
def anna(world):
    return {**world.ROW, "carrier": "Anna-Planted", "origin": "Ben-Planted"}


def hashed(value: str) -> str:
    return hmac.digest(THE_SECRET.encode(), value.encode(), "sha256").hex()


def test_neither_journal_nor_lake_has_a_planted_value(contracts, ask, server, world, anna):
    world.deploy("1", "2")
    server.shadowing.start()
    assert ask(anna).status_code == 200
    server.shadowing.stop()
    journal = b"".join(path.read_bytes() for path in server.journal.folder.iterdir() if path.is_file())
    found = world.captures(server)

    assert b"Planted" not in journal
    assert len(found) == 2
    for one in found:
        row = json.loads(one["features"])
        assert (row["carrier"], row["origin"]) == (hashed("Anna-Planted"), "***")
        assert json.loads(one["request_key"])["carrier"] == hashed("Anna-Planted")
        assert "Planted" not in json.dumps(one, default=str)


def test_a_hashed_key_meets_its_outcome(contracts, ask, server, world, anna):
    import pyarrow as pa

    world.deploy("1")
    ask({**anna, "flight": 7})
    world.captures(server)
    labels = pa.table({"carrier": [hashed("Anna-Planted")], "flight": [7], "label": [True]})
    use_case = load_use_case(NAME).model_copy(update={"request_key": ("carrier", "flight")})

    assert join_outcomes(use_case, read_captures(NAME, DAY), labels).column("label").to_pylist() == [True]


def test_the_model_and_the_router_see_what_training_saw(contracts, ask, server, world, anna, monkeypatch):
    world.deploy("1")
    ask(anna)
    scorer, seen = server.watcher.served(NAME).champion.package.scorer, []
    real = type(scorer).score_rows
    monkeypatch.setattr(scorer, "score_rows", lambda rows: seen.extend(rows) or real(scorer, rows))
    ask(anna)

    assert (seen[0]["carrier"], seen[0]["origin"]) == (hashed("Anna-Planted"), "***")


@pytest.mark.parametrize("quoted", ["carrier", "origin", "flight"])
def test_an_error_that_quotes_the_row_is_captured_without_the_value(contracts, ask, server, world, anna, quoted):
    world.deploy("1")
    ask(anna)
    scorer = server.watcher.served(NAME).champion.package.scorer

    def fail(rows):
        raise ValueError(f"cannot read {rows[0][quoted]!r}")

    contracts.setattr(scorer, "score_rows", fail)
    assert ask(anna).status_code == 503
    (error,) = [one["error"] for one in world.captures(server) if one["error"]]

    assert error == ("ValueError: cannot read 1545" if quoted == "flight" else "ValueError: cannot read '***'")


def test_a_personal_column_that_is_kept_is_captured_as_published_and_never_in_an_error(ask, server, world, monkeypatch):
    def declared(name):
        contract = load_contract(name)
        columns = tuple(
            column.model_copy(update={"classification": "pii"}) if column.name == "carrier" else column
            for column in contract.columns
        )
        return contract.model_copy(update={"columns": columns})

    monkeypatch.setattr(treating, "load_contract", declared)
    world.deploy("1")
    ask(world.ROW)
    scorer = server.watcher.served(NAME).champion.package.scorer

    def fail(rows):
        raise ValueError(f"no carrier like {rows[0]['carrier']}")

    monkeypatch.setattr(scorer, "score_rows", fail)
    ask(world.ROW)
    answered, failed = sorted(world.captures(server), key=lambda one: one["error"] is not None)

    assert json.loads(answered["features"])["carrier"] == "UA"
    assert failed["error"] == "ValueError: no carrier like ***"


def test_a_missing_value_stays_missing(contracts, ask, server, world, anna):
    world.deploy("1")
    served_before = ask({**anna, "temperature_f": None})
    assert served_before.status_code == 200
    (one,) = world.captures(server)
    assert json.loads(one["features"])["temperature_f"] is None


def test_without_the_key_nothing_is_served_and_the_sentence_says_why(contracts, ask, world, server):
    contracts.delenv(SECRET)
    world.deploy("1")
    answer = ask(world.ROW)

    assert answer.status_code == 503
    assert f"the environment variable {SECRET} is not set to a secret" in answer.json()["detail"]


def test_an_explanation_is_of_the_treated_row(contracts, client, server, world, anna):
    world.deploy("1")
    server.watcher.poll()
    answer = client.post(f"/v1/{NAME}/explain", json={"rows": [anna]})

    assert answer.status_code == 200
    assert "Planted" not in answer.text


def test_use_cases_without_personal_columns_are_not_slowed(ask, server, world):
    world.deploy("1")
    ask(world.ROW)
    assert server.watcher.served(NAME).treating is None
    world.captures(server)
    server.shipper.write_tallies()
    assert count_captures(NAME, DAY).sentence is None
