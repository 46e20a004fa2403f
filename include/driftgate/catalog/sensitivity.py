"""Sensitivity is a taint: what is made from a thing is as sensitive as the thing, unless a treatment lowers it."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import get_args

from driftgate.contracts.contract import Classification, Treatment
from driftgate.errors import ConfigError

LEVELS: tuple[Classification, ...] = get_args(Classification)
HARMLESS = LEVELS[0]

# What is left of a level after a treatment. A masked value is one constant. A keyed hash still tells persons apart, so
# it never becomes public; what was sensitive stays personal data.
LOWERED: dict[Treatment, dict[Classification, Classification]] = {
    "mask": {"pii": "internal", "sensitive": "internal"},
    "hash": {"pii": "internal", "sensitive": "pii"},
    "drop": dict.fromkeys(LEVELS, HARMLESS),
}


def lowered(level: Classification, treatment: Treatment) -> Classification:
    """Return what ``treatment`` leaves of ``level``."""
    return LOWERED.get(treatment, {}).get(level, level)


def highest(*levels: Classification) -> Classification:
    """Return the most sensitive of ``levels``; public when there are none."""
    return max((HARMLESS, *levels), key=LEVELS.index)


def inherited(
    own: Mapping[str, Classification], made_from: Mapping[str, Mapping[str, Treatment]]
) -> dict[str, Classification]:
    """Return the level of every thing: the highest of its own and of what it is made from.

    :param own: the levels that somebody declared
    :param made_from: for each thing, what it is made from and the treatment on the way
    :raises ConfigError: something is made from itself
    """
    try:
        order = list(TopologicalSorter(made_from).static_order())
    except CycleError as error:
        raise ConfigError(f"{' <- '.join(error.args[1])} is made from itself; correct what reads it.") from None
    levels: dict[str, Classification] = dict(own)
    for name in order:
        inputs = (lowered(levels[source], treatment) for source, treatment in made_from.get(name, {}).items())
        levels[name] = highest(own.get(name, HARMLESS), *inputs)
    return levels
