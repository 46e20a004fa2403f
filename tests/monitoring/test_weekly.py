"""A monitor that looks weekly: its finding of Sunday stands for the week, and counts as one of every night."""

from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.monitoring import decide, measure
from driftgate.monitoring_policy import MAY_BE_WEEKLY, MONITORS, Monitor
from driftgate.partition_keys import last_sunday
from driftgate.records import parse_record
from driftgate.use_cases import UseCase

SUNDAY, MONDAY, TUESDAY = "2013-04-07", "2013-04-08", "2013-04-09"


@pytest.fixture
def weekly(use_case: UseCase, nights: Any) -> UseCase:
    """Reasons are looked at weekly; on Monday and Tuesday somebody asked."""
    for key in (MONDAY, TUESDAY):
        nights.answer(key, nights.rows(key)[:3])
    monitor = use_case.monitor.model_copy(update={"every": {"attribution": "weekly"}})
    return use_case.model_copy(update={"monitor": monitor})


def test_the_last_sunday_is_the_day_itself_or_before() -> None:
    assert [last_sunday(key) for key in (SUNDAY, MONDAY, "2013-04-13", "2013-04-14")] == [SUNDAY] * 3 + ["2013-04-14"]


def test_what_was_found_on_sunday_stands_and_persists(weekly: UseCase, nights: Any) -> None:
    sunday = nights.evidence(SUNDAY, "attribution", "drift").model_copy(update={"severity": "major"})
    found = [measure(weekly, key, "attribution") for key in (MONDAY, TUESDAY)]
    assert [(one.key, one.verdict, one.value, one.revision) for one in found] == [
        (MONDAY, "drift", sunday.value, 1), (TUESDAY, "drift", sunday.value, 1),
    ]  # fmt: skip
    assert found[1].sentence == f"As of Sunday, {SUNDAY}: attribution says drift."
    for monitor in ("performance", "data"):
        nights.evidence(TUESDAY, monitor, "ok")
    verdict = decide(weekly, TUESDAY)
    assert (verdict.decision, verdict.causes, verdict.drift_nights["attribution"]) == ("review", ("attribution",), 3)


def test_on_sunday_it_looks_itself(weekly: UseCase) -> None:
    assert measure(weekly, SUNDAY, "attribution").sentence == f"No request of {SUNDAY} was answered by a champion."


@pytest.mark.parametrize("champion", [None, "2"])
def test_a_new_champion_waits_for_its_first_sunday(weekly: UseCase, nights: Any, champion: str | None) -> None:
    if champion:
        nights.evidence(SUNDAY, "attribution", "drift", champion=champion)
    found = measure(weekly, TUESDAY, "attribution")
    assert (found.verdict, found.champion) == ("insufficient", "1")
    assert found.sentence == (f"The attribution monitor looks on Sundays, and said nothing on {SUNDAY} about model 1.")


def refusal(use_case: UseCase, every: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as refused:
        parse_record({**use_case.monitor.model_dump(), "every": every}, Monitor, where="use_case.yaml")
    return str(refused.value)


def test_hours_are_refused_with_the_reason(use_case: UseCase) -> None:
    assert "'hourly' cannot be kept: data come in daily partitions" in refusal(use_case, {"bias": "hourly"})
    assert "key 'every.bias' cannot be 'monthly'" in refusal(use_case, {"bias": "monthly"})


@pytest.mark.parametrize("monitor", sorted(set(MONITORS) - set(MAY_BE_WEEKLY)))
def test_what_each_night_needs_is_not_weekly(use_case: UseCase, monitor: str) -> None:
    assert f"every has {monitor!r} weekly, which goes on from the night before" in refusal(
        use_case, {monitor: "weekly"}
    )
