"""One suite for every kind of source: the same rows come out, whatever they came in."""

import gzip
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import sqlalchemy as sa
from moto import mock_aws

from driftgate.contracts import publish_partition, validate_partition
from driftgate.errors import SourceMissing
from driftgate.lake import lake, read_table, revisions
from driftgate.settings import project_root, settings
from driftgate.sources import bring_in, ingest_partition

from .conftest import COLUMNS, let_alone

KEY, NEXT = "2013-04-01", "2013-04-02"
ROWS = [
    (1, datetime(2013, 4, 1, 0, 0), "Harlem", 4, 12.5, True, date(2013, 4, 1)),
    (2, datetime(2013, 4, 1, 8, 30, 1, 250), 'a "quoted", one\nof two lines', None, None, None, None),
    (3, datetime(2013, 4, 1, 23, 59, 59, 999999), "Østerbro", -1, -0.1, False, date(1999, 12, 31)),
    (4, datetime(2013, 4, 1, 12, 0), None, 2**31 - 1, 1e300, True, None),
]
OTHER_DAY = [(9, datetime(2013, 4, 2, 0, 0), "Queens", 1, 1.0, True, None)]

Deliver = Callable[[list[tuple[object, ...]]], None]


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    kinds = [pa.int64(), pa.timestamp("us"), pa.string(), pa.int32(), pa.float64(), pa.bool_(), pa.date32()]
    fields = [pa.field(name, kind) for name, kind in zip(COLUMNS, kinds, strict=True)]
    return pa.Table.from_arrays(
        [pa.array([row[number] for row in rows], field.type) for number, field in enumerate(fields)],
        schema=pa.schema(fields),
    )


def as_csv(rows: list[tuple[object, ...]]) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table(rows), sink)
    return sink.getvalue().to_pybytes()


def as_parquet(rows: list[tuple[object, ...]]) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table(rows), sink)
    return sink.getvalue().to_pybytes()


FILES = {
    "parquet": (as_parquet, "parquet", ".parquet"),
    "csv": (as_csv, "csv", ".csv"),
    "csv.gz": (lambda rows: gzip.compress(as_csv(rows)), "csv", ".csv.gz"),
    "csv.zst": (lambda rows: pa.compress(as_csv(rows), "zstd", asbytes=True), "csv", ".csv.zst"),
}


def deliver_files(trips, kind: str, location: str) -> Deliver:
    """Deliver each day as two files, the second with the last row."""
    encode, form, suffix = FILES[kind]
    path = "cab/trips/{key}/*" + suffix
    if location == "s3":
        trips(f"{{server: cab, type: s3, location: 's3://drop/{path}', format: {form}}}")
    else:
        trips(f'{{server: cab, type: local, path: "{path}", format: {form}}}')
    if location == "s3 drop":
        file = project_root() / "include" / "settings" / "local.yaml"
        file.write_text(file.read_text().replace("drop: ${DRIFTGATE_HOME}/drop", "drop: s3://drop"))

    def deliver(rows: list[tuple[object, ...]], key: str = KEY) -> None:
        parts = {"a": rows[:-1], "b": rows[-1:]} if len(rows) > 1 else {"a": rows, "b": []}
        for name, part in parts.items():
            where = f"cab/trips/{key}/{name}{suffix}"
            if location.startswith("s3"):
                boto3.client("s3").put_object(Bucket="drop", Key=where, Body=encode(part))
                continue
            file = Path(settings().drop) / where
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encode(part))
            let_alone(file)

    return deliver


def deliver_rows(trips, url: str) -> Deliver:
    """Deliver rows by replacing those of the table, which has those of the next day too."""
    trips(
        "{server: cab, type: postgres, host: localhost, database: cab, customProperties: "
        "[{property: connection, value: CAB_DATABASE_URL}, {property: table, value: trips}]}"
    )
    os.environ["CAB_DATABASE_URL"] = url
    kinds = (sa.BigInteger, sa.DateTime, sa.Text, sa.Integer, sa.Double, sa.Boolean, sa.Date)
    columns = [sa.Column(name, kind) for name, kind in zip(COLUMNS, kinds, strict=True)]
    trip_table, engine = sa.Table("trips", sa.MetaData(), *columns), sa.create_engine(url)
    trip_table.metadata.create_all(engine)

    def deliver(rows: list[tuple[object, ...]], key: str = KEY) -> None:
        with engine.begin() as connection:
            connection.execute(trip_table.delete())
            for row in [*rows, *OTHER_DAY]:
                connection.execute(trip_table.insert().values(dict(zip(COLUMNS, row, strict=True))))
        engine.dispose()

    return deliver


@pytest.fixture(
    params=["parquet", "csv", "csv.gz", "csv.zst", "s3:parquet", "s3:csv.gz", "s3 drop:parquet", "sqlite", "postgres"]
)
def deliver(request, trips, tmp_path, monkeypatch) -> Iterator[Deliver]:
    """Deliver rows for ``KEY`` the way of one kind of source."""
    place, _, kind = request.param.rpartition(":")
    monkeypatch.setenv("CAB_DATABASE_URL", "")  # put back after the test
    if kind == "sqlite":
        yield deliver_rows(trips, f"sqlite:///{tmp_path}/cab.db")
    elif kind == "postgres":
        yield deliver_rows(trips, request.getfixturevalue("postgres"))
    elif place:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws():
            boto3.client("s3").create_bucket(Bucket="drop")
            yield deliver_files(trips, kind, place)
    else:
        yield deliver_files(trips, kind, "local")


def rows_of(manifest) -> list[tuple[object, ...]]:
    found = read_table(lake(), manifest)
    return sorted(zip(*(column.to_pylist() for column in found.columns), strict=True))


def test_the_rows_come_out_as_they_went_in(deliver):
    deliver(ROWS)
    manifest = ingest_partition("cab", "trips", KEY)

    assert rows_of(manifest) == ROWS
    assert read_table(lake(), manifest).schema == table(ROWS).schema


def test_the_same_again_is_a_duplicate_and_no_revision(deliver):
    deliver(ROWS)
    first, second = bring_in("cab", "trips", KEY), bring_in("cab", "trips", KEY)

    assert (first.duplicate, first.revision, second.duplicate, second.revision) == (False, 1, True, 1)
    assert first.manifest == second.manifest
    assert first.delivered == second.delivered
    assert first.manifest.inputs == tuple(digest for _, digest in first.delivered)
    assert all(len(digest) == 64 for digest in first.manifest.inputs)


def test_another_delivery_is_a_revision_and_the_old_one_stays(deliver):
    deliver(ROWS)
    first = bring_in("cab", "trips", KEY)
    deliver(ROWS[:-1])
    second = bring_in("cab", "trips", KEY)

    assert (second.revision, second.duplicate) == (2, False)
    assert rows_of(second.manifest) == ROWS[:-1]
    assert rows_of(first.manifest) == ROWS
    assert [one.manifest for one in revisions(lake(), first.manifest.path)] == [
        first.manifest.hash,
        second.manifest.hash,
    ]


def test_a_day_without_delivery_is_missing(deliver):
    deliver(ROWS)
    with pytest.raises(SourceMissing, match="2013-03-31"):
        ingest_partition("cab", "trips", "2013-03-31")
    assert lake().list("raw") == []


def test_rows_go_all_the_way_to_the_validated_zone(deliver):
    deliver(ROWS)
    ingest_partition("cab", "trips", KEY)
    validate_partition("trips", KEY)

    assert publish_partition("trips", KEY).rows_validated == len(ROWS)
