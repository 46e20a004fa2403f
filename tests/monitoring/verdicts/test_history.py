"""What earlier nights say, and that a later night never says anything."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from driftgate import uris
from driftgate.lake import lake
from driftgate.monitoring import JoinResult
from driftgate.monitoring.past import RecordedPast
from driftgate.monitoring.verdicts.history import (
    champion_age_days,
    days_since,
    days_since_switch,
    drift_nights,
    label_state,
    new_rows,
    unhelpful_trainings,
)
from driftgate.retrain_policy import Retrain
from driftgate.use_cases import UseCase

PAST = RecordedPast("flight_delays")


class Told(RecordedPast):
    """A past with these decisions, or champions, by night; before each night, so many trainings had helped nobody."""

    def __init__(
        self,
        decisions: dict[str, str] | None = None,
        champions: dict[str, str | None] | None = None,
        unhelpful: dict[str, int] | None = None,
    ) -> None:
        super().__init__("flight_delays")
        self.decisions, self.champions, self.unhelpful = decisions or {}, champions or {}, unhelpful or {}

    def verdict(self, key: str) -> Any:
        if key not in {*self.decisions, *self.champions}:
            return None
        return SimpleNamespace(
            decision=self.decisions.get(key),
            champion=self.champions.get(key),
            unhelpful_trainings=self.unhelpful.get(key, 0),
        )


def labels(key: str, labelled: int, *, day: str | None = None, requests: int | None = None) -> None:
    """Write what the ground-truth join of a night came to."""
    result = JoinResult(
        use_case="flight_delays",
        key=key,
        labelled_key=day or key,
        path="",
        manifest_hash="",
        requests=requests or labelled,
        labelled=labelled,
        unlabelled=0,
        failed=0,
        duplicates=0,
        shadow=0,
    )
    lake().write(uris.monitoring_report("flight_delays", key, "ground_truth"), result.canonical())


def trained_to(day: str, version: str = "1") -> None:
    path = f"{uris.package('flight_delays', version)}/package.json"
    lake().write(path, json.dumps({"dataset_version": f"flight_delays/{day}-3f9c2a1"}).encode())


def wanting(use_case: UseCase, rows: int) -> UseCase:
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"min_new_rows": rows})})


def test_drifting_nights_are_counted_in_the_last_few_tonight_included(use_case: UseCase, nights: Any) -> None:
    for key, finding in {"05": "drift", "06": "drift", "07": "ok", "08": "drift"}.items():
        tonight = nights.evidence(f"2013-04-{key}", "performance", finding)
    assert use_case.retrain.of_last == 3
    assert drift_nights(use_case, "2013-04-08", tonight, PAST) == 2  # 5 April is too long ago


def test_a_missing_night_counts_as_none(use_case: UseCase, nights: Any) -> None:
    nights.evidence("2013-04-06", "performance", "drift")
    assert drift_nights(use_case, "2013-04-08", nights.evidence("2013-04-08", "performance", "drift"), PAST) == 2


def test_nights_of_another_champion_and_of_another_monitor_do_not_count(use_case: UseCase, nights: Any) -> None:
    nights.evidence("2013-04-06", "performance", "drift", champion="1")
    nights.evidence("2013-04-07", "data", "drift", champion="2")
    tonight = nights.evidence("2013-04-08", "performance", "drift", champion="2")
    assert drift_nights(use_case, "2013-04-08", tonight, PAST) == 1


def test_a_quiet_night_after_drifting_ones_still_counts_them(use_case: UseCase, nights: Any) -> None:
    for key in ("2013-04-06", "2013-04-07"):
        nights.evidence(key, "performance", "drift")
    assert drift_nights(use_case, "2013-04-08", nights.evidence("2013-04-08", "performance", "ok"), PAST) == 2


def test_a_later_night_says_nothing(use_case: UseCase, nights: Any) -> None:
    nights.evidence("2013-04-09", "performance", "drift")
    assert drift_nights(use_case, "2013-04-08", nights.evidence("2013-04-08", "performance", "ok"), PAST) == 0


def test_the_days_since_the_last_retrain_verdict_within_the_cooldown(use_case: UseCase) -> None:
    decisions = {"2013-03-30": "retrain", "2013-04-02": "retrain", "2013-04-05": "watch"}
    assert days_since("retrain", use_case, "2013-04-08", Told(decisions)) == 6
    assert days_since("retrain", use_case, "2013-04-08", Told({"2013-03-30": "retrain", "2013-04-05": "watch"})) is None
    assert days_since("retrain", use_case, "2013-04-08", Told()) is None


@pytest.mark.parametrize(
    ("champions", "days"),
    [
        ({}, None),
        ({"2013-04-06": "2", "2013-04-07": "2"}, None),  # no other model was ever seen
        ({"2013-04-06": "1", "2013-04-07": "1"}, 0),  # it answers tonight for the first time
        ({"2013-04-04": "1", "2013-04-05": "2", "2013-04-06": "2"}, 3),
        ({"2013-04-02": "2", "2013-04-04": "1", "2013-04-06": "2"}, 2),  # it came back
        ({"2013-04-04": "1", "2013-04-05": None, "2013-04-06": "2"}, 2),  # a night without requests names nobody
    ],
)
def test_the_days_since_the_champion_took_over(
    use_case: UseCase, champions: dict[str, str | None], days: int | None
) -> None:
    assert days_since_switch(use_case, "2013-04-08", "2", Told(champions=champions)) == days


def test_a_night_without_a_champion_has_no_switch(use_case: UseCase) -> None:
    assert days_since_switch(use_case, "2013-04-08", None, Told(champions={"2013-04-07": "1"})) is None


def test_new_outcomes_are_those_after_the_training_window(use_case: UseCase) -> None:
    trained_to("2013-04-05")
    for key in ("2013-04-04", "2013-04-05", "2013-04-06", "2013-04-08", "2013-04-09"):
        labels(key, 10)
    assert new_rows(wanting(use_case, 1000), "2013-04-08", "1", PAST) == 20


def test_an_outcome_that_came_late_counts_by_the_day_it_is_about(use_case: UseCase) -> None:
    trained_to("2013-04-05")
    labels("2013-04-06", 10, day="2013-04-05")
    labels("2013-04-07", 10, day="2013-04-06")
    assert new_rows(wanting(use_case, 1000), "2013-04-08", "1", PAST) == 10


def test_counting_stops_when_there_are_enough(use_case: UseCase) -> None:
    trained_to("2013-01-31")
    for key in ("2013-04-06", "2013-04-07", "2013-04-08"):
        labels(key, 60)
    assert new_rows(wanting(use_case, 100), "2013-04-08", "1", PAST) == 120


@pytest.mark.parametrize("champion", [None, "9"])
def test_without_a_champion_or_its_package_nothing_is_new(use_case: UseCase, champion: str | None) -> None:
    labels("2013-04-08", 60)
    assert new_rows(use_case, "2013-04-08", champion, PAST) == 0


def test_the_training_window_ends_where_the_dataset_version_says() -> None:
    trained_to("2013-03-31")
    assert PAST.trained_to("1") == "2013-03-31"
    assert PAST.trained_to("2") is None


def test_a_night_that_was_not_joined_has_no_result() -> None:
    assert PAST.joined("2013-04-08") is None


def test_a_champions_age_is_counted_from_its_last_training_day() -> None:
    trained_to("2013-03-31")
    assert champion_age_days("2013-04-10", "1", PAST) == 10
    assert champion_age_days("2013-04-10", "2", PAST) is None  # there is no such package
    assert champion_age_days("2013-04-10", None, PAST) is None


@pytest.mark.parametrize(("labelled", "state"), [(50, "fresh"), (49, "late")])
def test_outcomes_are_fresh_when_half_of_those_due_are_there(nights: Any, labelled: int, state: str) -> None:
    labels("2013-04-08", labelled, requests=100)
    performance = nights.evidence("2013-04-08", "performance", "insufficient")  # a new champion has too few of its own
    assert label_state("2013-04-08", performance, PAST) == state


@pytest.mark.parametrize(("finding", "state"), [("ok", "fresh"), ("insufficient", "late")])
def test_a_night_that_was_not_joined_is_as_fresh_as_performance(nights: Any, finding: str, state: str) -> None:
    assert label_state("2013-04-08", nights.evidence("2013-04-08", "performance", finding), PAST) == state


def test_a_schedule_looks_further_back_than_the_cooldown(use_case: UseCase) -> None:
    assert use_case.retrain.cooldown_days == 7
    schedule = {"every_days": 14, "justification": "The audit asks for it."}
    retrain = Retrain(**{**use_case.retrain.model_dump(), "schedule": schedule})
    told = Told({"2013-03-27": "retrain"})
    scheduled = use_case.model_copy(update={"retrain": retrain})
    assert days_since("retrain", scheduled, "2013-04-08", told) == 12
    assert days_since("retrain", use_case, "2013-04-08", told) is None


@pytest.mark.parametrize(
    ("night", "champion", "before", "count"),
    [
        ("2013-04-07", "2", 0, 1),
        ("2013-03-25", "2", 2, 3),  # the verdict says what came before it
        ("2013-03-24", "2", 2, 0),  # too long ago
        ("2013-04-02", "1", 2, 0),  # it brought tonight's champion
    ],
)
def test_the_trainings_that_left_the_champion_where_it_was(
    use_case: UseCase, night: str, champion: str, before: int, count: int
) -> None:
    retrain = use_case.retrain.model_copy(update={"cooldown_unhelpful_days": (7, 14)})
    patient = use_case.model_copy(update={"retrain": retrain})
    told = Told({night: "retrain"}, {night: champion}, {night: before})
    assert unhelpful_trainings(patient, "2013-04-08", "2", told) == count
    assert unhelpful_trainings(patient, "2013-04-08", None, told) == 0
    assert unhelpful_trainings(use_case, "2013-04-08", "2", told) == 0  # nobody asks
