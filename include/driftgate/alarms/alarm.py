"""The record of one alarm, and which state may follow which.

An alarm is known by its key (``kind/what it is about``). While it lasts, the same key again is a repeat; after it is
resolved, it is a new alarm.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from driftgate.errors import DriftgateError
from driftgate.metadata import Entry
from driftgate.records import Record, canonical_json, parse_record, sha256
from driftgate.severity import Severity

KIND = "alarm"
BEFORE_THE_MANAGER = 0  # schema version of bodies that were nothing but a state and a sentence

State = Literal["open", "acknowledged", "suppressed", "resolved"]
Event = Literal["opened", "worsened", "escalated", "resolved"]

# What may follow. A resolved alarm is over: the next one with its key begins anew, suppressed if people wanted silence.
NEXT: Mapping[State | None, frozenset[State]] = {
    None: frozenset({"open", "suppressed"}),
    "open": frozenset({"acknowledged", "suppressed", "resolved"}),
    "acknowledged": frozenset({"open", "suppressed", "resolved"}),
    "suppressed": frozenset({"open", "resolved"}),
    "resolved": frozenset(),
}
STATES: tuple[State, ...] = get_args(State)


class Told(Record):
    """What an alarm is about, as every message of it says too.

    :param evidence: of what it rests on, an id or hash; the same evidence again is no repeat
    :param count: how often it was raised while it lasted
    """

    key: str
    kind: str
    severity: Severity
    state: State
    sentence: str
    impact: str
    owner: str
    runbook: str
    use_case: str | None = None
    evidence: str | None = None
    count: int = 1
    first_seen: datetime
    last_seen: datetime


class Alarm(Told):
    """One alarm as it stands.

    :param actor: who moved it to its state, and ``reason`` why; None: whoever raised it
    :param event: what ``channels`` are told, for the ``notice``-th time; ``told_at`` since when, ``step`` of the route
    :param told: every channel that was told anything of it
    """

    schema_version: int = 1
    id: str
    actor: str | None = None
    reason: str | None = None
    false_alarm: bool = False
    suppressed_until: datetime | None = None
    event: Event | None = None
    notice: int = 0
    told_at: datetime | None = None
    step: int = 0
    channels: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def lasts(self) -> bool:
        """Whether it is not over yet."""
        return self.state != "resolved"

    def telling(self, event: Event, channels: tuple[str, ...], now: datetime, **changes: Any) -> "Alarm":
        """Return this alarm with a further notice, through ``channels``."""
        told = (*self.told, *(name for name in channels if name not in self.told))
        notice = {"event": event, "notice": self.notice + 1, "told_at": now, "channels": channels, "told": told}
        return self.model_copy(update={**notice, **changes})


def alarm_id(key: str, revision: int) -> str:
    """Return the id of the alarm that begins with a revision of its key's record."""
    return sha256(canonical_json([key, revision]))[:10]


def require_move(before: Alarm | None, after: Alarm) -> None:
    """Return when an alarm may go from one state to the other; a repeat stays in its state.

    :raises DriftgateError: it may not
    """
    same = before if before and before.id == after.id else None
    if same and same.state == after.state:
        return
    state = same.state if same else None
    if after.state not in NEXT[state] or (before and not same and before.lasts):
        raise DriftgateError(
            f"Alarm {after.key} is {state or 'not over'} and cannot become {after.state}; look at it with "
            f"'driftgate alarm show {after.key}'."
        )


def parse_alarm(entry: Entry) -> Alarm:
    """Return the alarm that a record says, also one of before there were more fields than a state and a sentence."""
    body = entry.body
    if "schema_version" not in body:
        body = _of_before(entry)
    return parse_record(body, Alarm, where=f"the alarm record of {entry.subject}")


def _of_before(entry: Entry) -> dict[str, Any]:
    return {
        "schema_version": BEFORE_THE_MANAGER,
        "id": alarm_id(entry.subject, entry.revision),
        "key": entry.subject,
        "kind": entry.subject.partition("/")[0],
        "severity": "major",
        "state": "open" if entry.body.get("state", "open") == "open" else "resolved",
        "sentence": str(entry.body.get("sentence", "")),
        "impact": "",
        "owner": "",
        "runbook": "",
        "evidence": entry.body.get("run_id"),
        "first_seen": entry.written_at,
        "last_seen": entry.written_at,
    }
