"""Trying whether messages arrive, before one matters."""

from driftgate.alarms.alarm import Alarm
from driftgate.alarms.kinds import KINDS, runbook_of
from driftgate.alarms.message import message_of
from driftgate.alarms.outbox import Delivery, attempt_all
from driftgate.errors import ConfigError, nearest
from driftgate.settings import environment, settings
from driftgate.wall_clock import utc_now


def try_channels(name: str | None = None) -> dict[str, str | None]:
    """Send a test message through a channel, or through each, and return what went wrong by channel.

    :raises ConfigError: there is no such channel
    """
    channels, now = settings().alarms.channels, utc_now()
    if name is not None and name not in channels:
        raise ConfigError(f"The settings of {environment()} have no channel {name!r}{nearest(name, channels)}")
    alarm = Alarm(
        id=f"test-{now:%Y%m%dT%H%M%S}",
        key="test/channels",
        kind="test",
        severity="minor",
        state="open",
        sentence="This is a test: somebody tries whether messages arrive.",
        impact=KINDS["test"].impact,
        owner=settings().alarms.owner,
        runbook=runbook_of("test"),
        first_seen=now,
        last_seen=now,
        event="opened",
    )
    wanted = [
        Delivery(channel=each, message=message_of(alarm, f"{alarm.id}/0/{each}", environment()), since=now, due_at=now)
        for each in ([name] if name else channels)
    ]
    return {attempt.delivery.channel: attempt.error for attempt in attempt_all(wanted, 10.0)}
