"""Where a candidate stands between its evaluation and its end; every move is recorded with who made it and why.

The subject is the number of a registered version, or the id of a job whose candidate was rejected before it got one.
"""

from collections.abc import Collection, Mapping
from typing import Literal, get_args

from driftgate.errors import Conflict, PromotionRefused
from driftgate.metadata import Entry, metadata
from driftgate.records import Record, parse_record

KIND = "model_state"

State = Literal[
    "candidate", "needs_review", "approved", "rejected", "shadow", "canary", "champion", "retired", "quarantined"
]

# What may follow. A rejected model is never tried again; one that was quarantined goes through a person's hands.
NEXT: Mapping[State | None, frozenset[State]] = {
    None: frozenset({"candidate", "needs_review", "rejected"}),
    "candidate": frozenset({"approved", "rejected", "needs_review", "quarantined"}),
    "needs_review": frozenset({"approved", "rejected", "quarantined"}),
    "approved": frozenset({"shadow", "champion", "needs_review", "rejected", "retired", "quarantined"}),
    "shadow": frozenset({"canary", "champion", "approved", "rejected", "quarantined"}),
    "canary": frozenset({"champion", "approved", "rejected", "quarantined"}),
    "champion": frozenset({"retired", "rejected", "quarantined"}),
    "retired": frozenset({"champion", "quarantined"}),  # champion again: a rollback restores it
    "rejected": frozenset(),
    "quarantined": frozenset({"needs_review", "rejected"}),
}
STATES: tuple[State, ...] = get_args(State)
# The endpoint loads no other version: a deployment record alone puts no model before users.
MAY_SERVE: frozenset[State] = frozenset({"approved", "shadow", "canary", "champion", "retired"})


class ModelState(Record):
    """One state of one model, who moved it there and why."""

    schema_version: int = 1
    use_case: str
    subject: str
    revision: int
    state: State
    previous: State | None
    actor: str
    reason: str


def model_state(use_case_name: str, subject: str) -> ModelState | None:
    """Return where a version (or the candidate of a job) stands, None when nothing is recorded of it."""
    entry = metadata().latest(KIND, f"{use_case_name}/{subject}")
    return _parse(entry) if entry else None


def state_history(use_case_name: str, subject: str) -> list[ModelState]:
    """Return every state that it was in, oldest first."""
    return [_parse(entry) for entry in metadata().history(KIND, f"{use_case_name}/{subject}")]


def model_states(use_case_name: str) -> list[ModelState]:
    """Return where every version, and every rejected candidate, of a use case stands."""
    return [_parse(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]


def move_state(
    use_case_name: str, subject: str, to: State, *, actor: str, reason: str, expected: State | None = None
) -> ModelState:
    """Move a version to another state by compare-and-swap; one that is there already stays as it is recorded.

    :param expected: the state that the caller last read; None takes any from which the move is allowed
    :raises PromotionRefused: no model may go from its state to that one
    :raises Conflict: it is in another state than ``expected``, or someone else moved it at the same moment
    """
    before = model_state(use_case_name, subject)
    current = before.state if before else None
    if before and current == to:
        return before
    if expected is not None and current != expected:
        raise Conflict(f"Model {subject} of {use_case_name} is {current}, not {expected}: someone moved it first.")
    if to not in NEXT[current]:
        raise PromotionRefused(_not_allowed(use_case_name, subject, current, to))
    body = {
        "schema_version": 1,
        "use_case": use_case_name,
        "subject": subject,
        "state": to,
        "previous": current,
        "actor": actor,
        "reason": reason,
    }
    return _parse(
        metadata().append(KIND, f"{use_case_name}/{subject}", body, expected=before.revision if before else 0)
    )


def require_state(use_case_name: str, subject: str, allowed: Collection[State], purpose: str) -> ModelState:
    """Return the state of a version, and refuse one in any other state than these, or in none.

    :param purpose: the end of the sentence: what it may therefore not do
    :raises PromotionRefused: it is in another state
    """
    found = model_state(use_case_name, subject)
    if found is None:
        raise PromotionRefused(
            f"No state of version {subject} of {use_case_name} is recorded, so it may not {purpose}; register its job "
            "again."
        )
    if found.state not in allowed:
        raise PromotionRefused(
            f"Version {subject} of {use_case_name} is {found.state} ({found.reason}), so it may not {purpose}; it must "
            f"be {' or '.join(name for name in STATES if name in allowed)}."
        )
    return found


def _not_allowed(use_case_name: str, subject: str, current: State | None, to: State) -> str:
    allowed = ", ".join(name for name in STATES if name in NEXT[current]) or "nothing"
    return (
        f"Version {subject} of {use_case_name} is {current or 'not registered'}, from which no model becomes {to}; "
        f"what may follow is {allowed}."
    )


def _parse(entry: Entry) -> ModelState:
    where = f"the state of {entry.subject}"
    return parse_record({**entry.body, "revision": entry.revision}, ModelState, where=where)
