"""Monitoring that is silent or blind is told, by the clock, and no other."""

from datetime import UTC, datetime, timedelta

import pytest

from driftgate.alarm_settings import WatchdogSettings
from driftgate.alarms import alarm_of, alarms
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring.watchdog import Watched, blindness, silence, watch
from driftgate.use_cases import load_use_case

RULES = WatchdogSettings()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
NAME = "flight_delays"


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def seen(**changes: object) -> Watched:
    """Version 1 serves for ten days; yesterday is published for an hour and has its verdict."""
    usual = {
        "use_case": NAME, "since": NOON - hours(240), "newest_day": "2013-04-02", "published_at": NOON - hours(1),
        "has_verdict": True, "judged_at": NOON - hours(1),
        "nights": ("2013-04-01", "2013-04-02"), "decisions": ("quiet", "watch"),
    }  # fmt: skip
    return Watched.model_validate({**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, None),
        ({"has_verdict": False}, None),
        ({"has_verdict": False, "published_at": NOON - hours(5.9)}, None),
        ({"has_verdict": False, "published_at": NOON - hours(6)}, "no verdict on 2013-04-02, published 6 hours ago"),
        ({"has_verdict": False, "published_at": NOON - hours(6), "since": NOON - hours(2)}, None),
        ({"judged_at": NOON - hours(25.9), "published_at": NOON - hours(26)}, None),
        ({"judged_at": NOON - hours(26)}, "got no verdict for 26 hours (the newest published day is 2013-04-02)"),
        ({"judged_at": None}, "got no verdict for 240 hours"),
        ({"judged_at": None, "since": NOON - hours(3), "newest_day": None, "published_at": None}, None),
        ({"judged_at": None, "newest_day": None, "published_at": None, "has_verdict": False}, "no day is published"),
    ],
)
def test_silence_is_told_when_it_lasts(changes: dict[str, object], says: str | None) -> None:
    found = silence(seen(**changes), RULES, NOON)
    assert found is None if says is None else says in str(found)


@pytest.mark.parametrize(
    ("decisions", "tells"),
    [
        ((), False),
        (("cannot_judge",) * 2, False),
        (("quiet",) + ("cannot_judge",) * 3, True),
        (("cannot_judge",) * 3 + ("quiet",), False),
    ],
)
def test_blindness_is_told_after_some_nights(decisions: tuple[str, ...], tells: bool) -> None:
    assert bool(blindness(seen(decisions=decisions), RULES)) == tells


def publish(day: str) -> None:
    for dataset in load_use_case(NAME).datasets:
        lake().write(f"validated/{dataset}/{day}/manifest.json", b"{}")


def decide(day: str, decision: str) -> None:
    metadata().append("verdict", f"{NAME}/{day}", {"key": day, "decision": decision, "backfill": False})


def test_the_alarm_ends_with_the_next_verdict() -> None:
    now, since = datetime.now(UTC), datetime.now(UTC) - hours(100)
    publish("2013-04-01")
    decide("2013-04-01", "quiet")
    assert watch(load_use_case(NAME), since=since, now=now) == []
    publish("2013-04-02")
    lake().write("validated/flights/2013-04-03/manifest.json", b"{}")  # the others are still to come
    (sentence,) = watch(load_use_case(NAME), since=since, now=now + hours(7))
    assert "no verdict on 2013-04-02" in sentence
    assert "flight_delays.monitor" in sentence
    alarm = alarm_of(f"monitoring_silent/{NAME}")
    assert (alarm.state, alarm.severity) == ("open", "critical")
    decide("2013-04-02", "quiet")
    assert watch(load_use_case(NAME), since=since, now=now + hours(8)) == []
    assert alarms(lasting=True) == []


def test_nights_that_cannot_be_judged_are_an_alarm_of_their_own() -> None:
    now = datetime.now(UTC)
    for day in ("2013-04-01", "2013-04-02", "2013-04-03"):
        decide(day, "cannot_judge")
    for _ in range(2):
        watch(load_use_case(NAME), since=now, now=now)
    (alarm,) = alarms(lasting=True)
    assert (alarm.key, alarm.evidence) == (f"cannot_judge/{NAME}", f"verdict/{NAME}/2013-04-03")
    assert alarm.count == 1, "counted by nights, not by hours"
    decide("2013-04-04", "watch")
    watch(load_use_case(NAME), since=now, now=now)
    assert alarms(lasting=True) == []
