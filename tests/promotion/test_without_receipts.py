"""Whichever receipt is deleted or changed, at whichever move: nothing moves, and the sentence names the receipt."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate import uris
from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.promotion import advance, deployment, roll_back, start_shadow, switch_champion
from driftgate.registry import find_model
from driftgate.registry.states import model_state

NAME = "flight_delays"
BY = {"actor": "anna", "reason": "a test"}
RECEIPTS = ["evaluation", "uplift"]


@pytest.fixture(params=["start_shadow", "advance", "switch_champion"])
def move(request, serving, use_case, earn):
    """Version 2, right before this move of it."""
    if request.param == "start_shadow":
        return lambda: start_shadow(use_case, "2", **BY)
    start_shadow(use_case, "2", **BY)
    earn()
    if request.param == "advance":
        return lambda: advance(use_case, "2", 5, actor="anna")
    advance(use_case, "2", 5, actor="anna")
    earn()
    return lambda: switch_champion(use_case, "2", **BY)


def damage(path: str, place: int | None) -> None:
    """Delete an object, or turn one bit of it."""
    if place is None:
        return lake().delete(path)
    changed = bytearray(lake().read(path))
    changed[place // 8 % len(changed)] ^= 1 << place % 8
    return lake().write(path, bytes(changed))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gate=st.sampled_from(RECEIPTS), place=st.none() | st.integers(0, 10_000))
def test_a_receipt_that_is_gone_or_changed_stops_the_move(move, gate, place) -> None:
    before, stands = deployment(NAME), model_state(NAME, "2")
    path = uris.gate_receipt(NAME, find_model(NAME, "2").job_id, gate)
    whole = lake().read(path)
    damage(path, place)
    with pytest.raises(PromotionRefused, match=rf"receipt of the gate '{gate}' (is missing|was altered)"):
        move()
    assert (deployment(NAME), model_state(NAME, "2")) == (before, stands)
    lake().write(path, whole)


@pytest.mark.parametrize("gate", ["environment", "skew", "serving"])
@pytest.mark.parametrize("move", ["advance", "switch_champion"], indirect=True)
def test_nobody_is_answered_by_what_was_not_checked_where_it_serves(move, gate) -> None:
    lake().delete(uris.gate_receipt(NAME, find_model(NAME, "2").job_id, gate))
    with pytest.raises(PromotionRefused, match=f"The receipt of the gate '{gate}' is missing"):
        move()


def test_with_all_of_them_it_moves(move) -> None:
    before = deployment(NAME)
    assert move().revision == before.revision + 1


def test_the_way_back_asks_for_no_receipt(serving, use_case) -> None:
    """What is wrong must be out of the traffic, whatever became of its papers."""
    start_shadow(use_case, "2", **BY)
    for gate in RECEIPTS:
        lake().delete(uris.gate_receipt(NAME, find_model(NAME, "2").job_id, gate))
    assert roll_back(use_case, **BY).candidate is None
