"""``driftgate dataset issues`` lists broken rules with their decision."""

from collections.abc import Callable
from typing import Any

from driftgate.contracts import record_issues, validate_partition
from driftgate.lake import lake, publish
from driftgate.sources import sample

KEY = "2013-04-02"


def test_without_a_broken_rule_it_says_so(run: Callable[..., Any]) -> None:
    answer = run("dataset", "issues", "weather")
    assert (answer.exit_code, answer.stdout) == (0, "No partition of weather has a broken rule on record.\n")


def test_a_broken_rule_is_listed_until_it_is_mended(run: Callable[..., Any]) -> None:
    table = sample.table_of("weather", KEY)
    publish(lake(), f"raw/weather/{KEY}", table, contract="weather@1.0.0")
    validate_partition("weather", KEY)
    logged = record_issues("weather", KEY)
    answer = run("dataset", "issues", "weather")
    assert answer.exit_code == 0, answer.output
    assert logged
    assert answer.stdout.count("2013-04") >= len(logged)


def test_an_unknown_dataset_is_named_with_the_nearest(run: Callable[..., Any]) -> None:
    answer = run("dataset", "issues", "wether")
    assert answer.exit_code != 0
    assert "weather" in answer.output
