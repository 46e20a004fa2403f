"""Rows out of CSV and Arrow: the same as out of JSON, and never more than the body may hold."""

import io
import json
import struct
from datetime import datetime

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.endpoint.refusals import Refused
from driftgate.endpoint.tables import arrow_rows, csv_rows
from driftgate.errors import RequestRefused
from driftgate.models import Column, Signature

KINDS = {"carrier": "string", "flight": "integer", "temperature_f": "number", "scheduled_departure": "timestamp"}
SIGNATURE = Signature(
    columns=tuple(Column(name=name, type=kind, nullable=True, null_in_training=True) for name, kind in KINDS.items())
)
ROWS = [
    {"carrier": "UA", "flight": 7, "temperature_f": 39.02, "scheduled_departure": "2013-03-14T05:15:00"},
    {"carrier": 'B, 6\r\n"', "flight": None, "temperature_f": None, "scheduled_departure": "2013-03-14T05:15:00"},
]


def stream(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def arrow_table(**replaced):
    columns = {name: [row[name] for row in ROWS] for name in KINDS}
    columns["scheduled_departure"] = [datetime.fromisoformat(text) for text in columns["scheduled_departure"]]
    return pa.table({**columns, **replaced})


def test_csv_gives_the_rows_of_json():
    text = io.BytesIO()
    pa.csv.write_csv(pa.Table.from_pylist(ROWS), text)
    rows = csv_rows(text.getvalue(), SIGNATURE, max_rows=2)

    assert rows == ROWS
    SIGNATURE.check(rows)


def test_arrow_gives_the_rows_of_json():
    rows = arrow_rows(stream(arrow_table()), max_rows=2)

    assert rows == ROWS
    SIGNATURE.check(rows)


def test_nanoseconds_and_columns_of_nulls_as_pandas_writes_them_are_read():
    times = pa.array([datetime(2013, 3, 14, 5, 15)] * 2, pa.timestamp("ns"))
    rows = arrow_rows(stream(arrow_table(scheduled_departure=times, carrier=pa.nulls(2))), max_rows=2)

    assert [row["scheduled_departure"] for row in rows] == ["2013-03-14T05:15:00"] * 2
    assert [row["carrier"] for row in rows] == [None, None]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("flight", "1.5", "Row 1: field 'flight': expected a whole number or null, found '1.5'"),
        ("flight", "٣", "Row 1: field 'flight': expected a whole number or null"),
        ("flight", "9" * 5000, "Row 1: field 'flight': expected a whole number or null"),
        ("temperature_f", "cold", "Row 1: field 'temperature_f': expected a finite number or null, found 'cold'"),
        ("temperature_f", "nan", "Row 1: field 'temperature_f': expected a finite number or null, found nan"),
        ("scheduled_departure", "today", "Row 1: field 'scheduled_departure': expected a time without zone"),
    ],
)
def test_a_field_that_is_no_value_is_named_by_row_and_column(field, value, sentence):
    good = {"carrier": "UA", "flight": "7", "temperature_f": "39", "scheduled_departure": "2013-03-14T05:15"}
    lines = [",".join(KINDS), ",".join(good.values()), ",".join({**good, field: value}.values())]
    with pytest.raises(RequestRefused) as refused:
        SIGNATURE.check(csv_rows("\n".join(lines).encode(), SIGNATURE, max_rows=2))
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "The body has no rows; send a header"),
        (b"carrier,flight", 400, "The body has no rows; send a header"),
        (b"carrier,carrier\nUA,B6", 400, "The body has the column 'carrier' twice"),
        (b"carrier,flight\nUA,1\nUA", 400, "Row 1 has 1 fields and the header 2"),
        (b"carrier\nUA\nUA\nUA", 413, "The request has more than the 2 rows"),
        (b"carrier\n\xff", 400, "The body is not UTF-8: byte 8"),
        (b'carrier\n"UA', 400, "The body is not CSV (unexpected end of data, line 2)"),
        (b"carrier\n" + b"A" * 200_000, 400, "The body is not CSV (field larger than field limit"),
    ],
)
def test_a_csv_that_cannot_be_read_is_a_sentence(body, status, sentence):
    with pytest.raises(Refused) as refused:
        csv_rows(body, SIGNATURE, max_rows=2)
    assert str(refused.value).startswith(sentence)
    assert refused.value.status == status


MANY_NULLS = stream(pa.table({"carrier": pa.nulls(3000)})).replace(struct.pack("<q", 3000), struct.pack("<q", 2**40))
BOMB = pa.table({"carrier": pa.array(["A" * 4_000_000] * 2)})


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "The body is not an Arrow stream"),
        (b"{}", 400, "The body is not an Arrow stream"),
        (stream(arrow_table())[:-300], 400, "The body is not an Arrow stream"),
        (stream(pa.table({"carrier": pa.array([], pa.string())})), 400, "The body has no rows"),
        (stream(pa.table({"carrier": ["UA"] * 3})), 413, "The request has more than the 2 rows"),
        (MANY_NULLS, 413, "The request has more than the 2 rows"),
        (stream(BOMB, compression="zstd"), 400, "The Arrow stream has compressed batches"),
        (stream(BOMB, compression="lz4"), 400, "The Arrow stream has compressed batches"),
        (
            stream(BOMB.set_column(0, "carrier", BOMB.column(0).dictionary_encode())),
            400,
            "The column 'carrier' is dict",
        ),
        (stream(pa.table({"carrier": [[1], [2]]})), 400, "The column 'carrier' is list<"),
        (stream(pa.table([["UA"], ["B6"]], names=["carrier", "carrier"])), 400, "The body has the column 'carrier'"),
    ],
)
def test_an_arrow_stream_that_is_broken_or_grows_is_a_sentence(body, status, sentence):
    before = pa.total_allocated_bytes()
    with pytest.raises(Refused) as refused:
        arrow_rows(body, max_rows=2)
    assert str(refused.value).startswith(sentence)
    assert refused.value.status == status
    assert pa.total_allocated_bytes() - before < 100_000


GOOD = stream(arrow_table())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_no_damage_to_a_stream_is_more_than_a_sentence(place, byte, end):
    damaged = (GOOD[:place] + bytes([byte]) + GOOD[place + 1 :])[:end]
    try:
        json.dumps(arrow_rows(damaged, max_rows=2))
    except Refused as refused:
        assert refused.status in (400, 413)
    except TypeError:
        raise AssertionError("a value that JSON would not have given") from None
