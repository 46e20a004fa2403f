"""Ingesting gives the same manifest for the same file, however often and by how many at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.errors import ConfigError, SourceBroken, SourceMissing
from driftgate.lake import lake, read_manifest, read_table
from driftgate.records import sha256
from driftgate.sources import ingest_partition, sample

from .conftest import KEY


def ingest(key: str = KEY):
    return ingest_partition("nycflights", "flights", key)


def test_the_raw_partition_holds_the_rows_and_names_the_file_they_came_from(drop):
    path = drop()
    manifest = ingest()

    assert manifest.path == f"raw/flights/{KEY}"
    assert manifest.inputs == (sha256(path.read_bytes()),)
    assert manifest.contract == "flights@1.1.0"
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
    path.write_bytes(b"PAR1")
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
