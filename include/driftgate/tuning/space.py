"""A search space held against the trainer whose parameters it names, and made narrower by what was found in it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from driftgate.errors import ConfigError, nearest
from driftgate.records import Record, parse_record
from driftgate.search_space import Dimension, Tune, Value
from driftgate.training.trainer import find_trainer
from driftgate.use_cases import UseCase

BEST_SHARE = 0.25  # of the trials: those whose ranges the next search starts from
FEWEST_BEST = 3
WIDENED = 0.1  # of the old range, added at both ends of the new one


def declared_tune(use_case: UseCase) -> Tune:
    """Return the use case's section ``tune``.

    :raises ConfigError: it has none, or the section names what the trainer does not have or does not allow
    """
    where = f"{use_case.folder / 'use_case.yaml'}"
    if use_case.tune is None:
        raise ConfigError(
            f"{where} has no section 'tune'; write which parameters may change, for example "
            "tune: {space: {learning_rate: {type: float, low: 0.01, high: 0.3}}}."
        )
    problems = list(space_problems(use_case, use_case.tune))
    if problems:
        raise ConfigError(f"{where}: " + "; ".join(problems))
    return use_case.tune


def space_problems(use_case: UseCase, tune: Tune) -> Iterator[str]:
    """Yield a clause for each parameter of the space that the trainer does not have, or whose ends it refuses."""
    known = find_trainer(use_case.train.trainer).parameters
    for name, dimension in tune.space.items():
        if name not in known.model_fields:
            yield f"key 'tune.space' names {name!r}, no parameter of {use_case.train.trainer}" + nearest(
                name, known.model_fields
            ).rstrip(".")
        else:
            yield from _refused_ends(known, name, dimension)


def base_parameters(use_case: UseCase) -> dict[str, Any]:
    """Return every parameter of the trainer as the use case has it now."""
    known = find_trainer(use_case.train.trainer).parameters
    where = f"{use_case.folder / 'use_case.yaml'}, 'train.parameters'"
    return parse_record(dict(use_case.train.parameters), known, where=where).model_dump()


def _refused_ends(known: type[Record], name: str, dimension: Dimension) -> Iterator[str]:
    for value in ends(dimension):
        try:
            parse_record({name: value}, known, where=f"key 'tune.space.{name}'")
        except ConfigError as refused:
            yield f"{refused}".removesuffix(".")


def ends(dimension: Dimension) -> tuple[Value, ...]:
    """Return the values at the ends of a range, or all choices."""
    if dimension.type == "categorical" or dimension.low is None or dimension.high is None:
        return dimension.choices
    return tuple(int(end) if dimension.type == "int" else float(end) for end in (dimension.low, dimension.high))


def contains(space: Mapping[str, Dimension], parameters: Mapping[str, Any]) -> bool:
    """Return whether every parameter of the space has a value inside it."""
    return all(name in parameters and _within(dimension, parameters[name]) for name, dimension in space.items())


def _within(dimension: Dimension, value: Any) -> bool:
    if dimension.type == "categorical":
        return value in dimension.choices
    if dimension.low is None or dimension.high is None:
        return False
    return isinstance(value, int | float) and dimension.low <= value <= dimension.high


def narrowed(space: Mapping[str, Dimension], best: Sequence[Mapping[str, Value]]) -> dict[str, Dimension]:
    """Return the space around the ``best`` parameters: their range and a tenth of the old one on both sides."""
    if len(best) < FEWEST_BEST:
        return dict(space)
    return {
        name: _around(dimension, [parameters[name] for parameters in best if name in parameters])
        for name, dimension in space.items()
    }


def _around(dimension: Dimension, values: list[Any]) -> Dimension:
    if dimension.type == "categorical" or dimension.low is None or dimension.high is None:
        chosen = tuple(choice for choice in dimension.choices if choice in values)
        return dimension.model_copy(update={"choices": chosen}) if len(chosen) > 1 else dimension
    if not values:
        return dimension
    logarithmic = dimension.scale == "log"
    bounds = (dimension.low, dimension.high, min(values), max(values))
    old_low, old_high, low, high = (math.log(end) if logarithmic else float(end) for end in bounds)
    margin = WIDENED * (old_high - old_low)
    low, high = max(old_low, low - margin), min(old_high, high + margin)
    low, high = (math.exp(low), math.exp(high)) if logarithmic else (low, high)
    if dimension.type == "int":
        low, high = float(math.floor(low)), float(math.ceil(high))
    low, high = max(dimension.low, _short(low)), min(dimension.high, _short(high))
    return dimension.model_copy(update={"low": low, "high": high}) if low < high else dimension


def _short(value: float) -> float:
    return float(f"{value:.4g}")
