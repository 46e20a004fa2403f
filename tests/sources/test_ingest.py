"""Ingesting gives the same manifest for the same file, however often and by how many at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.errors import ConfigError, NotPermitted, SourceBroken, SourceMissing
from driftgate.lake import as_of, lake, manifest_of, read_manifest, read_table, revisions
from driftgate.records import sha256
from driftgate.sources import bring_in, ingest_partition, sample

from .conftest import KEY, PARQUET, let_alone, some_trips

NOON = datetime(2013, 2, 20, 12)


def ingest(key: str = KEY):
    return ingest_partition("nycflights", "flights", key)


def test_the_raw_partition_holds_the_rows_and_names_the_file_they_came_from(drop):
    path = drop()
    manifest = ingest()

    assert manifest.path == f"raw/flights/{KEY}"
    assert manifest.inputs == (sha256(path.read_bytes()),)
    assert manifest.contract == "flights@1.2.0"
    assert read_table(lake(), read_manifest(lake(), manifest.path)).equals(sample.table_of("flights", KEY))


def test_the_same_file_again_changes_nothing(drop):
    drop()
    first, before = ingest(), lake().list("raw")

    assert ingest() == first
    assert lake().list("raw") == before


def test_another_file_gives_another_manifest(drop):
    drop()
    first = ingest()
    drop(change=lambda table: table.slice(1))

    assert ingest().hash != first.hash


def test_many_threads_at_once_all_succeed_with_the_same_manifest(drop):
    drop()
    with ThreadPoolExecutor(8) as pool:
        manifests = list(pool.map(lambda _: ingest(), range(16)))

    assert len({manifest.hash for manifest in manifests}) == 1
    assert read_manifest(lake(), f"raw/flights/{KEY}") == manifests[0]


def test_two_processes_at_once_both_succeed_with_the_same_manifest(drop):
    drop()
    code = "from driftgate.sources import ingest_partition; print(ingest_partition('nycflights', 'flights', '{}').hash)"
    command = [sys.executable, "-c", code.format(KEY)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)]
    answers = {run.communicate()[0].strip() for run in runs}

    assert answers == {ingest().hash}


def test_a_broken_file_leaves_the_partition_as_it_was(drop):
    drop()
    first = ingest()
    path = drop()
    let_alone(path).write_bytes(b"PAR2")
    with pytest.raises(SourceBroken):
        ingest()

    assert read_manifest(lake(), f"raw/flights/{KEY}") == first


@pytest.mark.parametrize("key", ["2013-02-30", "2013-2-1", "yesterday", "", "../2013-02-12"])
def test_a_key_that_is_no_date_is_refused(key):
    with pytest.raises(ConfigError, match="is not a date; write it as YYYY-MM-DD"):
        ingest(key)


def test_a_key_of_the_future_is_refused():
    with pytest.raises(ConfigError, match="lies in the future"):
        ingest("2999-01-01")


def test_a_day_that_was_not_delivered_is_missing():
    with pytest.raises(SourceMissing, match="has not delivered flights for 2013-02-12"):
        ingest()


def test_a_dataset_of_another_source_is_refused():
    with pytest.raises(ConfigError, match="'flights' comes from 'nycflights', not from 'airline'"):
        ingest_partition("airline", "flights", KEY)


def test_an_unknown_dataset_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'planes'"):
        ingest_partition("nycflights", "plane", KEY)


@pytest.mark.parametrize("dataset", ["flights", "weather", "planes"])
def test_a_delivered_day_goes_all_the_way_to_the_validated_zone(dataset):
    sample.deliver(KEY, KEY)
    raw = ingest_partition("nycflights", dataset, KEY)
    report = validate_partition(dataset, KEY)
    result = publish_partition(dataset, KEY)

    assert result.rows_in == raw.rows == report.rows_in
    assert (result.rows_validated, result.rows_quarantined) == (report.rows_validated, report.rows_quarantined)
    assert result.rows_quarantined == (1 if dataset == "weather" else 0)


def test_a_partition_without_a_time_came_when_it_was_due(drop):
    drop()
    manifest = ingest()

    assert [one.known_at for one in revisions(lake(), manifest.path)] == [datetime(2013, 2, 13)]


@pytest.mark.parametrize(
    ("came", "known"),
    [(datetime(2013, 2, 12, 23), datetime(2013, 2, 13)), (datetime(2013, 2, 15), datetime(2013, 2, 15))],
    ids=["before it is due", "after it is due"],
)
def test_a_partition_is_known_since_it_came_and_never_before_it_is_due(came, known, drop):
    drop()
    manifest = ingest_partition(sample.SOURCE, "flights", KEY, known_at=came)

    assert [one.known_at for one in revisions(lake(), manifest.path)] == [known]


def test_the_latency_of_the_contract_counts(trips, project_home):
    trips(PARQUET)
    some_trips(project_home)
    manifest = ingest_partition("cab", "trips", "2013-04-01")

    assert [one.known_at for one in revisions(lake(), manifest.path)] == [datetime(2013, 4, 2, 6)]


def test_a_correction_is_known_since_now_and_the_old_content_stays_readable_as_of_its_time(drop):
    whole, path = sample.table_of("flights", KEY), f"raw/flights/{KEY}"
    drop()
    first = ingest()
    drop(change=lambda table: table.slice(1))
    second = bring_in(sample.SOURCE, "flights", KEY, now=NOON)

    assert (second.revision, second.duplicate) == (2, False)
    for moment, rows in [(datetime(2013, 2, 20, 11, 59), whole), (NOON, whole.slice(1))]:
        revision = as_of(lake(), path, moment)
        assert read_table(lake(), manifest_of(lake(), path, revision.manifest)).equals(rows)
    assert as_of(lake(), path, datetime(2013, 2, 12, 23)) is None
    assert read_manifest(lake(), path) == second.manifest != first


def test_a_correction_of_a_backfill_is_known_since_now_too(drop):
    drop()
    ingest()
    drop(change=lambda table: table.slice(1))
    manifest = bring_in(sample.SOURCE, "flights", KEY, known_at=None, now=NOON).manifest

    assert revisions(lake(), manifest.path)[-1].known_at == NOON


def test_the_first_content_again_after_a_correction_is_a_third_revision(drop):
    drop()
    first = bring_in(sample.SOURCE, "flights", KEY)
    drop(change=lambda table: table.slice(1))
    bring_in(sample.SOURCE, "flights", KEY, now=NOON)
    drop()
    third = bring_in(sample.SOURCE, "flights", KEY, now=NOON)

    assert (third.revision, third.duplicate) == (3, False)
    assert third.manifest == first.manifest


def test_a_snapshot_that_is_the_one_of_the_day_before_is_told(drop, caplog):
    drop("planes")
    drop("planes", key="2013-02-13")
    ingest_partition(sample.SOURCE, "planes", KEY)
    assert "same file" not in caplog.text
    ingest_partition(sample.SOURCE, "planes", "2013-02-13")
    assert "planes 2013-02-13: the source delivered the same file as for the day before" in caplog.text


def test_a_copied_file_is_refused_under_another_key(drop):
    copy = drop().with_name("2013-02-13.parquet")
    copy.write_bytes(drop().read_bytes())
    with pytest.raises(SourceBroken, match="rows have a scheduled_departure on another day than 2013-02-13"):
        ingest("2013-02-13")


@pytest.mark.parametrize(
    ("permissions", "sentence"),
    [
        ("{mlUse: false, legalBasis: contract}", "does not permit that models learn from it"),
        ("{mlUse: true, legalBasis: consent, expires: 2013-04-01}", "its days before 2013-04-01 only, and 2013-04-01"),
    ],
)
def test_data_that_may_not_be_used_is_not_brought_in(permissions, sentence, trips, project_home):
    trips(PARQUET, permissions=permissions)
    some_trips(project_home)
    with pytest.raises(NotPermitted, match=sentence):
        ingest_partition("cab", "trips", "2013-04-01")
    assert lake().list("") == []


def test_a_day_before_the_permission_expires_is_brought_in(trips, project_home):
    trips(PARQUET, permissions="{mlUse: true, legalBasis: consent, expires: 2013-04-02}")
    some_trips(project_home)

    assert ingest_partition("cab", "trips", "2013-04-01").rows == 1000
