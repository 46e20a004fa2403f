"""Partition keys are days of the past, written one way only."""

from datetime import UTC, date, datetime, timedelta

import pytest

from driftgate.errors import ConfigError
from driftgate.partition_keys import due, keys_before, keys_between, parse_key

TODAY = datetime.now(UTC).date()


def test_a_key_is_a_day() -> None:
    assert parse_key("2013-04-01") == date(2013, 4, 1)
    assert parse_key("2012-02-29") == date(2012, 2, 29)


@pytest.mark.parametrize(
    "key", ["", "yesterday", "2013-4-1", "20130401", "2013-02-29", "2013-W14-1", "2013-04-01T00:00:00", " 2013-04-01"]
)
def test_another_way_to_write_a_day_is_refused_with_an_example(key: str) -> None:
    with pytest.raises(ConfigError, match=r"is not a date; write it as YYYY-MM-DD, for example 2013-04-01"):
        parse_key(key)


@pytest.mark.parametrize("key", [None, 20130401, date(2013, 4, 1)])
def test_what_is_no_text_is_refused_with_the_same_sentence(key: object) -> None:
    with pytest.raises(ConfigError, match="is not a date"):
        parse_key(key)  # type: ignore[arg-type]  # that is the point


def test_the_future_has_no_partitions() -> None:
    parse_key(TODAY.isoformat())
    with pytest.raises(ConfigError, match="lies in the future"):
        parse_key((TODAY + timedelta(days=1)).isoformat())


def test_a_range_has_every_day_and_both_ends() -> None:
    assert keys_between("2013-02-27", "2013-03-01") == ["2013-02-27", "2013-02-28", "2013-03-01"]
    assert keys_between("2013-04-01", "2013-04-01") == ["2013-04-01"]


def test_an_empty_range_is_refused_and_says_why() -> None:
    with pytest.raises(ConfigError, match=r"2013-04-02 to 2013-04-01 is empty: the last partition is before the first"):
        keys_between("2013-04-02", "2013-04-01")


def test_a_range_with_a_bad_end_names_it() -> None:
    with pytest.raises(ConfigError, match="'2013-04-31' is not a date"):
        keys_between("2013-04-01", "2013-04-31")


def test_the_days_before_a_key_end_with_it() -> None:
    assert keys_before("2013-03-01", 3) == ["2013-02-27", "2013-02-28", "2013-03-01"]
    assert keys_before("2013-03-01", 1) == ["2013-03-01"]


def test_a_partition_is_due_when_its_day_is_over() -> None:
    assert due("2013-12-31") == datetime(2014, 1, 1)
    assert due("2013-04-01", latency_hours=30) == datetime(2013, 4, 3, 6)
