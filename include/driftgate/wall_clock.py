"""The clock on the project's wall, for logs, leases, alarms, and the question since when something is known."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from driftgate.settings import settings


def wall_clock() -> datetime:
    """Return what the clock shows now in the project's time zone, without a zone, as partitions and records have it."""
    return on_the_wall(datetime.now(UTC))


def on_the_wall(moment: datetime) -> datetime:
    """Return what the clock shows at ``moment``, which has a zone."""
    return moment.astimezone(ZoneInfo(settings().timezone)).replace(tzinfo=None)


def utc_now() -> datetime:
    """Return what the clock shows in UTC, to be compared with the times of the metadata store."""
    return datetime.now(UTC)
