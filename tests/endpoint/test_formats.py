"""What the headers ask for, and an answer written in each format."""

import csv
import io
import json

import pyarrow as pa
import pytest

from driftgate.endpoint.formats import ARROW, CSV, JSON, answer_format, body_format, written
from driftgate.endpoint.refusals import Refused

ANSWER = {
    "use_case": "flight_delays",
    "request_id": "abc",
    "predictions": [
        {"prediction_id": "1" * 32, "score": 0.25, "model_version": "7", "role": "champion"},
        {"prediction_id": "2" * 32, "score": 1 / 3, "model_version": "8", "role": "canary"},
    ],
    "warnings": ["Row 0: carrier is null."],
}


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", JSON),
        ("application/json", JSON),
        ("Application/JSON; charset=UTF-8", JSON),
        ('text/csv; charset="utf-8"; header=present', CSV),
        (ARROW, ARROW),
    ],
)
def test_a_body_is_what_its_content_type_says(header, form):
    assert body_format(header) == form


@pytest.mark.parametrize("header", ["text/plain", "application/x-www-form-urlencoded", "text/csv; charset=latin-1"])
def test_another_content_type_is_a_415(header):
    with pytest.raises(Refused, match="cannot be read; send application/json, text/csv or application/vnd") as refused:
        body_format(header)
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("text/csv", CSV),
        ("text/*", CSV),
        ("application/json;q=0.5, text/csv", CSV),
        (f"text/csv;q=0, {ARROW};q=0.1", ARROW),
    ],
)
def test_an_answer_is_what_the_caller_likes_best(header, form):
    assert answer_format(header) == form


@pytest.mark.parametrize("header", ["text/html", "application/json;q=0", "text/csv;q=many", ";;;"])
def test_an_answer_that_nobody_takes_is_a_406(header):
    with pytest.raises(Refused, match="Answers cannot be written as") as refused:
        answer_format(header)
    assert refused.value.status == 406


def test_every_format_says_the_same():
    table = pa.ipc.open_stream(written(ANSWER, ARROW)).read_all()
    lines = list(csv.DictReader(io.StringIO(written(ANSWER, CSV).decode(), newline="")))

    assert json.loads(written(ANSWER, JSON)) == ANSWER
    assert table.to_pylist() == ANSWER["predictions"]
    assert table.schema.metadata[b"request_id"] == b"abc"
    assert json.loads(table.schema.metadata[b"warnings"]) == ANSWER["warnings"]
    assert [{**line, "score": float(line["score"])} for line in lines] == ANSWER["predictions"]
