"""The section ``feature_review``: a calendar that agrees with itself, roles, and sets that change something."""

from datetime import date
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.feature_review_policy import FeatureReview, Pause
from driftgate.records import parse_record
from driftgate.use_cases import load_use_case, use_case_names

HOLIDAYS = {"first": "12-15", "last": "01-10", "reason": "nobody is there"}


def policy(**keys: Any) -> FeatureReview:
    return parse_record({"every": "quarterly", "roles": ["owner"], **keys}, FeatureReview, where="use_case.yaml")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"every": "weekly"}, "key 'every' cannot be 'weekly'"),
        ({"roles": []}, "key 'roles'"),
        ({"roles": ["owner", "owner"]}, "roles names one twice"),
        ({"roles": ["Data Owner"]}, "key 'roles.0'"),
        ({"also_on": ["13-01"]}, "'13-01' is no day of the year; write it as MM-DD"),
        ({"also_on": ["2-9"]}, "'2-9' is no day of the year"),
        (
            {"skip": [HOLIDAYS], "also_on": ["12-24"]},
            "also_on asks for a review on 12-24, and skip lets none fall due then",
        ),
        ({"skip": [{**HOLIDAYS, "reason": ""}]}, "key 'skip.0.reason'"),
        ({"candidates": {"new": {}}}, "it changes nothing"),
        ({"evry": "monthly"}, "unknown key 'evry'; did you mean 'every'"),
    ],
)
def test_what_cannot_be_is_refused(keys: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        policy(**keys)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("day", "inside"), [("12-14", False), ("12-15", True), ("12-31", True), ("01-10", True), ("01-11", False)]
)
def test_a_pause_may_go_over_new_year(day: str, inside: bool) -> None:
    assert Pause(**HOLIDAYS).covers(date.fromisoformat(f"2013-{day}")) is inside


def test_the_leap_day_is_a_day() -> None:
    assert policy(also_on=["02-29"]).also_on == ("02-29",)


def test_the_shipped_use_cases_have_their_features_reviewed() -> None:
    assert {name: found.every for name in use_case_names() if (found := load_use_case(name).feature_review)} == {
        "air_time": "biannual",
        "flight_delays": "quarterly",
    }
