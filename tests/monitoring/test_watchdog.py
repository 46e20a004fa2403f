"""Monitoring that is silent or blind is told, by the clock, and no other."""

from datetime import UTC, datetime, timedelta

import pytest

from driftgate.alarm_settings import WatchdogSettings
from driftgate.alarms import alarm_of, alarms
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.monitoring.watchdog import Watched, blindness, silence, unjudged_causes, watch
from driftgate.partition_keys import keys_between
from driftgate.retrain_policy import Retrain
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
        "nights": (), "first_nights": 7,
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


def night(key: str = "2013-04-01", missing: str = "", champion: str | None = "1", on: str = "payoff") -> Verdict:
    """Return a verdict on which the monitors in ``missing`` could not judge."""
    evidence = (
        Evidence(
            use_case=NAME, key=key, monitor=monitor, champion=champion, statistic="psi", value=None, interval=None,
            threshold=None, sample_size=9, features=(), verdict="insufficient" if monitor in missing else "ok",
            sentence=f"So says {monitor}.",
        ) for monitor in ("performance", "payoff", "estimate", "data")
    )  # fmt: skip
    policy = Retrain(on=on.split(), nights=2, of_last=3, cooldown_days=7, min_new_rows=0)
    return Verdict(
        use_case=NAME, key=key, decision="review", rule="a_rule", sentence="So it is.", champion=champion,
        evidence=tuple(evidence), drift_nights={}, suppressed=(), policy=policy, backfill=False,
        promotion_active=False, days_since_retrain=None, days_since_switch=None, new_rows=0,
    )  # fmt: skip


OUTCOMES = "performance estimate"
GOOD, BLIND, NO_REQUESTS = night(), night(missing=OUTCOMES), night(missing=f"{OUTCOMES} payoff data")
NOBODY = night(missing=f"{OUTCOMES} payoff data", champion=None)
YOUNG, YOUNG_BLIND = night(champion="2"), night(missing=OUTCOMES, champion="2")


@pytest.mark.parametrize(
    ("nights", "tells"),
    [
        ([], False),
        ([GOOD] * 8 + [BLIND] * 2, False),
        ([GOOD] * 7 + [BLIND] * 3, True),
        ([GOOD] * 7 + [BLIND] * 3 + [GOOD], False),
        ([GOOD, NOBODY, NOBODY, NOBODY], True),
        ([GOOD] * 9 + [NOBODY] * 2 + [BLIND], True),
        ([BLIND] * 9, False),  # the first nights of the first champion
        ([BLIND] * 10, True),
        ([GOOD] * 9 + [YOUNG_BLIND] * 9, False),
        ([GOOD] * 9 + [BLIND] * 2 + [YOUNG_BLIND] * 8, True),  # a new champion again and again hides nothing
        ([GOOD] * 9 + [YOUNG] * 7 + [YOUNG_BLIND] * 3, True),
        ([NO_REQUESTS] * 3, True),
    ],
)
def test_blindness_is_told_when_it_lasts_whatever_was_decided(nights: list[Verdict], tells: bool) -> None:
    assert bool(blindness(seen(nights=nights), RULES)) == tells


NO_CAUSE, YOUNG_NO_CAUSE = night(missing="payoff"), night(missing="payoff", champion="2")
ONE_OF_TWO = night(missing="payoff", on="payoff performance")


@pytest.mark.parametrize(
    ("nights", "tells"),
    [
        ([], False),
        ([NOBODY] * 20, False),
        ([GOOD] * 8 + [NO_CAUSE] * 2, False),
        ([GOOD] * 7 + [NO_CAUSE] * 3, True),
        ([GOOD] * 7 + [NO_CAUSE, NOBODY, NO_CAUSE, NO_CAUSE], True),
        ([GOOD] * 7 + [NO_CAUSE, GOOD, NO_CAUSE, NO_CAUSE], False),
        ([NO_CAUSE] * 9, False),  # the first nights of the first champion
        ([NO_CAUSE] * 10, True),
        ([NO_CAUSE] * 9 + [YOUNG_NO_CAUSE] * 9, False),
        ([ONE_OF_TWO] * 20, False),
        ([night(missing="payoff", on="")] * 20, False),
    ],
)
def test_causes_of_which_none_can_be_judged_are_told_when_it_lasts(nights: list[Verdict], tells: bool) -> None:
    assert bool(unjudged_causes(seen(nights=nights), RULES)) == tells


