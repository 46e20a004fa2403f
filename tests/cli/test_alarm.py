"""``driftgate alarm``."""

import pytest

from driftgate.alarms import alarm_of, raise_alarm
from driftgate.settings import settings

KEY = "drift/flight_delays"


@pytest.fixture
def told(run):
    def of(*arguments, code=0):
        answer = run("alarm", *arguments)
        assert answer.exit_code == code, answer.output
        return " ".join(answer.output.split())

    return of


def test_an_alarm_is_listed_shown_acknowledged_and_resolved(told) -> None:
    assert "No alarm lasts" in told("list")
    made = raise_alarm("drift", "flight_delays", "The champion [is] worse.", use_case="flight_delays", evidence="3f9c")
    raise_alarm("cost", "job-1", "It cost much.")
    listed = told("list")
    assert listed.index(KEY) < listed.index("cost/job-1"), "the worst first"
    assert "The champion [is] worse." in listed
    assert "job-1" not in told("list", "--prefix", "drift/")
    shown = told("show", made.id)
    for telling in (
        "evidence: 3f9c",
        "docs/guides/alarms.md#drift",
        "network-ops@example.com",
        "log: opened, delivered",
    ):
        assert telling in shown
    assert "is acknowledged" in told("ack", KEY, "--reason", "on it")
    assert "is suppressed" in told("suppress", KEY, "--reason", "known", "--hours", "2")
    assert "quiet until" in told("show", KEY)
    assert "is resolved" in told("resolve", made.id, "--reason", "a holiday", "--false-alarm")
    assert alarm_of(KEY).false_alarm
    assert KEY not in told("list")
    assert "resolved, false" in told("list", "--all")


def test_what_cannot_be_gets_a_sentence(told) -> None:
    raise_alarm("drift", "flight_delays", "Worse.")
    assert "did you mean 'drift/flight_delays'" in told("ack", "drift/flight_delay", code=1)
    assert "Missing option '--reason'" in told("resolve", KEY, code=2)
    assert "Say in a few words why" in told("resolve", KEY, "--reason", " ", code=1)
    assert "cannot be suppressed for -1 hours" in told("suppress", KEY, "--reason", "x", "--hours", "-1", code=1)
    assert "no channel 'mail'" in told("test", "mail", code=1)


def test_channels_are_tried_one_by_one(told, project_home) -> None:
    assert settings().alarms.channels.keys() == {"log", "file"}
    assert "file: delivered" in told("test")
    assert "This is a test" in (project_home / "alarms.jsonl").read_text()
    (project_home / "alarms.jsonl").unlink()
    (project_home / "alarms.jsonl").mkdir()
    assert "file: IsADirectoryError" in told("test", "file", code=1)
    assert "No alarm lasts" in told("list")


def test_deliver_says_what_came_of_it(told) -> None:
    raise_alarm("drift", "flight_delays", "Worse.")
    assert "1 alarms last, 0 were told to the next" in told("deliver")
