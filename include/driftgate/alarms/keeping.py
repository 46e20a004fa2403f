"""Reading alarms, and changing one by compare-and-swap."""

from collections.abc import Callable
from contextlib import suppress

from driftgate.alarms.alarm import KIND, Alarm, parse_alarm, require_move
from driftgate.errors import ConfigError, Conflict, nearest
from driftgate.metadata import metadata

Changed = tuple[Alarm | None, Alarm | None]


def alarms(prefix: str = "", *, lasting: bool = False) -> list[Alarm]:
    """Return the newest alarm of every key that starts with ``prefix``, by key.

    :param lasting: only those that are not resolved
    """
    found = [parse_alarm(entry) for entry in metadata().all_latest(KIND, prefix)]
    return [alarm for alarm in found if alarm.lasts or not lasting]


def alarm_of(key: str) -> Alarm | None:
    """Return the newest alarm of a key, None when it was never raised."""
    entry = metadata().latest(KIND, key)
    return parse_alarm(entry) if entry else None


def history(key: str) -> list[Alarm]:
    """Return every revision of every alarm of a key, oldest first."""
    return [parse_alarm(entry) for entry in metadata().history(KIND, key)]


def find_alarm(name: str) -> Alarm:
    """Return the newest alarm of a key, or the one of an id.

    :raises ConfigError: there is none, or one that lasts has taken its place
    """
    if found := alarm_of(name):
        return found
    known = {alarm.id: alarm for alarm in alarms()}
    if name in known:
        return known[name]
    raise ConfigError(f"There is no alarm {name!r}{nearest(name, [*known, *(one.key for one in known.values())][:20])}")


def changed(key: str, change: Callable[[Alarm | None, int], Alarm | None]) -> Changed:
    """Write what ``change`` makes of the newest alarm of a key, and return both; None from it leaves all as it is.

    :param change: gets the alarm and the revision to be written; is asked again when someone else was first
    """
    while True:
        entry = metadata().latest(KIND, key)
        before, revision = (parse_alarm(entry), entry.revision) if entry else (None, 0)
        after = change(before, revision + 1)
        if after is None or after == before:
            return before, before
        require_move(before, after)
        with suppress(Conflict):
            metadata().append(KIND, key, after.model_dump(mode="json"), expected=revision)
            return before, after
