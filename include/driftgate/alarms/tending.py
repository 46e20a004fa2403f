"""What is done about alarms every hour: quiet ends, nobody's alarms go further, messages are tried again."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from driftgate.alarms.alarm import Alarm
from driftgate.alarms.keeping import alarms, changed
from driftgate.alarms.manager import clear_alarm, quiet_is_over, raise_alarm, reopened
from driftgate.alarms.outbox import Delivery, deliver, deliveries, due
from driftgate.alarms.routing import escalated
from driftgate.records import Record
from driftgate.settings import settings

ALL_TRIES_SECONDS = 60.0
MOST_TRIES = 50  # in one hour; the others have their turn in the next


class Tended(Record):
    """What came of it."""

    lasting: int
    reopened: int
    escalated: int
    delivered: int
    failed: int


def tend_alarms(now: datetime) -> Tended:
    """Reopen, escalate and deliver what is due; a channel that fails again and again becomes an alarm.

    :param now: in UTC
    """
    before = alarms()
    back = [alarm for alarm in before if _changed(alarm, partial(_reopened, now=now))]
    further = [alarm for alarm in before if _changed(alarm, partial(escalated, now=now))]
    tried = deliver(due(alarms(), now)[:MOST_TRIES], now, wait_seconds=ALL_TRIES_SECONDS)
    _tell_failing(tried, now)
    _end_failing(now)
    return Tended(
        lasting=len(alarms(lasting=True)),
        reopened=len(back),
        escalated=len(further),
        delivered=sum(one.state == "delivered" for one in tried),
        failed=sum(one.state != "delivered" for one in tried),
    )


def _tell_failing(tried: Sequence[Delivery], now: datetime) -> None:
    """Raise an alarm about each channel that fails again and again, and took nothing meanwhile.

    A message about a channel that fails is one of those that may fail: that is in the log only.
    """
    for channel in sorted({one.channel for one in tried}):
        mine = [one for one in tried if one.channel == channel]
        worst = max(mine, key=lambda one: one.attempts)
        lasts = worst.attempts >= settings().alarms.failures_told and worst.message.kind != "delivery_failed"
        if lasts and not any(one.state == "delivered" for one in mine):
            raise_alarm(
                "delivery_failed",
                channel,
                f"The channel {channel!r} took none of {len(mine)} messages about alarms, one of them tried "
                f"{worst.attempts} times ({worst.error}); mend it, or its section under 'alarms.channels'.",
                now=now,
            )


def _end_failing(now: datetime) -> None:
    """End the alarm about each channel that has taken a message since."""
    for alarm in alarms("delivery_failed/", lasting=True):
        mine = [one for one in deliveries() if f"delivery_failed/{one.channel}" == alarm.key]
        if any(one.delivered_at and one.delivered_at > alarm.first_seen for one in mine):
            clear_alarm("delivery_failed", alarm.key.partition("/")[2], "Messages get through again.", now=now)


def _reopened(alarm: Alarm, now: datetime) -> Alarm | None:
    return reopened(alarm, now) if quiet_is_over(alarm, now) else None


def _changed(alarm: Alarm, change: "partial[Alarm | None]") -> bool:
    """Change an alarm as it stands now, and return whether it was."""
    if change(alarm) is None:
        return False
    before, after = changed(alarm.key, lambda newest, _: change(newest) if newest else None)
    return before != after
