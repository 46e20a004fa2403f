"""Which state follows which: every pair of them, who lost a race, and what is not recorded is not allowed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from driftgate.errors import Conflict, PromotionRefused
from driftgate.metadata import metadata
from driftgate.registry.states import (
    KIND,
    NEXT,
    STATES,
    model_state,
    model_states,
    move_state,
    require_state,
    state_history,
)

NAME = "flight_delays"
BY = {"actor": "anna", "reason": "a test"}
ALLOWED = {
    (None, "candidate"), (None, "needs_review"), (None, "rejected"),
    ("candidate", "approved"), ("candidate", "rejected"), ("candidate", "needs_review"), ("candidate", "quarantined"),
    ("needs_review", "approved"), ("needs_review", "rejected"), ("needs_review", "quarantined"),
    ("approved", "shadow"), ("approved", "champion"), ("approved", "needs_review"), ("approved", "rejected"),
    ("approved", "retired"), ("approved", "quarantined"),
    ("shadow", "canary"), ("shadow", "champion"), ("shadow", "approved"), ("shadow", "rejected"),
    ("shadow", "quarantined"),
    ("canary", "champion"), ("canary", "approved"), ("canary", "rejected"), ("canary", "quarantined"),
    ("champion", "retired"), ("champion", "rejected"), ("champion", "quarantined"),
    ("retired", "champion"), ("retired", "quarantined"),
    ("quarantined", "needs_review"), ("quarantined", "rejected"),
}  # fmt: skip


def put(state: str | None) -> None:
    """Record a state as if the moves before it had been made."""
    if state:
        body = {"use_case": NAME, "subject": "2", "state": state, "previous": None, **BY}
        metadata().append(KIND, f"{NAME}/2", body)


@pytest.mark.parametrize("before", [None, *STATES], ids=str)
def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(before) -> None:
    put(before)
    for to in STATES:
        if to == before or (before, to) in ALLOWED:
            continue
        with pytest.raises(PromotionRefused, match=f"from which no model becomes {to}; what may follow is"):
            move_state(NAME, "2", to, **BY)
    assert (model_state(NAME, "2") or type("", (), {"state": None})).state == before


@pytest.mark.parametrize(("before", "to"), sorted(ALLOWED, key=str))
def test_what_is_allowed_is_recorded(before, to) -> None:
    put(before)
    moved = move_state(NAME, "2", to, **BY)
    assert (moved.state, moved.previous, moved.actor, moved.reason) == (to, before, "anna", "a test")
    assert model_state(NAME, "2") == moved


def test_the_table_knows_every_state() -> None:
    assert set(NEXT) == {None, *STATES}
    assert {(before, to) for before, following in NEXT.items() for to in following} == ALLOWED


def test_a_move_tried_again_changes_nothing() -> None:
    first = move_state(NAME, "2", "candidate", **BY)
    assert move_state(NAME, "2", "candidate", actor="ben", reason="again") == first
    assert state_history(NAME, "2") == [first]


def test_the_history_and_the_rejected_job_are_kept() -> None:
    for state in ("candidate", "approved", "shadow", "rejected"):
        move_state(NAME, "2", state, actor="anna", reason=f"to {state}")
    move_state(NAME, "job-9", "rejected", actor="gates", reason="the gate 'uplift' failed")
    assert [(one.revision, one.state) for one in state_history(NAME, "2")] == [
        (1, "candidate"), (2, "approved"), (3, "shadow"), (4, "rejected"),
    ]  # fmt: skip
    assert [(one.subject, one.state) for one in model_states(NAME)] == [("2", "rejected"), ("job-9", "rejected")]


def test_a_move_from_where_it_no_longer_is_meets_a_conflict() -> None:
    put("shadow")
    with pytest.raises(Conflict, match="Model 2 of flight_delays is shadow, not approved: someone moved it first"):
        move_state(NAME, "2", "rejected", expected="approved", **BY)


def test_of_two_at_once_one_wins_and_the_other_is_told() -> None:
    put("candidate")
    start = Barrier(2)

    def move(to: str) -> str:
        start.wait()
        try:
            return move_state(NAME, "2", to, **BY).state
        except (Conflict, PromotionRefused):
            return "lost"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(move, ["approved", "rejected"]))
    # approved, then rejected, is a way that the table allows when the two come one after the other
    assert found in (["approved", "lost"], ["lost", "rejected"], ["approved", "rejected"])
    assert len(state_history(NAME, "2")) == 1 + sum(one != "lost" for one in found)


def test_what_is_not_recorded_is_not_allowed() -> None:
    with pytest.raises(PromotionRefused, match=r"No state of version 2 .* is recorded, so it may not serve; register"):
        require_state(NAME, "2", {"approved"}, "serve")
    put("rejected")
    with pytest.raises(PromotionRefused, match=r"is rejected \(a test\), so it may not serve; it must be approved or"):
        require_state(NAME, "2", {"shadow", "approved"}, "serve")
    put("approved")
    require_state(NAME, "2", {"shadow", "approved"}, "serve")
