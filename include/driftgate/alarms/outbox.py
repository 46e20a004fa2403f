"""What is still to be told, and to whom: a record for each notice and channel, kept until the channel has taken it.

A record is written before anything is sent and marked after it, so a message may come twice, with the same delivery id,
and never not at all. Whose process died between the alarm and its records gets them from the next hour's :func:`due`.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Thread
from time import monotonic
from typing import Literal

from driftgate.alarms.alarm import BEFORE_THE_MANAGER, Alarm
from driftgate.alarms.channels import AT_HAND, send
from driftgate.alarms.message import Message, message_of
from driftgate.errors import Conflict
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.settings import environment, settings

KIND = "alarm_delivery"
WAIT_SECONDS = 4.0  # for all channels together: who raises an alarm has other work
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_ERROR = 200  # characters

logger = logging.getLogger(__name__)


class Delivery(Record):
    """One message through one channel: how it stands, when it is tried next."""

    schema_version: int = 1
    channel: str
    message: Message
    state: Literal["waiting", "delivered", "given_up"] = "waiting"
    attempts: int = 0
    since: datetime
    due_at: datetime
    delivered_at: datetime | None = None
    error: str | None = None

    def after(self, error: str | None, now: datetime) -> "Delivery":
        """Return how it stands after an attempt: pauses double, up to hours."""
        if error is None:
            done = {"state": "delivered", "delivered_at": now, "error": None}
            return self.model_copy(update={**done, "attempts": self.attempts + 1})
        over = now - self.since >= timedelta(days=settings().alarms.give_up_after_days)
        known = self.channel in settings().alarms.channels
        pause = min(FIRST_PAUSE * 2 ** min(self.attempts, 10), LONGEST_PAUSE)
        state = "given_up" if over or not known else "waiting"
        return self.model_copy(
            update={"state": state, "attempts": self.attempts + 1, "error": error, "due_at": now + pause}
        )


def enclose(alarm: Alarm, now: datetime) -> list[Delivery]:
    """Write the records of the newest notice of an alarm that are not there yet, and return them."""
    if alarm.event is None or alarm.schema_version == BEFORE_THE_MANAGER:
        return []
    written = []
    for channel in alarm.channels:
        name = f"{alarm.id}/{alarm.notice}/{channel}"
        made = Delivery(channel=channel, message=message_of(alarm, name, environment()), since=now, due_at=now)
        with suppress(Conflict):  # there already
            metadata().append(KIND, name, made.model_dump(mode="json"), expected=0)
            written.append(made)
    return written


def deliveries(prefix: str = "") -> list[Delivery]:
    """Return how every delivery stands whose id starts with ``prefix``."""
    return [_parse(entry.subject, entry.body) for entry in metadata().all_latest(KIND, prefix)]


def due(alarms: Iterable[Alarm], now: datetime) -> list[Delivery]:
    """Return every delivery whose time has come, the oldest first, also one whose record a crash kept from us."""
    for alarm in alarms:
        enclose(alarm, now)
    waiting = [one for one in deliveries() if one.state == "waiting" and one.due_at <= now]
    return sorted(waiting, key=lambda one: (one.due_at, one.message.delivery_id))


def deliver(wanted: Iterable[Delivery], now: datetime, *, wait_seconds: float = WAIT_SECONDS) -> list[Delivery]:
    """Try deliveries, all channels at once, and return how each stands then.

    One that takes longer than ``wait_seconds`` counts as failed, though its message may still arrive.
    """
    return [_noted(attempt, now) for attempt in attempt_all(wanted, wait_seconds)]


def attempt_all(wanted: Iterable[Delivery], wait_seconds: float) -> "list[Attempt]":
    """Try deliveries, all at once, and return what went wrong with each, recording nothing."""
    running = [Attempt(one) for one in wanted]
    deadline = monotonic() + wait_seconds
    for attempt in running:
        attempt.begin()
    for attempt in running:
        attempt.await_until(deadline)
    return running


class Attempt(Thread):
    """One attempt in a thread of its own, which dies with the process; what is on this machine needs none."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(daemon=True)
        self.delivery = delivery
        self.error: str | None = "the channel did not answer in time"
        self.channel = settings().alarms.channels.get(delivery.channel)

    def begin(self) -> None:
        """Send the message, or let a thread do it."""
        self.run() if isinstance(self.channel, AT_HAND) else self.start()

    def await_until(self, deadline: float) -> None:
        """Wait for the answer, up to a time of the monotonic clock."""
        if self.ident is not None:
            self.join(max(0.0, deadline - monotonic()))

    def run(self) -> None:
        """Send the message and keep what went wrong."""
        try:
            if self.channel is None:
                raise LookupError("the settings have no such channel any more")
            send(self.channel, self.delivery.message)
        except Exception as error:  # no channel may break whoever raises an alarm
            self.error = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_ERROR]
        else:
            self.error = None


def _noted(attempt: Attempt, now: datetime) -> Delivery:
    before = attempt.delivery
    after, name = before.after(attempt.error, now), before.message.delivery_id
    if after.error:
        logger.warning("alarm %s did not get through %s: %s", before.message.key, before.channel, after.error)
    entry = metadata().latest(KIND, name)
    if entry and _parse(name, entry.body) == before:
        with suppress(Conflict):  # someone else delivered it at the same moment
            metadata().append(KIND, name, after.model_dump(mode="json"), expected=entry.revision)
    return after


def _parse(name: str, body: dict[str, object]) -> Delivery:
    return parse_record(body, Delivery, where=f"the delivery record {name}")
