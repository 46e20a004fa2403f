"""The record of data that are gone, and back."""

from driftgate.datasets.removal import data_are_back, record_removal, removal_of, removals

NAME = "flight_delays/2013-03-31-1234567"


def test_gone_and_back() -> None:
    data_are_back(NAME)
    assert (removal_of(NAME), removals()) == (None, {})
    record_removal(NAME, ("ab",), actor="ana", reason="room")
    gone = removal_of(NAME)
    assert gone and (gone.actor, gone.reason, gone.objects) == ("ana", "room", ("ab",))
    assert removals()[NAME][0] == gone
    data_are_back(NAME)
    assert (removal_of(NAME), removals()) == (None, {})
