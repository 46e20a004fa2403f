"""Publishing splits the rows, and refuses what was not judged fit."""

import os
from datetime import datetime

import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.errors import ConfigError, ContractBroken, SourceMissing
from driftgate.lake import lake, manifest_of, publish, read_manifest, read_table, revisions

from .conftest import KEY


def test_rows_in_are_rows_validated_and_rows_quarantined(ingested):
    raw = ingested(zone={2: "west"}, fare_usd={4: -1.0})
    validate_partition("trips", KEY)
    result = publish_partition("trips", KEY)

    assert (result.rows_in, result.rows_validated, result.rows_quarantined) == (10, 8, 2)
    assert result.manifest.inputs == result.quarantined.inputs == (raw.hash,)
    assert result.manifest.contract == "trips@2.1.0"
    assert read_manifest(lake(), f"validated/trips/{KEY}") == result.manifest
    assert read_table(lake(), result.quarantined)["_rules"].to_pylist() == [["zone.known"], ["fare_usd.range"]]
    assert "reason" not in read_table(lake(), result.manifest).column_names


def test_publishing_again_changes_nothing(ingested):
    ingested(zone={2: "west"})
    validate_partition("trips", KEY)

    assert publish_partition("trips", KEY) == publish_partition("trips", KEY)


def test_a_better_delivery_takes_the_old_quarantine_away(ingested):
    ingested(zone={2: "west"})
    validate_partition("trips", KEY)
    publish_partition("trips", KEY)
    ingested()
    validate_partition("trips", KEY)
    result = publish_partition("trips", KEY)

    assert (result.quarantined, result.rows_validated) == (None, 10)
    with pytest.raises(SourceMissing):
        read_manifest(lake(), f"quarantine/trips/{KEY}")


def test_a_partition_without_a_report_is_refused(ingested):
    ingested()
    with pytest.raises(ContractBroken, match="was not judged; run its validate task"):
        publish_partition("trips", KEY)


def test_a_report_about_other_rows_is_refused(ingested):
    ingested()
    validate_partition("trips", KEY)
    ingested(rows=11)
    with pytest.raises(ContractBroken, match="is about other rows, another contract or other decisions"):
        publish_partition("trips", KEY)


def test_a_report_under_another_contract_is_refused(ingested, project):
    ingested(fare_usd={2: 400.0})
    validate_partition("trips", KEY)
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(path.read_text().replace("maximum: 500", "maximum: 300"))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ContractBroken, match="is about other rows, another contract or other decisions"):
        publish_partition("trips", KEY)


def test_a_critical_failure_is_refused_and_leaves_what_was_published(ingested):
    ingested()
    validate_partition("trips", KEY)
    before = publish_partition("trips", KEY)
    ingested(zone={row: "west" for row in range(5)})
    with pytest.raises(ContractBroken):
        validate_partition("trips", KEY)
    with pytest.raises(ContractBroken, match=r"broke critical rules \(zone.mostly_known\) and must not be published"):
        publish_partition("trips", KEY)

    assert read_manifest(lake(), f"validated/trips/{KEY}") == before.manifest


def test_a_key_that_is_no_day_is_refused(project):
    with pytest.raises(ConfigError, match="is not a date"):
        publish_partition("trips", "april")


def test_validated_rows_are_known_since_their_delivery_is_and_say_which_columns_are_outcomes(ingested, trips):
    delivered, corrected = datetime(2013, 4, 2, 6), datetime(2013, 4, 9, 12)
    for known_at, fare in ((delivered, 10.0), (corrected, 12.0)):
        publish(lake(), f"raw/trips/{KEY}", trips(fare_usd={0: fare}), known_at=known_at, contract="trips@2.1.0")
        validate_partition("trips", KEY)
        manifest = publish_partition("trips", KEY).manifest
    first, second = revisions(lake(), f"validated/trips/{KEY}")

    assert (first.known_at, second.known_at) == (delivered, corrected)
    assert second.manifest == manifest.hash
    assert manifest.outcomes == ("fare_usd",)
    assert (
        read_table(lake(), manifest_of(lake(), f"validated/trips/{KEY}", first.manifest))["fare_usd"][0].as_py() == 10
    )


def test_a_delivery_without_a_time_is_known_when_it_was_due(ingested):
    ingested()
    validate_partition("trips", KEY)
    publish_partition("trips", KEY)
    (revision,) = revisions(lake(), f"validated/trips/{KEY}")

    assert revision.known_at == datetime(2013, 4, 2)


def test_the_same_again_adds_no_revision_and_changes_no_byte(ingested):
    ingested(zone={2: "west"})
    validate_partition("trips", KEY)
    first, again = publish_partition("trips", KEY), publish_partition("trips", KEY)

    assert first == again
    assert len(revisions(lake(), f"validated/trips/{KEY}")) == 1
