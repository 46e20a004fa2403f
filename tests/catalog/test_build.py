"""The catalogue says what is there, keeps it, finds it again, and never shows a value of personal data."""

from datetime import datetime

import pytest

from driftgate.catalog import PAGE, build_catalog, dataset_of, search, stored_catalog, sync_catalog
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.metadata import metadata


@pytest.fixture
def fares(add_use_case):
    return add_use_case("fares")


def test_a_dataset_is_described_from_its_contract_and_the_lake(published, fares):
    (entry,) = build_catalog().datasets

    assert (entry.name, entry.owner, entry.contract, entry.data_class) == ("rides", "taxis", "rides@1.0.0", "customers")
    days = entry.partitions
    assert (days.count, days.first, days.last, days.missing) == (2, "2013-04-01", "2013-04-03", ("2013-04-02",))
    assert (days.revised, days.rows, days.newest_known_at) == (1, 3, datetime(2013, 4, 5))
    assert entry.storage.bytes["validated"] > 0
    assert entry.storage.compression > 0
    assert entry.use_cases == ("fares",)
    distance = next(column for column in entry.columns if column.name == "distance_km")
    assert (distance.unit, distance.nulls_percent, distance.minimum) == ("kilometres", 0.0, 1.5)


def test_a_dataset_without_partitions_is_described_too(project):
    (entry,) = build_catalog().datasets
    assert (entry.partitions.count, entry.quality, entry.storage.compression) == (0, None, None)


def test_features_inherit_unit_and_sensitivity(published, fares):
    found = {entry.name: entry for entry in build_catalog().features}

    passed_on, computed, about_persons = (
        found[f"fares/{name}"] for name in ("distance_km", "distance_m", "name_length")
    )
    assert (passed_on.type, passed_on.unit, passed_on.description) == ("double", "kilometres", "How far it went.")
    assert (computed.unit, computed.columns) == (None, ("rides.distance_km",))
    assert (passed_on.sensitivity, about_persons.sensitivity) == ("public", "pii")
    assert (passed_on.fresh_until, passed_on.known) == ("2013-04-03", "prediction")
    assert found["fares/ride"].role == "identifier"


def test_a_feature_that_is_computed_twice_is_reported_with_the_others(fares, add_use_case):
    add_use_case("tips", "SELECT t.ride, t.started_at, t.distance_km * 1000 AS d FROM rides AS t")
    same = {entry.name: entry.same_as for entry in build_catalog().features if entry.same_as}

    assert same == {
        "fares/distance_m": ("fares/metres_again", "tips/d"),
        "fares/metres_again": ("fares/distance_m", "tips/d"),
        "tips/d": ("fares/distance_m", "fares/metres_again"),
    }


def test_no_value_of_personal_data_is_anywhere(published, fares):
    sync_catalog()
    written = lake().read(PAGE).decode() + stored_catalog().model_dump_json()
    assert "example.com" in written  # the contact
    assert "a@example.com" not in written
    assert "b@example.com" not in written


def test_the_page_needs_no_network_and_escapes_what_it_shows(published, fares, project):
    contract = project / "data_contracts" / "rides.yaml"
    contract.write_text(contract.read_text().replace("Taxi rides of a test.", "Rides <script>alert(1)</script>"))
    sync_catalog()
    page = lake().read(PAGE).decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "http" not in page.replace("file://", "")


def test_what_was_built_is_found_again(published, fares):
    with pytest.raises(ConfigError, match="driftgate catalog build"):
        stored_catalog()
    built = sync_catalog()

    assert stored_catalog() == built
    assert [hit.name for hit in search(built, ["FAR", "went"])] == ["rides", "fares/distance_km"]
    assert search(built, ["unheard-of"]) == []
    with pytest.raises(ConfigError, match="did you mean 'rides'"):
        dataset_of(built, "ride")


def test_building_again_records_only_what_changed(published, fares, project):
    sync_catalog()
    sync_catalog()
    contract = project / "data_contracts" / "rides.yaml"
    contract.write_text(contract.read_text().replace("How far it went.", "How far it drove."))
    sync_catalog()

    assert metadata().latest("catalog", "dataset:rides").revision == 2
    assert metadata().latest("catalog", "feature:fares/ride").revision == 1


def test_a_use_case_that_is_gone_is_no_longer_listed(published, fares):
    sync_catalog()
    (fares / "use_case.yaml").unlink()
    sync_catalog()
    assert stored_catalog().features == ()
