"""What a use case says about tuning and experiments: which parameters may change, how they are searched, until when."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.records import Record

Value = bool | int | float | str
Strategy = Literal["bayesian", "hyperband", "random", "grid"]
DECADES_FOR_LOG = 2  # a range of so many is searched by order of magnitude, or most trials fall into the last one
LARGEST_GRID = 20
MOST_PARENTS = 5
FEWEST_PARALLEL = 2


class Dimension(Record):
    """The values that one parameter of the trainer may take."""

    type: Literal["int", "float", "categorical"]
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"
    choices: tuple[Value, ...] = ()

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Dimension":
        if self.type == "categorical":
            if len(set(self.choices)) < 2 or (self.low, self.high) != (None, None):
                raise ValueError("a categorical parameter has at least two different choices, and neither low nor high")
            return self
        if self.low is None or self.high is None or self.choices:
            raise ValueError(f"type {self.type} needs low and high, and no choices")
        self._require_range(self.low, self.high)
        return self

    def _require_range(self, low: float, high: float) -> None:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"low must be below high, got {low:g} and {high:g}")
        if self.type == "int" and not (low.is_integer() and high.is_integer()):
            raise ValueError(f"low and high of an int are whole numbers, got {low:g} and {high:g}")
        if self.scale == "log" and low <= 0:
            raise ValueError(f"scale log needs low above 0, got {low:g}")
        if self.scale == "linear" and low > 0 and high / low >= 10**DECADES_FOR_LOG:
            raise ValueError(
                f"{low:g} to {high:g} spans {math.log10(high / low):.1f} decades, and on a linear scale nine of ten "
                "trials would try the last one; write scale: log"
            )

    @property
    def values(self) -> tuple[Value, ...] | None:
        """Every value, of a dimension that has finitely many."""
        if self.type == "categorical":
            return self.choices
        if self.type == "int" and self.low is not None and self.high is not None:
            return tuple(range(int(self.low), int(self.high) + 1))
        return None


class TuneBudget(Record):
    """What all trials together may take; None sets no limit. Trials that run when one is reached are stopped."""

    usd: Annotated[float, Field(gt=0)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None  # of the trials' own running time, added up


class WarmStart(Record):
    """Earlier studies to begin from.

    ``identical_data_and_algorithm`` counts their trials as trials of this one, which only the same dataset version,
    trainer, parameters and measure allow. ``transfer_learning`` tries their best first, and searches near it.
    """

    type: Literal["identical_data_and_algorithm", "transfer_learning"]
    parents: tuple[str, ...]

    @model_validator(mode="after")
    def _has_few_parents(self) -> "WarmStart":
        if not 1 <= len(set(self.parents)) == len(self.parents) <= MOST_PARENTS:
            raise ValueError(
                f"a warm start has one to {MOST_PARENTS} different parents, got {len(self.parents)}; leave out those "
                "that found the least"
            )
        return self


class Tune(Record):
    """How the trainer's parameters are searched.

    ``measure`` says which rows value a trial: later days inside the training rows (``folds`` of them), or the
    validation rows, which the gates judge too and which a search therefore must be told to use.
    """

    space: Annotated[dict[str, Dimension], Field(min_length=1)]
    strategy: Strategy | None = None  # hyperband for torch, bayesian for everything else
    sampler: Literal["tpe", "gp"] = "tpe"  # of bayesian
    pruner: Literal["median", "none"] = "median"  # of all but hyperband, which is one itself
    grid_reason: str | None = None
    measure: Literal["folds", "validation"] = "folds"
    folds: int = 3
    row_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_trials: Annotated[int, Field(gt=0)] = 20
    max_parallel: Annotated[int, Field(gt=0)] | None = None  # None follows ``objective``
    objective: Literal["efficiency", "time"] = "efficiency"  # fewest trials, or the shortest wait
    budget: TuneBudget = TuneBudget()
    warm_start: WarmStart | None = None
    target: str | None = None  # None is train.target
    seed: int | None = None  # None is train.seed

    @model_validator(mode="after")
    def _is_measured_on_later_rows(self) -> "Tune":
        if self.measure == "folds" and self.folds < 2:
            raise ValueError(
                f"folds is {self.folds}, and one split alone favours what fits it by luck; use 2 or more, or write "
                "measure: validation to have trials valued on the rows that the gates judge"
            )
        return self

    @model_validator(mode="after")
    def _is_no_large_grid(self) -> "Tune":
        if self.strategy != "grid":
            return self
        if self.combinations is None or self.combinations > LARGEST_GRID:
            count = "endless" if self.combinations is None else f"{self.combinations}"
            raise ValueError(
                f"a grid of {count} combinations is refused, at most {LARGEST_GRID} are tried one by one; use strategy "
                "bayesian, which needs a fraction of the trials, or fewer choices"
            )
        if not self.grid_reason:
            raise ValueError("a grid search says in grid_reason why every combination must be tried; or use bayesian")
        return self

    @property
    def combinations(self) -> int | None:
        """How many different trials there are; None for endless."""
        counts = [dimension.values for dimension in self.space.values()]
        return None if None in counts else math.prod(len(values) for values in counts if values is not None)

    def parallel(self, objective: str | None = None) -> int:
        """Return how many trials may run at once; the search learns nothing from those that still run."""
        if self.max_parallel and objective is None:
            return self.max_parallel
        share = 3 if (objective or self.objective) == "time" else 10
        return max(FEWEST_PARALLEL, self.max_trials // share)


class Experiments(Record):
    """What comparisons of models need to know beyond the data."""

    min_gain_per_cpu_hour: Annotated[float, Field(ge=0)] = 0.01  # of the primary metric, for a more complex algorithm
    feature_groups: dict[str, tuple[str, ...]] = {}  # what an ablation leaves out together
    levels: dict[str, dict[str, Value]] = {}  # name of a complexity to its parameters
