"""Personal values leave the raw zone treated, and are in no object that anything else writes."""

import hmac
import os

import pytest

from driftgate.contracts import (
    decide,
    load_contract,
    publish_partition,
    published_schema,
    validate_partition,
    value_treatments,
)
from driftgate.contracts.treat import KEY as SECRET
from driftgate.errors import ConfigError
from driftgate.lake import lake, read_manifest, read_table

from .conftest import KEY

KEPT = "{property: treatment, value: keep}"
THE_SECRET = "a secret of the test that is long enough"


@pytest.fixture
def treated(project, monkeypatch):
    """The contract of trips with another treatment of its passengers."""
    monkeypatch.setenv(SECRET, THE_SECRET)

    def change(treatment: str):
        path = project / "data_contracts" / "trips.yaml"
        assert KEPT in path.read_text()
        path.write_text(path.read_text().replace(KEPT, KEPT.replace("keep", treatment)))
        os.utime(path, ns=(1, 1))
        return load_contract("trips")

    return change


def both_sides():
    validate_partition("trips", KEY)
    done = publish_partition("trips", KEY)
    return read_table(lake(), done.manifest), read_table(lake(), done.quarantined)


def test_a_masked_value_is_masked_on_both_sides_and_a_missing_one_stays_missing(treated, ingested):
    treated("mask")
    ingested(zone={2: "west"}, passenger={0: None})
    validated, quarantined = both_sides()

    assert validated["passenger"].to_pylist() == [None, *["***"] * 8]
    assert quarantined["passenger"].to_pylist() == ["***"]


def test_a_hash_is_keyed_and_the_same_on_both_sides(treated, ingested):
    treated("hash")
    ingested(zone={2: "west"}, passenger={0: None})
    validated, quarantined = both_sides()

    expected = [hmac.digest(THE_SECRET.encode(), f"p{row}@example.com".encode(), "sha256").hex() for row in range(10)]
    assert validated["passenger"].to_pylist() == [None, expected[1], *expected[3:]]
    assert quarantined["passenger"].to_pylist() == [expected[2]]


def test_a_dropped_column_is_gone_and_its_rules_are_judged_all_the_same(treated, ingested):
    contract = treated("drop")
    ingested(passenger={2: "nobody"})
    validated, quarantined = both_sides()

    assert validated.schema == published_schema(contract)
    assert "passenger" not in validated.column_names + quarantined.column_names
    assert quarantined["_rules"].to_pylist() == [["passenger.form"]]


@pytest.mark.parametrize("secret", [None, "", "too short"])
def test_without_the_key_nothing_is_published(secret, treated, ingested, monkeypatch):
    treated("hash")
    monkeypatch.delenv(SECRET)
    if secret is not None:
        monkeypatch.setenv(SECRET, secret)
    ingested()
    validate_partition("trips", KEY)
    with pytest.raises(ConfigError, match=f"{SECRET} is not set to a secret of 32 characters or more"):
        publish_partition("trips", KEY)

    assert not lake().exists(f"validated/trips/{KEY}/manifest.json")


@pytest.mark.parametrize("treatment", ["mask", "hash", "drop"])
def test_a_personal_value_is_in_no_object_but_the_raw_data(treatment, treated, ingested, project_home):
    treated(treatment)
    planted = {1: "Jane Roe 555-0100", 2: "dup@example.com", 3: "dup@example.com"}
    ingested(passenger=planted, zone={5: "west"})
    both_sides()
    decide("release", "trips", KEY, rule="zone.known", reason="It exists.", by="jane")

    written = {path: lake().read(path) for path in lake().list("") if not path.startswith("raw/")}
    written["metadata"] = (project_home / "metadata.db").read_bytes()
    assert len(written) > 8
    for value in (b"Jane Roe", b"555-0100", b"dup@example.com", b"p5@example.com"):
        assert [path for path, data in written.items() if value in data] == []
    tables = [read_table(lake(), read_manifest(lake(), f"{zone}/trips/{KEY}")) for zone in ("validated", "quarantine")]
    assert "example.com" not in str([table.to_pylist() for table in tables])


def test_single_values_are_treated_as_whole_partitions_are(treated, ingested):
    treat = value_treatments([treated("hash")])["passenger"]
    ingested(zone={2: "west"})
    validated, quarantined = both_sides()

    assert validated["passenger"].to_pylist() == [treat(f"p{row}@example.com") for row in range(10) if row != 2]
    assert quarantined["passenger"].to_pylist() == [treat("p2@example.com")]


def test_the_hardest_treatment_of_a_column_holds(project):
    def contract(treatment):
        trips = load_contract("trips")
        columns = [
            column.model_copy(update={"treatment": treatment}) if column.name == "passenger" else column
            for column in trips.columns
        ]
        return trips.model_copy(update={"columns": tuple(columns)})

    kept, masked, dropped = contract("keep"), contract("mask"), contract("drop")
    assert value_treatments([kept]) == {}
    assert value_treatments([kept, masked])["passenger"]("anna") == "***"
    assert value_treatments([dropped, masked])["passenger"]("anna") is None


def test_single_values_are_not_hashed_without_the_key(treated, monkeypatch):
    contract = treated("hash")
    monkeypatch.delenv(SECRET)
    with pytest.raises(ConfigError, match=f"Requests have columns that a contract hashes, and .* {SECRET} is not set"):
        value_treatments([contract])
