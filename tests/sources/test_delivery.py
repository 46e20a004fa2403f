"""A delivered file that is not what the contract promises is refused in a sentence that says how."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from driftgate.contracts import load_contract
from driftgate.errors import SourceBroken, SourceMissing
from driftgate.lake import to_parquet
from driftgate.sources import sample
from driftgate.sources.delivery import delivery_file, read_delivery

from .conftest import KEY


def read(path, dataset="flights"):
    return read_delivery(path, load_contract(dataset), KEY)


def cast(name, kind):
    return lambda table: table.set_column(table.column_names.index(name), name, table[name].cast(kind))


def rename(old, new):
    return lambda table: table.rename_columns([new if name == old else name for name in table.column_names])


def at_noon_of_the_next_day(table):
    times = [datetime(2013, 2, 13, 12), *table["scheduled_departure"].to_pylist()[1:]]
    return table.set_column(5, "scheduled_departure", pa.array(times, pa.timestamp("us")))


WRONG = {
    "no rows": (lambda table: table.slice(0, 0), "it has no rows"),
    "a renamed column": (
        rename("tail_number", "tailnumber"),
        "it lacks the column 'tail_number'; did you mean 'tailnumber'? Columns unknown to the contract: tailnumber",
    ),
    "a missing column": (lambda table: table.drop_columns(["dest"]), "it lacks the column 'dest'"),
    "an extra column": (
        lambda table: table.append_column("pilot", table["carrier"]),
        "it has the column 'pilot', which the contract does not have",
    ),
    "a column twice": (lambda table: table.append_column("dest", table["dest"]), "it has the column 'dest' twice"),
    "a changed type": (cast("flight", pa.string()), "its column 'flight' is string, promised is int32"),
    "a wider type": (cast("flight", pa.int64()), "its column 'flight' is int64, promised is int32"),
    "times with a zone": (
        cast("scheduled_departure", pa.timestamp("us", "UTC")),
        "is timestamp[us, tz=UTC], promised is timestamp[us]",
    ),
    "a row of another day": (
        at_noon_of_the_next_day,
        f"1 rows have a scheduled_departure on another day than {KEY}, the first 2013-02-13 12:00:00",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_another_shape_is_refused_in_a_sentence(what, drop):
    change, telling = WRONG[what]
    path = drop(change=change)
    with pytest.raises(SourceBroken) as refused:
        read(path)

    assert f"{path} is not what flights@1.1.0 promises" in str(refused.value)
    assert telling in str(refused.value)
    assert "deliver it again" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_missing(project_home):
    with pytest.raises(SourceMissing, match=rf"'nycflights' has not delivered flights for {KEY}; have it delivered"):
        read(delivery_file(sample.SOURCE, "flights", KEY))


@pytest.mark.parametrize("kept", [0, 4, 1000, -1])
def test_a_truncated_file_is_refused(kept, drop):
    path = drop()
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        read(path)


def test_a_damaged_file_is_refused(drop):
    path = drop()
    data = bytearray(path.read_bytes())
    data[100:3000] = bytes(2900)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        read(path)


def test_a_csv_file_is_refused(drop):
    path = drop()
    path.write_text("carrier,flight\nUA,1\n")
    with pytest.raises(SourceBroken, match="is not a whole Parquet file"):
        read(path)


def test_columns_in_another_order_are_put_right(drop):
    table = sample.table_of("flights", KEY)
    path = drop(change=lambda table: table.select(sorted(table.column_names)))

    assert read(path)[1].equals(table)


def test_nan_becomes_null(drop):
    def with_nan(table):
        values = np.full(table.num_rows, np.nan)
        return table.set_column(2, "temperature_f", pa.array(values))

    path = drop("weather", with_nan)

    assert read(path, "weather")[1]["temperature_f"].null_count == 72


def test_the_bytes_are_those_of_the_file(drop):
    data, table = read(drop("planes"), "planes")

    assert data == to_parquet(table)
