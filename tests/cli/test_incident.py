"""``driftgate incident`` and ``driftgate promotion freeze``."""

import pytest
from typer.testing import CliRunner

from driftgate.cli.main import app
from driftgate.lake import lake
from driftgate.metadata import metadata

NAME = "flight_delays"
OPEN = ("open", NAME, "1", "--first-day", "2013-04-02", "--last-day", "2013-04-02", "--reason", "harm")


def told(*arguments, command="incident", code=0):
    answer = CliRunner().invoke(app, [command, *arguments])
    assert answer.exit_code == code, answer.output
    return " ".join(answer.output.split())


@pytest.fixture
def registered(put_package, endpoint):
    put_package("1")


def test_an_incident_is_opened_listed_exported_and_closed(registered):
    assert "had no incident" in told("list", NAME)
    answer = told(*OPEN)
    assert "promotions of flight_delays are frozen" in answer
    assert "Version 1 of flight_delays has no traffic; nothing was moved." in answer
    assert "are in quarantine, and so is version 1" in answer
    assert "bundle.tar, sha256" in answer
    (name,) = {path.split("/")[3] for path in lake().list(f"reports/incidents/{NAME}")}
    assert f"{name}" in told("list", NAME)
    assert "held" in told("list", NAME)
    assert told("export", NAME, name) in answer
    assert "quarantine no more" in told("close", NAME, name, "--reason", "the rows are right")
    assert "lifted" in told("list", NAME)
    assert "may go on" in told("unfreeze", NAME, "--reason", "over", command="promotion")


def test_a_version_or_day_that_is_none_stops_before_anything_is_done(registered):
    assert "no model version '9'" in told("open", NAME, "9", *OPEN[3:], code=1)
    assert "yesterday" in told("open", NAME, "1", "--first-day", "yesterday", *OPEN[5:], code=1)
    assert metadata().latest("promotion_freeze", NAME) is None


def test_a_freeze_says_who_and_ends_once(registered):
    assert "are frozen by" in told("freeze", NAME, "--reason", "a look", command="promotion")
    told("unfreeze", NAME, "--reason", "over", command="promotion")
    assert "are not frozen" in told("unfreeze", NAME, "--reason", "over", command="promotion", code=1)
    assert "There is no use case 'flights'" in told("freeze", "flights", "--reason", "a", command="promotion", code=1)
