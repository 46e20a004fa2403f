"""Quarantined days: a span whose requests no dataset version learns from, until somebody lifts the quarantine.

The rows stay where they are, and the history of later days still sees them: only as requests with labels are they left
out. What was in quarantine at ``as_of`` is left out of a version as of then.
"""

from datetime import datetime

from driftgate.errors import ConfigError, nearest
from driftgate.metadata import metadata
from driftgate.partition_keys import keys_between
from driftgate.records import Record, parse_record
from driftgate.wall_clock import on_the_wall

KIND = "quarantined_days"


class QuarantinedDays(Record):
    """One span of days, who set it apart and why; over when ``held`` is false. ``name`` is the incident's."""

    schema_version: int = 1
    use_case: str
    name: str
    first_day: str
    last_day: str
    held: bool = True
    actor: str
    reason: str


def quarantine_days(span: QuarantinedDays) -> QuarantinedDays:
    """Leave the days of ``span`` out of every dataset version from now on; again is nothing.

    :raises ConfigError: the days are none, or the wrong way round
    """
    keys_between(span.first_day, span.last_day)
    if _span(span.use_case, span.name) is None:
        metadata().append(KIND, f"{span.use_case}/{span.name}", span.model_dump(mode="json"), expected=0)
    return span


def lift_quarantine(use_case_name: str, name: str, *, actor: str, reason: str) -> QuarantinedDays:
    """Let the days be learned from again.

    :raises ConfigError: no such span is in quarantine
    """
    span = _span(use_case_name, name)
    if span is None or not span.held:
        held = [one.name for one in quarantines(use_case_name)]
        raise ConfigError(f"No days of {use_case_name} are in quarantine for {name!r}{nearest(name, held)}")
    lifted = span.model_copy(update={"held": False, "actor": actor, "reason": reason})
    metadata().append(KIND, f"{use_case_name}/{name}", lifted.model_dump(mode="json"))
    return lifted


def quarantines(use_case_name: str, as_of: datetime | None = None) -> list[QuarantinedDays]:
    """Return the spans that are, or were at ``as_of``, in quarantine."""
    found = []
    for latest in metadata().all_latest(KIND, f"{use_case_name}/"):
        entries = [latest] if as_of is None else metadata().history(KIND, latest.subject)
        known = [one.body for one in entries if as_of is None or on_the_wall(one.written_at) <= as_of]
        found += [parse_record(body, QuarantinedDays, where=f"quarantine of {latest.subject}") for body in known[-1:]]
    return [span for span in found if span.held]


def quarantined_days(use_case_name: str, as_of: datetime | None = None) -> set[str]:
    """Return the days that are, or were at ``as_of``, in quarantine."""
    spans = quarantines(use_case_name, as_of)
    return {day for span in spans for day in keys_between(span.first_day, span.last_day)}


def _span(use_case_name: str, name: str) -> QuarantinedDays | None:
    entry = metadata().latest(KIND, f"{use_case_name}/{name}")
    return parse_record(entry.body, QuarantinedDays, where=f"quarantine of {entry.subject}") if entry else None