def test_what_cannot_be_judged_is_said_by_name() -> None:
    assert unjudged_causes(seen(nights=[NO_CAUSE] * 12), RULES) == (
        "Nothing that 'retrain.on' of flight_delays accepts (payoff) could be judged on the last 12 nights, so no "
        "drift starts a training. So says payoff."
    )


def publish(day: str) -> None:
    for dataset in load_use_case(NAME).datasets:
        lake().write(f"validated/{dataset}/{day}/manifest.json", b"{}")


def decide(day: str, missing: str = "", **more: bool) -> None:
    made = night(day, missing).model_copy(update=more)
    metadata().append("verdict", f"{NAME}/{day}", made.model_dump(mode="json"))


def test_the_alarm_ends_with_the_next_verdict() -> None:
    now, since = datetime.now(UTC), datetime.now(UTC) - hours(100)
    publish("2013-04-01")
    decide("2013-04-01")
    assert watch(load_use_case(NAME), since=since, now=now) == []
    publish("2013-04-02")
    lake().write("validated/flights/2013-04-03/manifest.json", b"{}")  # the others are still to come
    (sentence,) = watch(load_use_case(NAME), since=since, now=now + hours(7))
    assert "no verdict on 2013-04-02" in sentence
    assert "flight_delays.monitor" in sentence
    alarm = alarm_of(f"monitoring_silent/{NAME}")
    assert (alarm.state, alarm.severity) == ("open", "critical")
    decide("2013-04-02")
    assert watch(load_use_case(NAME), since=since, now=now + hours(8)) == []
    assert alarms(lasting=True) == []


def watched() -> list[str]:
    now = datetime.now(UTC)
    watch(load_use_case(NAME), since=now, now=now)
    return [alarm.key for alarm in alarms(lasting=True)]


def test_nights_that_cannot_be_judged_are_an_alarm_of_their_own() -> None:
    for day in ("2013-04-01", "2013-04-02", "2013-04-03"):
        decide(day, f"{OUTCOMES} data")
    watched()
    assert watched() == [f"cannot_judge/{NAME}"]
    alarm = alarm_of(f"cannot_judge/{NAME}")
    assert alarm.evidence == f"verdict/{NAME}/2013-04-03"
    assert alarm.count == 1, "counted by nights, not by hours"
    decide("2013-04-04")
    assert watched() == []


def test_nights_are_looked_for_behind_old_ones_that_were_run_again() -> None:
    for day in ("2013-04-01", "2013-04-02", "2013-04-03"):
        decide(day, f"{OUTCOMES} data")
    for day in keys_between("2013-05-01", "2013-05-25"):
        decide(day, backfill=True)
    assert watched() == [f"cannot_judge/{NAME}"]
    assert alarm_of(f"cannot_judge/{NAME}").evidence == f"verdict/{NAME}/2013-04-03"


def test_an_alarm_about_causes_ends_when_one_could_be_judged() -> None:
    for day in keys_between("2013-04-01", "2013-04-09"):
        decide(day, "payoff")
    decide("2013-03-01", backfill=True)
    assert watched() == []
    decide("2013-04-10", "payoff")
    assert watched() == [f"cannot_judge/{NAME}/retrain.on"]
    for day, missing in (("2013-04-11", f"{OUTCOMES} payoff"), ("2013-04-12", OUTCOMES)):
        decide(day, missing)
        assert bool(watched()) == ("payoff" in missing)
