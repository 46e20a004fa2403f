"""When a training has learnt enough: the rules that look at the metric of the validation rows."""

import math
from typing import Any

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.evaluation.metrics import metric
from driftgate.records import Record


class Learnt(Record):
    """What the rules remember from one iteration to the next, and a checkpoint with them."""

    best_iteration: int = 0
    best_value: float = 0.0
    gain_iteration: int = 0  # the last that was better by more than ``min_gain``: patience counts from here
    gain_value: float = 0.0
    values: tuple[float, ...] = ()  # after each iteration


class Stopping:
    """The rules for one job. They depend on the values only, so a run that went on from a checkpoint ends alike."""

    def __init__(self, spec: JobSpec, patience: int) -> None:
        self._stop, self._patience = spec.stop, patience
        self._sign = 1.0 if metric(spec.metric).higher_is_better else -1.0
        self._best: tuple[int, float] = (0, math.nan)
        self._gain: tuple[int, float] = (0, math.nan)
        self._values: list[float] = []

    @property
    def best(self) -> tuple[int, float]:
        """The iteration with the best value so far, and the value; iteration 0 before the first."""
        return self._best

    def note(self, iteration: int, value: float) -> None:
        """Take in the value after an iteration."""
        self._values.append(value)
        if self._better(value, self._best):
            self._best = iteration, value
        if self._better(value, self._gain, self._stop.min_gain):
            self._gain = iteration, value

    def reason(self, iteration: int, value: float) -> StopReason | None:
        """Return why training must stop after this iteration, or None."""
        good_enough = self._stop.good_enough
        if good_enough is not None and self._sign * (value - good_enough) >= 0:
            return "good_enough"
        if self._patience and iteration - self._gain[0] >= self._patience:
            return "early_stopping"
        return None

    def learnt(self) -> Learnt:
        """Return what a checkpoint must hold of these rules."""
        best, gain = self._best, self._gain
        values = tuple(self._values)
        return Learnt(
            best_iteration=best[0], best_value=best[1], gain_iteration=gain[0], gain_value=gain[1], values=values
        )

    def restore(self, learnt: Learnt) -> None:
        """Go on from a checkpoint."""
        self._best = learnt.best_iteration, learnt.best_value
        self._gain = learnt.gain_iteration, learnt.gain_value
        self._values = list(learnt.values)

    def _better(self, value: float, than: tuple[int, float], share: float = 0.0) -> bool:
        return not than[0] or self._sign * (value - than[1]) > share * abs(than[1])


def history(spec: JobSpec, learnt: Learnt) -> dict[str, Any]:
    """Return the learning curve over the iterations, as people and pages read it."""
    return {"metric": spec.metric, "values": learnt.values, "best_iteration": learnt.best_iteration}
