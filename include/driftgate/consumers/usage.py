"""What each consumer used: sums per minute of one endpoint, in the lake under the day (UTC) of their calls."""

from collections.abc import Iterator

from driftgate import uris
from driftgate.errors import Tampered
from driftgate.lake import lake
from driftgate.records import Record

SCHEMA_VERSION = 1


class Used(Record):
    """Calls that have all this in common. ``consumer`` is None where no key told it, or none is asked for."""

    consumer: str | None
    use_case: str | None
    scope: str
    status: int
    calls: int
    rows: int
    seconds: float
    slowest: float


class RefusedCall(Record):
    """A call without an answer, one by one, for it has no capture. ``key_id`` is the one shown, known or not."""

    at: str
    request_id: str
    consumer: str | None
    key_id: str | None
    scope: str
    status: int


class Usage(Record):
    """What one endpoint saw between two flushes, and the first refused calls of them."""

    schema_version: int = SCHEMA_VERSION
    environment: str
    endpoint: str
    since: str
    until: str
    used: tuple[Used, ...]
    refused: tuple[RefusedCall, ...] = ()
    refused_left_out: int = 0


def write_usage(usage: Usage) -> str:
    """Write ``usage`` into the lake and return its path; the same again is the same object."""
    path = uris.usage(usage.until[:10], f"{usage.until.replace(':', '')}-{usage.endpoint}")
    lake().write(path, usage.canonical())
    return path


def read_usage(period: str, environment: str) -> Iterator[Usage]:
    """Return what was used in a day (2026-11-25) or a month (2026-11).

    :raises Tampered: an object is no record of usage
    """
    store = lake()
    for path in sorted(store.list(uris.usage_of(period))):
        try:
            found = Usage.model_validate_json(store.read(path))
        except ValueError:
            raise Tampered(f"{store.uri(path)} is no record of usage; restore or remove it.") from None
        if found.environment == environment:
            yield found


def rows_of_day(day: str, environment: str) -> dict[str, int]:
    """Return how many rows each consumer was answered on a day."""
    rows: dict[str, int] = {}
    for usage in read_usage(day, environment):
        for one in usage.used:
            if one.consumer and one.status == 200 and one.rows:
                rows[one.consumer] = rows.get(one.consumer, 0) + one.rows
    return rows
