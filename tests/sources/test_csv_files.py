"""CSV is parsed strictly: what does not parse is named by row and column, and nothing is published."""

import gzip
import os
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.errors import SourceBroken, SourceUnready
from driftgate.lake import lake, read_table
from driftgate.sources import bounds, csv_files, ingest_partition

from .conftest import COLUMNS, CSV, let_alone

KEY = "2013-04-01"
HEADER = ",".join(COLUMNS) + "\n"
GOOD = "1,2013-04-01 08:30:00,Harlem,4,12.5,true,2013-04-01\n"
GZ = CSV.replace(".csv", ".csv.gz")
ZST = CSV.replace(".csv", ".csv.zst")


def drop(home: Path, data: str | bytes, suffix: str = ".csv", *, settled: bool = True) -> Path:
    path = home / "drop" / "cab" / "trips" / f"{KEY}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return let_alone(path) if settled else path


def ingest():
    return ingest_partition("cab", "trips", KEY)


def only_row(manifest):
    (row,) = read_table(lake(), manifest).to_pylist()
    return row


def row(**values: str) -> str:
    cells = dict(zip(COLUMNS, GOOD.strip().split(","), strict=True)) | values
    return ",".join(cells.values()) + "\n"


WRONG = {
    "a word for a number": (row(seats="four"), "row 3", "'seats'", "a whole number of 32 bits, found 'four'"),
    "a number too large": (row(seats="3000000000"), "row 3", "'seats'", "32 bits, found '3000000000'"),
    "a fraction for a whole number": (row(seats="1.0"), "row 3", "'seats'", "32 bits, found '1.0'"),
    "a decimal comma": (row(fare_usd='"12,5"'), "row 3", "'fare_usd'", "a decimal point, found '12,5'"),
    "a thousands separator": (row(fare_usd='"1,000.5"'), "row 3", "'fare_usd'", "found '1,000.5'"),
    "a word for a flag": (row(shared="yes"), "row 3", "'shared'", "expected true or false, found 'yes'"),
    "NA": (row(seats="NA"), "row 3", "'seats'", "found 'NA'"),
    "an American date": (row(billed_on="04/01/2013"), "row 3", "'billed_on'", "a date, as 2013-04-01, found '04/01"),
    "a time with a zone": (row(started_at="2013-04-01T08:30:00Z"), "row 3", "'started_at'", "a time without a zone"),
    "nanoseconds": (row(started_at="2013-04-01 08:30:00.0000001"), "row 3", "'started_at'", "a time without a zone"),
    "a cell too many": (
        row(billed_on="2013-04-01,secret"),
        "row 3 (the header is row 1) has 8 values, the header has",
    ),
    "a cell too few": ("1,secret\n", "row 3 (the header is row 1) has 2 values, the header has 7"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_value_that_does_not_parse_is_named(what, trips, project_home):
    trips(CSV)
    line, *telling = WRONG[what]
    path = drop(project_home, HEADER + GOOD + line)
    with pytest.raises(SourceBroken) as refused:
        ingest()
    sentence = str(refused.value)
    assert sentence.startswith(f"{path} cannot be read: row 3 (the header is row 1)")
    assert all(words in sentence for words in telling)
    assert "secret" not in sentence
    assert "\n" not in sentence
    assert lake().list("raw") == []


def test_the_row_is_right_deep_in_a_file_and_with_undeclared_columns(trips, project_home):
    trips(CSV)
    lines = [f"x,{GOOD}"] * 100_000
    lines[90_000] = f"x,{row(seats='many')}"
    drop(project_home, f"extra,{HEADER}" + "".join(lines))
    with pytest.raises(SourceBroken, match=r"row 90002 .* column 'seats': expected a whole number"):
        ingest()


def test_a_value_that_must_not_be_shown_is_not(trips, project_home):
    trips(CSV, pii=("seats",))
    drop(project_home, HEADER + row(seats="0176-1234567"))
    with pytest.raises(SourceBroken) as refused:
        ingest()
    assert "'seats': expected a whole number of 32 bits; have" in str(refused.value)
    assert "0176" not in str(refused.value)


READ = {
    "an empty cell is missing": (row(zone="", seats=""), {"zone": None, "seats": None}),
    "quoted emptiness is text": (row(zone='""'), {"zone": ""}),
    "NA is text": (row(zone="NA"), {"zone": "NA"}),
    "a T between day and time": (row(started_at="2013-04-01T08:30:00"), {"started_at": datetime(2013, 4, 1, 8, 30)}),
    "a number that is none": (row(fare_usd="nan"), {"fare_usd": None}),
    "an exponent": (row(fare_usd="1e3"), {"fare_usd": 1000.0}),
    "Windows lines": (GOOD.replace("\n", "\r\n"), {"zone": "Harlem"}),
    "a comma and a line in quotes": (row(zone='"a, ""b""\nc"'), {"zone": 'a, "b"\nc'}),
}


@pytest.mark.parametrize("what", READ)
def test_what_parses_is_what_was_meant(what, trips, project_home):
    trips(CSV)
    line, expected = READ[what]
    drop(project_home, HEADER + line)
    found = only_row(ingest())

    assert {name: found[name] for name in expected} == expected


def test_a_byte_order_mark_belongs_to_no_column(trips, project_home):
    trips(CSV)
    drop(project_home, "\ufeff" + HEADER + GOOD)

    assert only_row(ingest())["trip"] == 1


def test_columns_may_come_in_another_order_and_more_of_them(trips, project_home):
    trips(CSV)
    names, cells = list(COLUMNS)[::-1], GOOD.strip().split(",")[::-1]
    drop(project_home, ",".join(["pilot", *names]) + "\n" + ",".join(["x", *cells]) + "\n")
    manifest = ingest()

    assert manifest.dropped == ("pilot",)
    assert only_row(manifest)["seats"] == 4


@pytest.mark.parametrize(
    ("header", "telling"),
    [
        (HEADER.replace("zone", "zon"), "it lacks the column 'zone'; did you mean 'zon'?"),
        (HEADER.replace("zone", "trip"), "it has the column 'trip' twice"),
        (GOOD, "it lacks the column 'trip'"),
    ],
    ids=["a renamed column", "a column twice", "no header"],
)
def test_a_header_that_is_not_the_contracts_is_refused(header, telling, trips, project_home):
    trips(CSV)
    drop(project_home, header + GOOD)
    with pytest.raises(SourceBroken) as refused:
        ingest()
    assert telling in str(refused.value)


TORN_IN_QUOTES = 'seats,fare_usd,shared,billed_on,trip,started_at,zone\n4,1,true,,1,2013-04-01 08:30:00,"Har\n'


@pytest.mark.parametrize(
    ("data", "telling"),
    [
        (b"", "has no end of line in its first 4 MiB"),
        (HEADER.encode(), "it has no rows"),
        ((HEADER + GOOD).encode()[:-1], "is torn: its last line has no end"),
        (TORN_IN_QUOTES.encode(), "is torn: a quote is not closed"),
        ((HEADER + GOOD).encode().replace(b"Harlem", b"\xff\xfe"), "text in UTF-8"),
        (b"PAR1" + bytes(100) + b"\n" + bytes(50) + b"PAR1", "it lacks the column"),
        (b"\xff\xfea\x00\n", "is not CSV in UTF-8"),
    ],
    ids=["empty", "a header only", "torn in a line", "torn in quotes", "no UTF-8", "Parquet", "UTF-16"],
)
def test_what_is_no_whole_csv_is_refused(data, telling, trips, project_home):
    trips(CSV)
    drop(project_home, data)
    with pytest.raises(SourceBroken, match=telling):
        ingest()
    assert lake().list("raw") == []


@pytest.mark.parametrize("where", ["header", "row"])
def test_an_endless_line_is_refused_before_it_fills_the_memory(where, trips, project_home):
    trips(CSV)
    endless = "x" * (3 * csv_files.BLOCK_BYTES)
    drop(project_home, endless if where == "header" else HEADER + GOOD + row(zone=endless) + GOOD)
    with pytest.raises(SourceBroken, match=r"no end of line in its first 4 MiB|a line that is longer than 4 MiB"):
        ingest()


def packed(kind: str, data: bytes) -> bytes:
    return gzip.compress(data) if kind == "gz" else pa.compress(data, "zstd", asbytes=True)


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("cut", [4, 20, -1, -9])
def test_a_torn_packed_file_is_refused(kind, cut, trips, project_home):
    trips(GZ if kind == "gz" else ZST)
    drop(project_home, packed(kind, (HEADER + GOOD * 1000).encode())[:cut], f".csv.{kind}")
    with pytest.raises(SourceBroken, match=r"is torn or not packed as|has no end of line"):
        ingest()
    assert lake().list("raw") == []


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_what_is_not_packed_is_refused(kind, trips, project_home):
    trips(GZ if kind == "gz" else ZST)
    drop(project_home, HEADER + GOOD, f".csv.{kind}")
    with pytest.raises(SourceBroken, match="is torn or not packed as"):
        ingest()


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_bomb_is_refused_while_it_unpacks(kind, trips, project_home, monkeypatch):
    trips(GZ if kind == "gz" else ZST)
    monkeypatch.setattr(bounds, "RATIO_FROM_BYTES", 2**23)
    monkeypatch.setattr(bounds, "MOST_RATIO", 100)
    drop(project_home, packed(kind, (HEADER + GOOD * 500_000).encode()), f".csv.{kind}")
    with pytest.raises(SourceBroken, match="as a decompression bomb does; look at who delivered it"):
        ingest()
    assert lake().list("raw") == []


def test_a_file_that_was_written_a_moment_ago_is_not_read(trips, project_home):
    trips(CSV)
    path = drop(project_home, HEADER + GOOD, settled=False)
    with pytest.raises(SourceUnready, match="was written a moment ago and cannot say that it is whole"):
        ingest()
    let_alone(path)
    assert ingest().rows == 1


@pytest.mark.parametrize("marker", ["_SUCCESS", f"{KEY}.csv.done"])
def test_a_marker_says_that_it_is_whole(marker, trips, project_home):
    trips(CSV)
    path = drop(project_home, HEADER + GOOD, settled=False)
    done = path.with_name(marker)
    done.touch()
    os.utime(done, ns=(0, path.stat().st_mtime_ns - 1))
    with pytest.raises(SourceUnready):  # a marker of an earlier delivery says nothing about this one
        ingest()
    os.utime(done, ns=(0, path.stat().st_mtime_ns))
    assert ingest().rows == 1
