"""Requests that are answered together."""

from collections.abc import Iterator
from typing import Any

import pytest

from driftgate.captures import JournalFull
from driftgate.endpoint.steps import Steps, take_steps


class Told(list[str]):
    """What happened, in order."""

    def request(self, name: str, *, fails_at: int | None = None, captures: Any = ()) -> Steps[str]:
        for step in (1, 2):
            self.append(f"{name}{step}")
            if step == fails_at:
                raise ValueError(name)
            yield captures if step == 2 else ()
        self.append(f"{name} ends")
        return name


def nothing(_: Any) -> None:
    """Record nothing."""


def test_each_step_of_all_comes_before_the_next_of_any():
    told = Told()

    assert take_steps([told.request("a"), told.request("b")], nothing) == ["a", "b"]
    assert told == ["a1", "b1", "a2", "b2", "a ends", "b ends"]


@pytest.mark.parametrize("step", [1, 2])
def test_one_that_fails_stops_no_other(step):
    told = Told()
    first, failed, last = take_steps([told.request("a"), told.request("b", fails_at=step), told.request("c")], nothing)

    assert (first, last) == ("a", "c")
    assert isinstance(failed, ValueError)


def test_captures_of_all_are_recorded_at_once_before_any_ends():
    told = Told()

    def record(captures: list[Any]) -> None:
        if captures:
            told.append(f"recorded {captures}")

    take_steps([told.request("a", captures=[1]), told.request("b", captures=[2, 3])], record)
    assert told[-3:] == ["recorded [1, 2, 3]", "a ends", "b ends"]


def test_without_room_for_captures_none_that_is_under_way_is_answered():
    told = Told()

    def full(captures: list[Any]) -> None:
        if captures:
            raise JournalFull("The journal is full.")

    failed, *full_ones = take_steps(
        [told.request("a", fails_at=1), told.request("b", captures=[1]), told.request("c", captures=[2])], full
    )
    assert isinstance(failed, ValueError)
    assert [type(one) for one in full_ones] == [JournalFull, JournalFull]
    assert not [one for one in told if "ends" in one]


def test_no_requests_have_no_answers():
    assert take_steps([], nothing) == []


def test_one_that_ends_at_once_is_answered():
    def request() -> Iterator[Any]:
        yield from ()
        return "now"

    assert take_steps([request()], nothing) == ["now"]
