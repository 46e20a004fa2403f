"""Scaling on traces whose end is known: it follows, it comes back, and it does not swing."""

from math import sin

from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.sizing import simulate

POLICY = {"least": 2, "most": 6, "target": 600.0, "out_cooldown_s": 60, "in_cooldown_s": 600, "capacity": 1000.0}


def test_a_steady_load_moves_nothing():
    found = simulate([1000.0] * 240, **POLICY)
    assert (found.moves, found.longest_breach_minutes, set(found.machines)) == (0, 0, {2})


def test_a_spike_is_met_within_the_alarm_and_the_start_of_a_machine():
    found = simulate([1000.0] * 60 + [3400.0] * 60, **POLICY)
    assert 0 < found.longest_breach_minutes <= 3 + 5
    assert found.machines[-1] == 6


def test_idle_it_goes_back_to_the_least_and_stays():
    found = simulate([3400.0] * 60 + [0.0] * 240, **POLICY)
    assert found.machines[-1] == 2
    assert found.turns == 1


def test_a_load_that_swings_does_not_make_the_machines_swing():
    wave = [1200 + 500 * sin(minute / 3) for minute in range(600)]
    calm = simulate(wave, **POLICY)
    hasty = simulate(wave, **{**POLICY, "in_cooldown_s": 0})
    assert calm.turns <= 2
    assert calm.turns <= hasty.turns


@settings(max_examples=60, deadline=None)
@given(trace=st.lists(st.floats(0, 10_000), min_size=1, max_size=200))
def test_there_are_never_more_or_fewer_than_allowed(trace):
    found = simulate(trace, **POLICY)
    assert len(found.machines) == len(trace)
    assert all(2 <= count <= 6 for count in found.machines)
