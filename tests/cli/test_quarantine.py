"""``driftgate quarantine`` on a real partition: the one impossible wind of 2013."""

import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.sources import ingest_partition
from driftgate.sources.sample import deliver

STORM = "2013-02-12"
WHY = ("--reason", "A gust, says the airport.", "--by", "jane")


@pytest.fixture
def storm():
    deliver(STORM, STORM)
    ingest_partition("nycflights", "weather", STORM)
    validate_partition("weather", STORM)
    publish_partition("weather", STORM)


def test_without_any_row_in_quarantine_it_says_so(run):
    assert run("quarantine", "list").stdout == "No row is in quarantine.\n"


def test_a_row_is_listed_shown_released_and_then_gone(run, storm):
    assert "wind_speed_mph.range 1" in run("quarantine", "list", "weather").stdout
    shown = run("quarantine", "show", "weather", STORM).stdout
    assert "breaks wind_speed_mph.range (1048.36058)" in shown
    number = shown.split()[1]
    released = run("quarantine", "release", "weather", STORM, "--row", number, *WHY)

    assert released.stdout == (
        f"Released 1 rows of weather {STORM}. Published: 72 validated, 0 in quarantine. "
        f"Run nycflights.ingest for {STORM} again, so that what comes after it hears of it.\n"
    )
    assert run("quarantine", "list").stdout == "No row is in quarantine.\n"
    assert "jane: release 1 rows, A gust, says the airport." in run("quarantine", "show", "weather", STORM).stdout


def test_a_discarded_row_stays_and_is_not_open(run, storm):
    assert run("quarantine", "discard", "weather", STORM, *WHY).stdout.startswith("Discarded 1 rows of weather")
    row = next(line for line in run("quarantine", "list").stdout.splitlines() if STORM in line)

    assert [cell.strip() for cell in row.strip("│").split("│")][:4] == ["weather", STORM, "1", "0"]


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (("list", "wether"), "There is no contract 'wether'"),
        (("show", "weather", "february"), "is not a date"),
        (("show", "weather", "2013-05-01"), "Nothing is published"),
        (("release", "weather", STORM), "takes a reason and a name"),
        (("release", "weather", STORM, "--row", "71", *WHY), "is not in quarantine"),
        (("discard", "weather", STORM, "--rule", "wind", *WHY), "has no rule 'wind' for rows"),
    ],
)
def test_bad_input_is_one_sentence(arguments, telling, run, storm):
    answer = run("quarantine", *arguments)

    assert answer.exit_code == 1
    assert telling in answer.stderr
    assert "Traceback" not in answer.output
