"""The record of every change of traffic: opened before the move, closed after it. Without an open one nothing moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from driftgate.errors import Conflict, PromotionRefused
from driftgate.metadata import Entry, metadata
from driftgate.promotion.state import DeploymentState, Variant, deployment, deployment_history
from driftgate.records import Record, parse_record
from driftgate.use_cases import UseCase

KIND = "change"

Action = Literal["start_shadow", "advance", "switch_champion", "end_shadow", "roll_back", "restore"]
Outcome = Literal["open", "applied", "rolled_back", "refused"]


class Change(Record):
    """One change: who asked, who approved, from what to what, on which evidence, and what came of it.

    ``id`` is the revision of the record that opened it. What was applied and taken back later is ``rolled_back``.
    """

    schema_version: int = 1
    id: int = 0
    use_case: str
    action: Action
    version: str | None
    strategy: str
    requester: str
    approver: str | None = None
    before: tuple[Variant, ...] = ()
    after: tuple[Variant, ...] = ()
    evidence: tuple[str, ...] = ()
    outcome: Outcome = "open"
    reason: str


@dataclass(frozen=True)
class RecordedChange:
    """A change as it stands, with the times that the metadata store wrote down."""

    change: Change
    opened_at: datetime
    closed_at: datetime | None


@contextmanager
def change_of(
    use_case: UseCase,
    action: Action,
    version: str | None,
    *,
    requester: str,
    reason: str,
    approver: str | None = None,
    evidence: tuple[str, ...] = (),
) -> Iterator[Change]:
    """Open a change for one move. A refusal closes it; a crash leaves it open for :func:`settle`."""
    state = deployment(use_case.name)
    change = Change(
        use_case=use_case.name,
        action=action,
        version=version,
        strategy=use_case.promote.strategy,
        requester=requester,
        approver=approver,
        before=state.variants if state else (),
        evidence=evidence,
        reason=reason,
    )
    change = change.model_copy(update={"id": _append(change).revision})
    try:
        yield change
    except (PromotionRefused, Conflict) as refusal:
        _append(change.model_copy(update={"outcome": "refused", "reason": str(refusal)}))
        raise


def close(state: DeploymentState) -> None:
    """Close the change that led to ``state`` as applied; again is nothing."""
    found = [one.change for one in changes_of(state.use_case) if one.change.id == state.change]
    if found and found[0].outcome == "open":
        _append(found[0].model_copy(update={"outcome": "applied", "after": state.variants}))


def take_back(use_case_name: str, version: str) -> None:
    """Mark what was applied for ``version`` as rolled back."""
    for one in changes_of(use_case_name):
        change = one.change
        if (change.version, change.outcome) == (version, "applied") and change.action not in ("roll_back", "restore"):
            _append(change.model_copy(update={"outcome": "rolled_back"}))


def require_open(change: Change) -> None:
    """Return when ``change`` is recorded as open.

    :raises PromotionRefused: it is not, so nothing may move
    """
    recorded = {one.change.id: one.change.outcome for one in changes_of(change.use_case)}
    if recorded.get(change.id) != "open":
        raise PromotionRefused(
            f"Change {change.id} of {change.use_case} is {recorded.get(change.id, 'not recorded')}, and traffic moves "
            "only under an open change; begin the move anew."
        )


def settle(use_case_name: str, opened_before: datetime) -> list[Change]:
    """Close the changes that a crash left open: as applied if the traffic moved, as refused if it did not."""
    states = {state.change: state for state in deployment_history(use_case_name)}
    left = [
        one.change
        for one in changes_of(use_case_name)
        if one.change.outcome == "open" and one.opened_at < opened_before
    ]
    for change in left:
        if change.id in states:
            close(states[change.id])
            if change.action == "roll_back" and change.version:
                take_back(use_case_name, change.version)
        else:
            never = f"It was begun and never finished: {change.reason}"
            _append(change.model_copy(update={"outcome": "refused", "reason": never}))
    return left


def changes_of(use_case_name: str) -> list[RecordedChange]:
    """Return every change of a use case as it stands, oldest first."""
    found: dict[int, RecordedChange] = {}
    for entry in metadata().history(KIND, use_case_name):
        change = _parse(entry)
        opened_at = found[change.id].opened_at if change.id in found else entry.written_at
        closed_at = None if change.outcome == "open" else entry.written_at
        found[change.id] = RecordedChange(change, opened_at, closed_at)
    return list(found.values())


@dataclass(frozen=True)
class Promotions:
    """How promotions ended: a version that became champion and stayed it, or one that was taken back."""

    succeeded: int
    ended: int
    lead_times: tuple[timedelta, ...]

    @property
    def sentence(self) -> str:
        """The success rate and the lead time, for people."""
        if not self.ended:
            return "No promotion has ended yet."
        rate = f"{self.succeeded} of {self.ended} promotions succeeded ({self.succeeded / self.ended:.0%})"
        if not self.lead_times:
            return f"{rate}."
        middle = sorted(self.lead_times)[len(self.lead_times) // 2]
        return (
            f"{rate}; half of them took {middle.total_seconds() / 60:,.1f} minutes or less from first move to champion."
        )


def promotions_of(changes: list[RecordedChange]) -> Promotions:
    """Return how the promotions ended that these changes are: one from its first move to its switch or its rollback."""
    began: dict[str | None, datetime] = {}
    lead_times: list[timedelta] = []
    succeeded = ended = 0
    for one in changes:
        action, outcome = one.change.action, one.change.outcome
        if outcome not in ("applied", "rolled_back"):
            continue
        first = began.setdefault(one.change.version, one.opened_at)
        if action in ("switch_champion", "end_shadow", "roll_back"):
            del began[one.change.version]
        if action == "switch_champion":
            ended += 1
            if outcome == "applied":
                succeeded += 1
                lead_times.append((one.closed_at or one.opened_at) - first)
        elif action == "roll_back" and len(one.change.before) > 1:  # else it took back a switch, which is counted
            ended += 1
    return Promotions(succeeded, ended, tuple(lead_times))


def _append(change: Change) -> Entry:
    return metadata().append(KIND, change.use_case, change.model_dump(mode="json"))


def _parse(entry: Entry) -> Change:
    change = parse_record(entry.body, Change, where=f"change {entry.revision} of {entry.subject}")
    return change if change.id else change.model_copy(update={"id": entry.revision})
