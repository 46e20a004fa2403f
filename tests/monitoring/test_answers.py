"""What callers got on a day, who answered, and what they had asked."""

from typing import Any

import pytest

from driftgate.monitoring.answers import answers, champion_of, requested_features
from driftgate.monitoring.baseline import load_baseline

DAY = "2013-04-01"


def test_a_shadows_answers_reach_no_caller(nights: Any) -> None:
    rows = nights.rows(DAY)
    nights.answer(DAY, rows[:4])
    nights.answer(DAY, rows[4:6], role="canary", version="2")
    nights.answer(DAY, rows[:4], role="shadow", version="3")
    assert set(answers("flight_delays", DAY).column("model_version").to_pylist()) == {"1", "2"}
    assert answers("flight_delays", DAY).num_rows == 6


def test_a_day_without_requests_has_no_answers_and_no_champion() -> None:
    assert answers("flight_delays", DAY).num_rows == 0
    assert champion_of(answers("flight_delays", DAY)) is None


def test_a_canary_alone_is_no_champion(nights: Any) -> None:
    nights.answer(DAY, nights.rows(DAY)[:3], role="canary", version="2")
    assert champion_of(answers("flight_delays", DAY)) is None


@pytest.mark.parametrize("revisions", [(1, 7), (7, 1)])
def test_the_champion_is_that_of_the_newest_deployment(nights: Any, revisions: tuple[int, int]) -> None:
    rows = nights.rows(DAY)
    nights.answer(DAY, rows[:3], version="1", revision=revisions[0])
    nights.answer(DAY, rows[3:6], version="2", revision=revisions[1])
    assert champion_of(answers("flight_delays", DAY)) == ("2" if revisions[1] > revisions[0] else "1")


def test_requests_are_read_as_the_baselines_features(nights: Any) -> None:
    nights.model("1")
    row = nights.rows(DAY)[0]
    odd = [{**row, "distance_miles": "far", "carrier": True}, {"scheduled_departure": row["scheduled_departure"]}]
    nights.answer(DAY, [row, *({**row, **one} for one in odd[:1])])
    found = requested_features(answers("flight_delays", DAY), load_baseline("flight_delays", "1")).to_pydict()
    assert set(found) == {"carrier", "origin", "dest", "distance_miles"}  # what identifies is no feature
    assert found["distance_miles"] == [float(row["distance_miles"]), None]
    assert found["carrier"] == [row["carrier"], "true"]


def test_a_feature_that_no_request_has_is_a_column_of_nulls(nights: Any) -> None:
    nights.model("1")
    rows = [{name: value for name, value in row.items() if name != "dest"} for row in nights.rows(DAY)[:3]]
    nights.answer(DAY, rows)
    found = requested_features(answers("flight_delays", DAY), load_baseline("flight_delays", "1"))
    assert found.column("dest").null_count == 3
