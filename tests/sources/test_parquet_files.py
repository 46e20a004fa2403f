"""Parquet files that are torn, damaged, still being written, or larger inside than any memory."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftgate.errors import SourceBroken, SourceMissing, SourceUnready
from driftgate.lake import lake, read_table
from driftgate.records import sha256
from driftgate.sources import bounds, ingest_partition, sample
from driftgate.sources.parquet_files import _compact_strings

from .conftest import KEY, PARQUET, let_alone


def ingest(dataset="flights"):
    return ingest_partition(sample.SOURCE, dataset, KEY)


def test_a_file_that_is_not_there_is_missing(project_home):
    with pytest.raises(SourceMissing, match=rf"'nycflights' has not delivered flights for {KEY}; have it delivered"):
        ingest()


@pytest.mark.parametrize("kept", [0, 4, 1000, -1])
def test_a_file_without_its_end_is_being_written_as_long_as_it_is_young(kept, drop):
    path = drop()
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SourceUnready, match="has no end: it is still being written or torn"):
        ingest()
    let_alone(path)
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        ingest()


@pytest.mark.parametrize("begin", [b"carrier,flight\nUA,1\n", b"PARE" + bytes(40), b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused_at_once(begin, drop):
    path = drop()
    path.write_bytes(begin)
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        ingest()


def test_a_wrong_magic_number_at_the_end_is_refused(drop):
    path = drop()
    path.write_bytes(path.read_bytes()[:-4] + b"PAR2")
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        ingest(let_alone(path) and "flights")


def test_damaged_pages_are_refused(drop):
    path = drop()
    data = bytearray(path.read_bytes())
    data[100:3000] = bytes(2900)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceBroken, match="is not a whole Parquet file") as refused:
        ingest()
    assert "\n" not in str(refused.value)
    assert lake().list("raw") == []


def test_a_footer_of_rubbish_is_refused(drop):
    path = drop()
    data = path.read_bytes()
    path.write_bytes(data[:-500] + bytes(492) + data[-8:])
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        ingest()


def test_the_hash_is_that_of_the_file(drop):
    path = drop("planes")

    assert ingest("planes").inputs == (sha256(path.read_bytes()),)


def trips_of(tmp_home, columns):
    rows = len(next(iter(columns.values())))
    table = pa.table(
        {
            "trip": pa.array(np.arange(rows)),
            "started_at": pa.array(np.full(rows, 1364803200_000000), pa.timestamp("us")),
            "zone": pa.array(["Harlem"] * rows),
            "seats": pa.array(np.ones(rows, np.int32)),
            "fare_usd": pa.array(np.zeros(rows)),
            "shared": pa.nulls(rows, pa.bool_()),
            "billed_on": pa.nulls(rows, pa.date32()),
        }
    )
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    path = tmp_home / "drop" / "cab" / "trips" / "2013-04-01.parquet"
    path.parent.mkdir(parents=True)
    return table, path


def test_a_bomb_of_zeros_is_refused_by_what_it_says_of_itself(trips, project_home, monkeypatch):
    trips(PARQUET)
    monkeypatch.setattr(bounds, "RATIO_FROM_BYTES", 2**24)
    table, path = trips_of(project_home, {"fare_usd": pa.array(np.zeros(4_000_000))})
    pq.write_table(table.select(["fare_usd"]), path, compression="zstd", use_dictionary=False)
    with pytest.raises(SourceBroken, match=r"has \d+ bytes and unpacks to more than 0.0298 GiB, as a decomp"):
        ingest_partition("cab", "trips", "2013-04-01")


def test_one_long_value_for_many_rows_is_refused_before_it_fills_the_memory(trips, project_home):
    """Packed it is ten megabytes; each batch of it would be hundreds of gigabytes."""
    trips(PARQUET)
    rows = 200_000
    long = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 100_000]))
    table, path = trips_of(project_home, {"zone": long})
    pq.write_table(table, path, compression="zstd", store_schema=False)
    assert _compact_strings(pq.ParquetFile(path).metadata) == ["zone"]
    before = pa.total_allocated_bytes()
    with pytest.raises(SourceBroken, match="as a decompression bomb does"):
        ingest_partition("cab", "trips", "2013-04-01")
    assert pa.total_allocated_bytes() - before < 2**30


def test_more_than_a_partition_may_have_is_refused(trips, project_home):
    trips(PARQUET)
    settings_file = project_home.parent / "project" / "include" / "settings" / "local.yaml"
    settings_file.write_text(settings_file.read_text() + "ingest: {max_bytes: 1000}\n")
    table, path = trips_of(project_home, {"zone": pa.array(["Harlem"] * 1000)})
    pq.write_table(table, path)
    with pytest.raises(SourceBroken, match="more than a partition may have; have it delivered in more partitions"):
        ingest_partition("cab", "trips", "2013-04-01")


def test_a_large_row_group_is_read_in_batches(trips, project_home):
    trips(PARQUET)
    table, path = trips_of(project_home, {"trip": pa.array(np.arange(300_000))})
    pq.write_table(table, path, row_group_size=300_000)
    manifest = ingest_partition("cab", "trips", "2013-04-01")

    assert manifest.rows == 300_000
    assert read_table(lake(), manifest)["trip"].to_numpy().tolist() == list(range(300_000))
