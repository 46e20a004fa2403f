"""Answers meet what really happened, by the request's key."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from driftgate.captures import Capture, join_outcomes, read_captures, write_captures
from driftgate.use_cases import load_use_case

NAME, DAY = "flight_delays", "2013-04-02"
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def use_case():
    return load_use_case(NAME)


def capture(number, flight, *, role="champion", version="1", score=0.5, after_seconds=0, departure=f"{DAY}T08:00:00"):
    row = {"carrier": "UA", "flight": flight, "origin": "EWR", "scheduled_departure": departure}
    return Capture(
        prediction_id=f"{number:032x}",
        use_case=NAME,
        variant_role=role,
        model_version=version,
        deployment_revision=1,
        step="serving",
        score=score,
        error=None if score is not None else "ValueError: broken",
        latency_ms=1.0,
        received_at=AT + timedelta(seconds=after_seconds),
        event_time=f"{DAY}T08:00:00",
        request_key=json.dumps(row, sort_keys=True),
        features=json.dumps(row),
    )


def outcomes(**late_by_flight):
    flights = [int(name[1:]) for name in late_by_flight]
    return pa.table(
        {
            "carrier": ["UA"] * len(flights),
            "flight": pa.array(flights, pa.int32()),
            "origin": ["EWR"] * len(flights),
            "scheduled_departure": pa.array([datetime(2013, 4, 2, 8)] * len(flights), pa.timestamp("us")),
            "label": pa.array(late_by_flight.values(), pa.bool_()),
        }
    )


def joined(use_case, captures, labels):
    write_captures(captures)
    rows = join_outcomes(use_case, read_captures(NAME, DAY), labels).to_pylist()
    return [(row["prediction_id"].lstrip("0"), row["variant_role"], row["score"], row["label"]) for row in rows]


def test_every_answer_gets_its_outcome_and_a_cancelled_or_unknown_flight_gets_none(use_case):
    found = joined(use_case, [capture(number, number) for number in (1, 2, 3, 4)], outcomes(f1=True, f2=False, f3=None))
    assert found == [
        ("1", "champion", 0.5, True),
        ("2", "champion", 0.5, False),
        ("3", "champion", 0.5, None),
        ("4", "champion", 0.5, None),
    ]


@pytest.mark.parametrize("departure", [f"{DAY}T08:00", f"{DAY} 08:00:00", f"{DAY}T08:00:00.000"])
def test_a_time_written_another_way_is_the_same_time(use_case, departure):
    assert joined(use_case, [capture(1, 1, departure=departure)], outcomes(f1=True)) == [("1", "champion", 0.5, True)]


def test_a_flight_asked_about_twice_keeps_its_first_answer_and_its_first_shadow(use_case):
    asked = [
        capture(1, 1, score=0.7, after_seconds=60),
        capture(2, 1, score=0.2),
        capture(1, 1, score=0.8, role="shadow", version="2", after_seconds=60),
        capture(2, 1, score=0.3, role="shadow", version="2"),
    ]
    assert joined(use_case, asked, outcomes(f1=True)) == [("2", "champion", 0.2, True), ("2", "shadow", 0.3, True)]


def test_where_the_champion_stood_in_for_a_canary_its_answer_counts(use_case):
    asked = [capture(1, 1, role="canary", version="2", score=None), capture(1, 1, score=0.4)]
    assert joined(use_case, asked, outcomes(f1=True)) == [("1", "champion", 0.4, True)]


def test_where_the_rule_stood_in_for_the_champion_both_are_told_apart(use_case):
    asked = [capture(1, 1, score=None), capture(1, 1, role="fallback", score=0.2)]
    assert joined(use_case, asked, outcomes(f1=True)) == [("1", "champion", None, True), ("1", "fallback", 0.2, True)]


def test_no_captures_give_no_rows(use_case):
    assert joined(use_case, [], outcomes(f1=True)) == []


def test_days_are_joined_at_the_same_time_and_see_nothing_of_each_other(use_case):
    days = [pa.Table.from_pylist([vars_of(capture(number, number))]) for number in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        tables = list(pool.map(lambda captured: join_outcomes(use_case, captured, outcomes(f1=True, f2=False)), days))
    assert [table.column("label").to_pylist() for table in tables] == [[True], [False], *[[None]] * 6]
    assert [table.num_rows for table in tables] == [1] * 8


def vars_of(captured):
    return {name: getattr(captured, name) for name in captured.__struct_fields__}
