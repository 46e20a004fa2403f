"""What raisers and people do with alarms, and what is news of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from driftgate.alarms import (
    acknowledge,
    alarm_of,
    alarms,
    clear_alarm,
    find_alarm,
    history,
    manager,
    raise_alarm,
    resolve,
    suppress,
)
from driftgate.alarms.outbox import deliveries
from driftgate.errors import ConfigError, DriftgateError
from driftgate.metadata import metadata

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "drift/flight_delays"
BY = {"actor": "anna", "reason": "a look"}


def drift(sentence: str = "The champion is worse.", **changes: object):
    return raise_alarm("drift", "flight_delays", sentence, use_case="flight_delays", **{"now": NOON, **changes})


def told() -> list[str]:
    return [one.message.event for one in deliveries() if one.channel == "file" and one.state == "delivered"]


def test_an_alarm_says_whose_it_is_what_it_may_lead_to_and_what_to_do() -> None:
    made = drift(evidence="3f9c")
    assert (made.state, made.severity, made.count, made.first_seen) == ("open", "major", 1, NOON)
    assert made.owner == "network-operations (network-ops@example.com)"
    assert "worse" in made.impact
    assert made.runbook == "docs/guides/alarms.md#drift"
    assert made.evidence == "3f9c"
    assert told() == ["opened"]


def test_the_same_again_is_counted_and_told_once() -> None:
    first = drift()
    again = drift("The champion is still worse.", now=NOON + HOUR)
    assert (again.id, again.count, again.first_seen, again.last_seen) == (first.id, 2, NOON, NOON + HOUR)
    assert again.sentence == "The champion is still worse."
    assert told() == ["opened"]


def test_the_same_evidence_is_no_repeat_also_after_the_end() -> None:
    drift(evidence="night")
    assert drift(evidence="night").count == 1
    resolve(KEY, **BY)
    assert drift(evidence="night").state == "resolved"
    assert drift(evidence="next night").state == "open"


def test_after_its_end_the_same_is_a_new_alarm() -> None:
    first = drift()
    assert resolve(first.id, **BY, now=NOON).state == "resolved"
    second = drift(now=NOON + HOUR)
    assert second.id != first.id
    assert (second.state, second.count, second.actor) == ("open", 1, None)
    assert sorted(told()) == ["opened", "opened", "resolved"]
    assert {one.id for one in history(KEY)} == {first.id, second.id}


def test_what_happens_once_never_comes_back() -> None:
    drift(once=True)
    resolve(KEY, **BY)
    assert drift(once=True, now=NOON + HOUR).state == "resolved"
    assert metadata().latest("alarm", KEY).revision == 2


def test_what_heals_ends_by_itself() -> None:
    clear_alarm("drift", "flight_delays", "All is well.")
    assert alarm_of(KEY) is None
    drift()
    for _ in range(2):
        clear_alarm("drift", "flight_delays", "All is well.")
    found = find_alarm(KEY)
    assert (found.state, found.actor, found.reason) == ("resolved", None, "All is well.")
    assert alarms(lasting=True) == []
    assert sorted(told()) == ["opened", "resolved"]


def test_worse_than_before_is_news_and_needs_somebody_again() -> None:
    drift()
    acknowledge(KEY, **BY)
    assert drift(severity="minor").state == "acknowledged"
    worse = drift(severity="critical")
    assert (worse.state, worse.severity, worse.event, worse.count) == ("open", "critical", "worsened", 3)
    assert sorted(told()) == ["opened", "worsened"]


def test_who_acknowledged_is_known_and_nobody_can_twice() -> None:
    drift()
    assert acknowledge(KEY, actor="anna").actor == "anna"
    with pytest.raises(DriftgateError, match="is acknowledged, not open"):
        acknowledge(KEY, actor="ben")


def test_a_suppressed_alarm_counts_in_silence_until_its_time_is_over() -> None:
    drift()
    suppress(KEY, **BY, hours=2, now=NOON)
    assert drift(now=NOON + HOUR).state == "suppressed"
    back = drift(now=NOON + 3 * HOUR)
    assert (back.state, back.count, back.suppressed_until) == ("open", 3, None)
    assert told() == ["opened", "opened"]


def test_silence_outlasts_an_alarm_that_comes_and_goes() -> None:
    drift()
    suppress(KEY, **BY, hours=24, now=NOON)
    clear_alarm("drift", "flight_delays", "All is well.", now=NOON + HOUR)
    again = drift(now=NOON + 2 * HOUR)
    assert (again.state, again.count, again.reason) == (
        "suppressed",
        1,
        "It was suppressed before it ended and began anew.",
    )
    assert told().count("opened") == 1


def test_silence_about_something_small_hides_nothing_worse() -> None:
    drift(severity="minor")
    suppress(KEY, **BY, hours=24, now=NOON)
    worse = drift(severity="critical", now=NOON + HOUR)
    assert (worse.state, worse.event, worse.suppressed_until) == ("open", "worsened", None)
    suppress(KEY, **BY, hours=24, now=NOON)
    clear_alarm("drift", "flight_delays", "All is well.", now=NOON)
    assert drift(severity="major", now=NOON + HOUR).state == "suppressed"


def test_a_person_who_ends_an_alarm_ends_the_silence() -> None:
    drift()
    suppress(KEY, **BY, hours=24, now=NOON)
    resolve(KEY, **BY)
    assert drift(now=NOON + HOUR).state == "open"


def test_a_false_alarm_is_marked_also_when_it_is_over() -> None:
    drift()
    clear_alarm("drift", "flight_delays", "All is well.")
    with pytest.raises(DriftgateError, match="resolved already: All is well"):
        resolve(KEY, **BY)
    marked = resolve(KEY, **BY, false_alarm=True)
    assert (marked.false_alarm, marked.actor, marked.reason, marked.state) == (True, "anna", "a look", "resolved")


def test_two_writers_at_once_make_one_alarm() -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: drift(), range(12)))
    assert {one.id for one in made} == {find_alarm(KEY).id}
    assert find_alarm(KEY).count == 12
    assert [one.message.event for one in deliveries()] == ["opened", "opened"], "one through file, one through log"


def test_a_person_decides_about_what_he_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = drift()
    resolve(KEY, **BY)
    drift(now=NOON + HOUR)
    monkeypatch.setattr(manager, "find_alarm", lambda _: seen)
    with pytest.raises(DriftgateError, match="began anew meanwhile"):
        acknowledge(KEY, actor="anna")


def test_who_raises_goes_on_though_telling_breaks(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    def broken(*_: object) -> None:
        raise OSError("no store")

    monkeypatch.setattr(manager, "enclose", broken)
    assert drift().state == "open"
    assert "is told within the hour" in caplog.text


def test_a_long_key_or_sentence_is_cut_and_keys_stay_apart() -> None:
    keys = {raise_alarm("cost", "x" * 300 + end, "a\n b" * 900).key for end in "ab"}
    assert len(keys) == 2
    assert all(len(key) <= 200 for key in keys)
    assert all(len(one.sentence) <= 1000 and "\n" not in one.sentence for one in alarms())


def test_a_use_case_that_cannot_be_read_has_the_owner_of_the_project() -> None:
    assert raise_alarm("drift", "x", "Worse.", use_case="none_such").owner == "whoever runs this project"


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: resolve(KEY, actor="anna", reason=" "), "Say in a few words why"),
        (lambda: suppress(KEY, actor="anna", reason="", hours=1), "Say in a few words why"),
        (lambda: suppress(KEY, actor="anna", reason="x", hours=0), "cannot be suppressed for 0 hours"),
        (lambda: suppress(KEY, actor="anna", reason="x", hours=float("nan")), "cannot be suppressed for nan hours"),
        (lambda: resolve("drift/flight_delay", **BY), "did you mean 'drift/flight_delays'"),
        (lambda: acknowledge("", actor="anna"), "There is no alarm ''"),
    ],
)
def test_bad_input_gets_a_sentence_and_changes_nothing(act: Callable[[], object], says: str) -> None:
    drift()
    with pytest.raises(ConfigError, match=says):
        act()
    assert metadata().latest("alarm", KEY).revision == 1
