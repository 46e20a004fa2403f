"""What a channel is told of an alarm: its nature, what it may lead to, whose it is, and what to do."""

from driftgate.alarms.alarm import Alarm, Event, Told

LONGEST_SUBJECT = 100  # characters; SNS takes no more


class Message(Told):
    """One message; the same ``delivery_id`` again is the same message, for it is delivered at least once."""

    schema_version: int = 1
    delivery_id: str
    environment: str
    event: Event
    alarm_id: str

    @property
    def subject(self) -> str:
        """One short line, in ASCII."""
        line = " ".join(f"[{self.severity}] {self.event}: {self.key} ({self.environment})".split())
        return line.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]

    @property
    def text(self) -> str:
        """The message for a person."""
        raised = f"Raised {self.count} times since {self.first_seen:%F %H:%M %Z}."
        lines = [
            self.sentence,
            "",
            f"What it may lead to: {self.impact}",
            f"Severity: {self.severity}. State: {self.state}. {raised}",
            f"Owner: {self.owner}",
            f"What to do: {self.runbook}",
            f"Evidence: {self.evidence or 'the sentence above'}",
            f"Alarm {self.alarm_id}: driftgate alarm show {self.key}",
        ]
        return "\n".join(lines)


def message_of(alarm: Alarm, delivery_id: str, environment: str) -> Message:
    """Return what is told of an alarm now."""
    assert alarm.event, f"{alarm.key} has nothing to tell"  # noqa: S101  whoever calls has looked
    told = {name: getattr(alarm, name) for name in Told.model_fields}
    if alarm.event == "resolved":
        told["sentence"] = f"It is over ({alarm.reason}): {alarm.sentence}"
    return Message(**told, alarm_id=alarm.id, event=alarm.event, delivery_id=delivery_id, environment=environment)
