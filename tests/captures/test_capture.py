"""The record of one answer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.captures.capture import features_text, request_key


def test_the_stored_form_of_a_capture(capture):
    """Golden: what is in the lake is read for years."""
    assert capture(255).line().decode() == (
        '{"schema_version":1,"prediction_id":"000000000000000000000000000000ff","use_case":"flight_delays",'
        '"variant_role":"champion","model_version":"1","deployment_revision":3,"step":"serving","score":0.25,"error":null,'
        '"latency_ms":0.5,"received_at":"2026-11-24T18:30:00.123456+00:00","event_time":"2013-04-02T08:00:00",'
        '"request_key":"{\\"carrier\\": \\"UA\\"}","features":"{\\"carrier\\": \\"UA\\", \\"distance_miles\\": 1400}",'
        '"share":1.0,"request_id":null,"consumer":null}'
    )


@pytest.mark.parametrize(
    ("event_time", "day"),
    [("2013-04-02T23:59:59.999", "2013-04-02"), ("20130402T0800", "2013-04-02"), ("2013-W14-2", "2013-04-02")],
)
def test_the_day_is_the_date_of_the_event_however_it_is_written(capture, event_time, day):
    assert capture(event_time=event_time).day == day


def test_a_time_that_falls_on_a_whole_second_keeps_its_microseconds(capture):
    """One form of time in all lines: readers infer nothing from the first one."""
    received_at = capture().received_at.replace(microsecond=0)
    assert json.loads(capture(received_at=received_at).line())["received_at"] == "2026-11-24T18:30:00.000000+00:00"


def test_the_request_key_does_not_depend_on_the_order_of_fields():
    assert request_key({"b": 1, "a": None, "c": 3}, ("b", "a")) == '{"a": null, "b": 1}'


@given(
    st.dictionaries(st.text(max_size=4), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6))
)
def test_the_request_key_is_what_json_writes(row):
    """Routing hashes it: other bytes would send a caller to another variant."""
    assert request_key(row, tuple(row)) == json.dumps(row, sort_keys=True)


@pytest.mark.parametrize("row", [{}, {"a": 1, "b": None, "c": 0.1 + 0.2, "d": "Zo\u00eb \U0001f6eb"}, {"a": "\ud800"}])
def test_features_are_read_as_they_were(row):
    assert json.loads(features_text(row)) == row
    assert json.loads(features_text(row).encode("utf-8")) == row
