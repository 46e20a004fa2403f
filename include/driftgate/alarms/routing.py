"""Which channels an alarm goes through: by its severity, one step of the route after the other."""

from datetime import datetime, timedelta

from driftgate.alarms.alarm import Alarm
from driftgate.settings import settings


def first_channels(alarm: Alarm) -> tuple[str, ...]:
    """Return the channels that are told first; that a channel fails is told through every other one."""
    if alarm.kind == "delivery_failed":
        return tuple(name for name in settings().alarms.channels if name != alarm.key.partition("/")[2])
    return _steps(alarm)[0]


def escalated(alarm: Alarm, now: datetime) -> Alarm | None:
    """Return an open alarm as told to the next step of its route; None while there is time, or no further step."""
    minutes = getattr(settings().alarms.escalate_after_minutes, alarm.severity)
    steps, step = _steps(alarm), alarm.step + 1
    if alarm.state != "open" or alarm.told_at is None or minutes is None or step >= len(steps):
        return None
    if alarm.kind == "delivery_failed" or now - alarm.told_at < timedelta(minutes=minutes):
        return None
    return alarm.telling("escalated", steps[step], now, step=step)


def _steps(alarm: Alarm) -> tuple[tuple[str, ...], ...]:
    steps: tuple[tuple[str, ...], ...] = getattr(settings().alarms.routes, alarm.severity)
    return steps
