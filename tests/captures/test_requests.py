"""Captured requests are read as the columns of a profile, whatever callers wrote."""

import json
import math

import pyarrow as pa

from driftgate.captures.requests import request_rows, requested
from driftgate.profiles import profile_table

KNOWN = profile_table(pa.table({"seats": [1.5, 2.0], "carrier": ["AA", "UA"], "gust": [1, 2]})).columns


def captures(*rows: str) -> pa.Table:
    return pa.table({"features": pa.array(rows, pa.string())})


def test_numbers_and_words_are_columns_and_what_is_not_there_is_null() -> None:
    found = requested(captures('{"seats": 3, "carrier": "AA"}', '{"seats": null, "other": 1}'), KNOWN)
    assert found.to_pydict() == {"seats": [3.0, None], "carrier": ["AA", None], "gust": [None, None]}
    assert found.schema.types == [pa.float64(), pa.string(), pa.float64()]


def test_values_of_another_type_are_told_one_by_one() -> None:
    rows = [{"seats": value, "carrier": value} for value in ("many", True, 2**60 + 1, 1.5, [1], 10**30)]
    found = requested(captures(*map(json.dumps, rows)), KNOWN)
    assert found.column("seats").to_pylist() == [None, 1.0, float(2**60), 1.5, None, 1e30]
    assert found.column("carrier").to_pylist() == ["many", "true", str(2**60 + 1), "1.5", "[1]", str(10**30)]


def test_what_only_python_reads_is_read() -> None:
    half, beyond = request_rows(captures('{"carrier": "\\ud800"}', '{"seats": NaN}'))
    assert half == {"carrier": "\ud800"}
    assert math.isnan(beyond["seats"])


def test_no_captures_are_columns_without_rows() -> None:
    assert requested(captures(), KNOWN).schema.types == [pa.float64(), pa.string(), pa.float64()]
