"""A subject leaves the online store: by its published value, from every view whose key names it."""

from driftgate.contracts import load_contract
from driftgate.governance.erase_online import erase_online
from driftgate.governance.erasure import ERASERS
from driftgate.governance.subject import Subject, subject_of
from driftgate.online import get, online_store

AIRCRAFT, FLIGHT, DAY = "flight_delays/aircraft_recent/0", "flight_delays/flight_recent/0", "2013-04-01"


def test_its_values_go_and_those_of_others_stay() -> None:
    store = online_store()
    rows = [(("N11206",), {"late": 0.5}), (("N12345",), {"late": 0.25})]
    store.put_many(AIRCRAFT, DAY, rows, key=["tail_number"])
    store.put_many(FLIGHT, DAY, [(("UA", 15), {"late": 0.5})], key=["carrier", "flight"])

    assert erase_online(subject_of(load_contract("flights"), ["tail_number=N11206"])) == 1
    assert get(store, AIRCRAFT, ("N11206",), DAY) is None
    assert get(store, AIRCRAFT, ("N12345",), DAY) == (DAY, {"late": 0.25})
    assert erase_online(subject_of(load_contract("flights"), ["flight=15", "carrier=UA"])) == 1
    assert get(store, FLIGHT, ("UA", 15), DAY) is None


def test_a_subject_that_is_hashed_is_known_by_its_hash(monkeypatch) -> None:
    monkeypatch.setenv("DRIFTGATE_PSEUDONYM_KEY", "a secret of this test that is long enough")
    contract = load_contract("flights")
    columns = tuple(
        column.model_copy(update={"treatment": "hash"}) if column.name == "tail_number" else column
        for column in contract.columns
    )
    subject = subject_of(contract.model_copy(update={"columns": columns}), ["tail_number=N11206"])
    published = subject.as_published().values["tail_number"].as_py()
    assert published != "N11206"
    online_store().put_many(AIRCRAFT, DAY, [((published,), {"late": 0.5})], key=["tail_number"])
    assert erase_online(subject) == 1


def test_a_subject_that_is_no_key_has_no_values() -> None:
    subject = subject_of(load_contract("flights"), ["scheduled_departure=2013-04-01T05:15:00"])
    assert isinstance(subject, Subject)
    assert erase_online(subject) == 0


def test_an_erasure_reaches_it() -> None:
    assert erase_online in ERASERS
