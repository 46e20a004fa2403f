"""A delivery that is not what the contract promises is refused in a sentence that says how."""

from datetime import datetime

import pyarrow as pa
import pytest

from driftgate.errors import SourceBroken
from driftgate.lake import lake, read_table
from driftgate.sources import ingest_partition, sample

from .conftest import KEY


def cast(name, kind):
    return lambda table: table.set_column(table.column_names.index(name), name, table[name].cast(kind))


def rename(old, new):
    return lambda table: table.rename_columns([new if name == old else name for name in table.column_names])


def at_midnight_of_the_next_day(table):
    times = [datetime(2013, 2, 13), *table["scheduled_departure"].to_pylist()[1:]]
    return table.set_column(5, "scheduled_departure", pa.array(times, pa.timestamp("us")))


WRONG = {
    "no rows": (lambda table: table.slice(0, 0), "it has no rows"),
    "a renamed column": (
        rename("tail_number", "tailnumber"),
        "it lacks the column 'tail_number'; did you mean 'tailnumber'? Columns unknown to the contract: tailnumber",
    ),
    "a missing column": (lambda table: table.drop_columns(["dest"]), "it lacks the column 'dest'"),
    "two missing columns": (
        lambda table: table.drop_columns(["dest"]).rename_columns({"tail_number": "tailnumber"}),
        "it lacks the column 'tail_number'; did you mean 'tailnumber'?; it lacks the column 'dest'. Columns unknown to "
        "the contract: tailnumber. Have",
    ),
    "a column twice": (lambda table: table.append_column("dest", table["dest"]), "it has the column 'dest' twice"),
    "an undeclared column twice": (
        lambda table: table.append_column("x", table["dest"]).append_column("x", table["dest"]),
        "it has the column 'x' twice",
    ),
    "a changed type": (cast("flight", pa.string()), "its column 'flight' is string, promised is int32"),
    "a wider type": (cast("flight", pa.int64()), "its column 'flight' is int64, promised is int32"),
    "times with a zone": (
        cast("scheduled_departure", pa.timestamp("us", "UTC")),
        "is timestamp[us, tz=UTC], promised is timestamp[us]",
    ),
    "a row of another day": (
        at_midnight_of_the_next_day,
        f"1 rows have a scheduled_departure on another day than {KEY}, the first 2013-02-13 00:00:00",
    ),
    "ten thousand columns": (
        lambda table: pa.table({f"c{number}": [1] for number in range(10_000)}),
        "has 10000 columns, more than the 2000 that are read",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_another_shape_is_refused_in_a_sentence_and_nothing_is_published(what, drop):
    change, telling = WRONG[what]
    path = drop(change=change)
    with pytest.raises(SourceBroken) as refused:
        ingest_partition(sample.SOURCE, "flights", KEY)

    assert str(refused.value).startswith(str(path))
    assert telling in str(refused.value)
    assert "the source deliver" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert lake().list("raw") == []


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()])
def test_text_is_text_however_it_is_laid_out(kind, drop):
    drop(change=cast("carrier", kind))
    manifest = ingest_partition(sample.SOURCE, "flights", KEY)

    assert read_table(lake(), manifest).equals(sample.table_of("flights", KEY))


def test_columns_in_another_order_are_put_right(drop):
    drop(change=lambda table: table.select(sorted(table.column_names)))
    manifest = ingest_partition(sample.SOURCE, "flights", KEY)

    assert read_table(lake(), manifest).equals(sample.table_of("flights", KEY))


def test_columns_that_nobody_declared_are_left_out_counted_and_named(drop, caplog):
    drop(change=lambda table: table.append_column("pilot", table["carrier"]).append_column("copilot", table["dest"]))
    manifest = ingest_partition(sample.SOURCE, "flights", KEY)

    assert manifest.dropped == ("copilot", "pilot")
    assert read_table(lake(), manifest).equals(sample.table_of("flights", KEY))
    assert f"flights {KEY}: 2 columns that no contract declares were left out: copilot, pilot" in caplog.text


def test_nan_becomes_null(drop):
    def with_nan(table):
        values = [float("nan")] * table.num_rows
        return table.set_column(2, "temperature_f", pa.array(values))

    drop("weather", with_nan)
    manifest = ingest_partition(sample.SOURCE, "weather", KEY)

    assert read_table(lake(), manifest)["temperature_f"].null_count == 72


def test_a_value_that_must_not_be_shown_is_not_in_the_sentence(trips, drop):
    from driftgate.sources import shape

    class Piece:
        where = "a file"

    contract = trips(pii=("started_at",))
    batch = pa.record_batch({"started_at": pa.array([datetime(1987, 6, 5)], pa.timestamp("us"))})
    with pytest.raises(SourceBroken, match=r"at least 1 rows have a started_at on another day than 2013-02-12\. Have"):
        shape.require_day(batch, Piece(), contract, KEY)
