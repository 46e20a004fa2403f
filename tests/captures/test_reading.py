"""Reading one day of captures."""

import json
from datetime import timedelta

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.captures import capture_days, read_captures, write_captures
from driftgate.errors import Tampered
from driftgate.lake import lake

NAME, DAY = "flight_delays", "2013-04-02"


def test_a_day_comes_back_with_types_and_nulls(capture):
    write_captures([capture(1), capture(2, score=None, error="ValueError: no", model_version="2")])
    table = read_captures(NAME, DAY)

    assert table.schema.field("received_at").type == pa.timestamp("us", "UTC")
    assert table.column("received_at")[0].as_py() == capture().received_at
    assert table.column("score").to_pylist() == [0.25, None]
    assert table.column("error").to_pylist() == [None, "ValueError: no"]
    assert table.column("features")[0].as_py() == capture().features


def test_a_day_without_captures_has_the_same_columns(capture):
    write_captures([capture()])
    empty = read_captures(NAME, "2013-04-03")

    assert empty.num_rows == 0
    assert empty.schema == read_captures(NAME, DAY).schema


def test_rows_are_ordered_by_arrival_then_prediction_then_role(capture):
    later = capture().received_at + timedelta(microseconds=1)
    write_captures([capture(1, received_at=later), capture(3), capture(2, variant_role="shadow"), capture(2)])
    rows = read_captures(NAME, DAY).select(["prediction_id", "variant_role"]).to_pylist()

    assert [(int(row["prediction_id"], 16), row["variant_role"]) for row in rows] == [
        (2, "champion"),
        (2, "shadow"),
        (3, "champion"),
        (1, "champion"),
    ]


def test_what_was_stored_twice_is_read_once(capture):
    write_captures([capture(1), capture(2)])
    write_captures([capture(2), capture(3), capture(2, variant_role="shadow"), capture(2, model_version="9")])

    assert read_captures(NAME, DAY).num_rows == 5


@pytest.mark.parametrize("text", ["ü → 航空", "\ud800", "\x00\x1f", 'a "quote"\n\ta line', "\\"])
def test_any_text_survives(capture, text):
    write_captures([capture(1, features=f"{text!a}", step=text.encode("utf-8", "replace").decode()), capture(2)])

    assert read_captures(NAME, DAY).column("features")[0].as_py() == f"{text!a}"


def test_a_very_long_line_is_read(capture):
    write_captures([capture(1, features="x" * 3_000_000), capture(2)])

    assert len(read_captures(NAME, DAY).column("features")[0].as_py()) == 3_000_000


def test_an_object_that_is_not_captures_is_a_sentence(capture):
    write_captures([capture()])
    lake().write(f"captures/{NAME}/{DAY}/zzz.jsonl", b'{"prediction_id": 3}\n')

    with pytest.raises(
        Tampered, match=r"captures/flight_delays/2013-04-02 holds an object that is not captures.*remove it"
    ):
        read_captures(NAME, DAY)


def test_the_days_with_captures_are_listed_in_order(capture):
    write_captures([capture(1, event_time="2013-04-10T00:00"), capture(2), capture(3, use_case="other")])

    assert capture_days(NAME) == ["2013-04-02", "2013-04-10"]
    assert capture_days("never_asked") == []


def test_a_capture_from_before_requests_and_consumers_were_noted_is_read(capture):
    path, line = f"{uris.captures(NAME, DAY)}/old.jsonl", json.loads(capture().line())
    del line["request_id"], line["consumer"]
    lake().write(path, json.dumps(line).encode() + b"\n")

    (found,) = read_captures(NAME, DAY).to_pylist()
    assert (found["request_id"], found["consumer"]) == (None, None)
