"""The project's clock shows the time of its own zone, and says no zone."""

from datetime import UTC, datetime, timedelta

from driftgate.wall_clock import wall_clock


def test_it_shows_new_york_time_without_a_zone() -> None:
    behind = datetime.now(UTC).replace(tzinfo=None) - wall_clock()

    assert wall_clock().tzinfo is None
    assert timedelta(hours=3, minutes=59) < behind < timedelta(hours=5, minutes=1)
