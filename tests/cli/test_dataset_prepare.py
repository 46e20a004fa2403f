"""``driftgate dataset prepare`` makes a training set, also the one of a past moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from driftgate import uris
from driftgate.datasets import load_version
from driftgate.lake import lake, publish
from driftgate.partition_keys import due, keys_between
from driftgate.sources import sample

DATASETS = ("flights", "weather", "planes")


@pytest.fixture
def three_weeks() -> None:
    for dataset in DATASETS:
        for day in keys_between("2013-03-11", "2013-03-31"):
            publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day), known_at=due(day))


@pytest.mark.usefixtures("three_weeks")
def test_a_version_as_of_a_moment_says_so(run: Callable[..., Any]) -> None:
    corrected = sample.table_of("flights", "2013-03-31").slice(1)
    publish(lake(), "validated/flights/2013-03-31", corrected, known_at=datetime(2013, 4, 3))
    answers = [
        run("dataset", "prepare", "flight_delays", "2013-03-31", *options)
        for options in ((), ("--as-of", "2013-04-02T12:00:00"))
    ]

    assert [answer.exit_code for answer in answers] == [0, 0], answers[0].output
    now, then = (load_version(answer.stdout.partition(":")[0]) for answer in answers)
    assert (now.as_of, then.as_of) == (None, datetime(2013, 4, 2, 12))
    assert (then.rows + then.labels.without_outcome) - (now.rows + now.labels.without_outcome) == 1
    assert f"{now.rows:,} rows, 2013-03-11 to 2013-03-31" in answers[0].stdout


@pytest.mark.usefixtures("three_weeks")
def test_a_moment_at_which_the_last_day_was_not_known_is_a_sentence(run: Callable[..., Any]) -> None:
    answer = run("dataset", "prepare", "flight_delays", "2013-03-31", "--as-of", "2013-03-31T12:00:00")

    assert answer.exit_code == 1
    said = " ".join(answer.stderr.split())
    assert "needs partitions that were not known at 2013-03-31T12:00:00: validated/flights/2013-03-31" in said
    assert said.endswith("name a later time or an earlier day.")


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("flight_delay", "2013-03-31"), "did you mean 'flight_delays'", 1),
        (("flight_delays", "March"), "is not a date; write it as YYYY-MM-DD", 1),
        (("flight_delays", "2013-03-31", "--as-of", "yesterday"), "--as-of", 2),
        (("flight_delays", "2013-03-31"), "needs partitions that are not published", 1),
    ],
)
def test_bad_input_is_a_sentence(run: Callable[..., Any], arguments: tuple[str, ...], words: str, code: int) -> None:
    answer = run("dataset", "prepare", *arguments)

    assert answer.exit_code == code
    assert words in " ".join(answer.stderr.split())
