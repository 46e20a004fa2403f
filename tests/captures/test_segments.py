"""From a segment of the journal to objects in the lake."""

import pytest

from driftgate.captures import read_captures, write_captures
from driftgate.captures.segments import place_of, publish_segment, segment_lines
from driftgate.errors import Tampered
from driftgate.lake import lake


def test_a_segment_is_split_by_use_case_and_day(capture):
    lines = segment_lines([capture(1), capture(2, event_time="2013-04-03T00:10"), capture(3, use_case="other")])

    assert publish_segment(lake(), "7-ab", lines) == [
        "captures/flight_delays/2013-04-02/7-ab.jsonl",
        "captures/flight_delays/2013-04-03/7-ab.jsonl",
        "captures/other/2013-04-02/7-ab.jsonl",
    ]
    assert lake().read("captures/flight_delays/2013-04-02/7-ab.jsonl") == capture(1).line() + b"\n"


def test_a_segment_of_one_day_is_published_as_it_is(capture):
    data = segment_lines([capture(1), capture(2)])
    (path,) = publish_segment(lake(), f"7-ab.{place_of('flight.delays', ['2013-04-02'] * 2)}", data)

    assert path == "captures/flight.delays/2013-04-02/7-ab.jsonl"
    assert lake().read(path) == data


def test_lines_of_several_days_have_no_place():
    assert place_of("flight_delays", ["2013-04-02", "2013-04-03"]) == ""


def test_lines_of_an_earlier_version_are_read_too(capture):
    line = capture(1).line() + b"\n"
    paths = publish_segment(lake(), "7-ab", b"flight_delays/2013-04-02\t" + line + line)

    assert paths == ["captures/flight_delays/2013-04-02/7-ab.jsonl"]
    assert lake().read(paths[0]) == 2 * line


def test_publishing_twice_writes_the_same_objects(capture):
    lines = segment_lines([capture(1), capture(2)])
    first = {path: lake().read(path) for path in publish_segment(lake(), "7-ab", lines)}

    assert {path: lake().read(path) for path in publish_segment(lake(), "7-ab", lines)} == first
    assert lake().list("captures") == list(first)


@pytest.mark.parametrize("cut", [1, 30, 400])
def test_a_torn_last_line_is_dropped(capture, cut):
    lines = segment_lines([capture(1), capture(2)])
    publish_segment(lake(), "7-ab", lines[:-cut])

    assert read_captures("flight_delays", "2013-04-02").column("prediction_id").to_pylist() == [f"{1:032x}"]


def test_a_segment_of_nothing_but_a_torn_line_publishes_nothing(capture):
    assert publish_segment(lake(), "7-ab", segment_lines([capture()])[:-1]) == []


def test_a_segment_of_one_day_that_ends_in_the_middle_is_looked_through(capture):
    publish_segment(lake(), "7-ab.flight_delays.2013-04-02", segment_lines([capture(1), capture(2)])[:-1])

    assert read_captures("flight_delays", "2013-04-02").column("prediction_id").to_pylist() == [f"{1:032x}"]


@pytest.mark.parametrize("line", [b"\0\0\0\0", b"no tab {}", b"a/b/c\t{}", b"flight_delays/2013-04-02\t{", b""])
def test_a_line_that_no_endpoint_wrote_is_a_sentence_and_publishes_nothing(capture, line):
    with pytest.raises(Tampered, match="Segment 7-ab of the journal has a line that no endpoint wrote"):
        publish_segment(lake(), "7-ab", segment_lines([capture()]) + line + b"\n")
    assert lake().list("captures") == []


def test_the_same_captures_written_directly_are_one_object(capture):
    assert write_captures([capture(1)]) == write_captures([capture(1)])
    assert len(lake().list("captures")) == 1
