"""The labelled days that a monitor takes in one after the other, though the outcomes of some come late.

Such a monitor goes on from the state that the evidence of an earlier night carries. While outcomes of a day are
outstanding, the state from before that day is carried, with the days that are waited for, and the days after it are
taken in anew every night. So a state has each labelled day once and in order, whenever it came, and where all come on
time each night takes in one. A day is given up when its outcomes are :data:`LOOK_BACK_NIGHTS` nights late.
"""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from driftgate.monitoring.evidence import Carried, Evidence
from driftgate.monitoring.ground_truth import labelled_key
from driftgate.monitoring.night import Night
from driftgate.partition_keys import days_between, keys_before, keys_between
from driftgate.use_cases import UseCase

LOOK_BACK_NIGHTS = 14
WAITS = "waits for "  # begins the names, in what is carried, of the days that were outstanding

State = TypeVar("State")


class Taken(NamedTuple, Generic[State]):
    """What the days up to tonight's came to. ``new`` are those that the night before did not have."""

    state: State
    kept: State  # of the days before the first outstanding one
    new: tuple[str, ...]
    late: tuple[str, ...]  # of the new ones, those that the night before waited for
    outstanding: tuple[str, ...]

    @property
    def waits(self) -> Carried:
        """The outstanding days, as evidence carries them beside what is :attr:`kept`."""
        return {f"{WAITS}{day}": () for day in self.outstanding}


def take_in(night: Night, before: Evidence | None, state: State, after: Callable[[State, str], State]) -> Taken[State]:
    """Take in every day since earlier evidence, or those of :data:`LOOK_BACK_NIGHTS` where there is none.

    :param state: what that evidence carries
    :param after: returns the state after one more day
    """
    newest, awaited = night.labelled_key, _awaited(before) if before else ()
    seen = labelled_key(night.use_case, before.key) if before else keys_before(newest, LOOK_BACK_NIGHTS + 1)[0]
    days = keys_between(keys_before(awaited[0], 2)[0] if awaited else seen, newest)[1:]
    outstanding = [day for day in days if days_between(day, newest) < LOOK_BACK_NIGHTS and night.outstanding(day)]
    there = [day for day in days if day not in outstanding]
    kept = state
    for day in days[: days.index(there[-1]) + 1] if there else ():
        state = after(state, day)
        if not outstanding or day < outstanding[0]:
            kept = state
    new = tuple(day for day in there if day in awaited or day > seen)
    return Taken(state, kept, new, tuple(day for day in new if day in awaited), tuple(outstanding))


def waiting_told(use_case: UseCase, waiting: Sequence[str]) -> str:
    """Return the end of a sentence about days that wait for outcomes."""
    if not waiting:
        return ""
    days = f"{len(waiting)} days wait" if len(waiting) > 1 else f"{waiting[0]} waits"
    share = use_case.monitor.performance.min_labelled_share
    return f" {days} until {share:.0%} of {'their' if len(waiting) > 1 else 'its'} answers have an outcome."


def _awaited(before: Evidence) -> tuple[str, ...]:
    return tuple(sorted(name.removeprefix(WAITS) for name in before.carried if name.startswith(WAITS)))
