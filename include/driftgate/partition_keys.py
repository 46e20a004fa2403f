"""Partition keys: one day of a dataset, written ``2013-04-01``. The identity of every run."""

from datetime import UTC, date, datetime, time, timedelta

from driftgate.errors import ConfigError


def parse_day(text: str, *, what: str = "The day") -> date:
    """Return the day that ``text`` names, be it past or future.

    :raises ConfigError: it is not a date written YYYY-MM-DD
    """
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != text:
        raise ConfigError(f"{what} {text!r} is not a date; write it as YYYY-MM-DD, for example 2013-04-01.")
    return day


def parse_key(key: str) -> date:
    """Return the day that ``key`` names.

    :raises ConfigError: ``key`` is not a date written YYYY-MM-DD, or lies in the future
    """
    day = parse_day(key, what="Partition key")
    if day > datetime.now(UTC).date():
        raise ConfigError(f"Partition key {key!r} lies in the future; a partition can be run once its day is over.")
    return day


def keys_between(first: str, last: str) -> list[str]:
    """Return every key from ``first`` to ``last``, both included.

    :raises ConfigError: a key is wrong, or ``last`` is before ``first``
    """
    start, end = parse_key(first), parse_key(last)
    if end < start:
        raise ConfigError(f"The range {first} to {last} is empty: the last partition is before the first; swap them.")
    return [(start + timedelta(days=offset)).isoformat() for offset in range((end - start).days + 1)]


def keys_before(key: str, days: int) -> list[str]:
    """Return the ``days`` keys that end with ``key`` itself, oldest first."""
    first = parse_key(key) - timedelta(days=days - 1)
    return keys_between(first.isoformat(), key)


def last_sunday(key: str) -> str:
    """Return the Sunday that ``key`` is, or the one before it."""
    day = parse_key(key)
    return (day - timedelta(days=day.isoweekday() % 7)).isoformat()


def days_between(earlier: str, later: str) -> int:
    """Return how many days after one key another one is."""
    return (parse_key(later) - parse_key(earlier)).days


def due(key: str, latency_hours: int = 0) -> datetime:
    """Return when a partition is there at the earliest: ``latency_hours`` after its day has ended, wall-clock."""
    return datetime.combine(parse_key(key), time.min) + timedelta(days=1, hours=latency_hours)
