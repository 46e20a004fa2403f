"""How often a job saves its state: seldom enough to cost little, often enough to lose little."""

import math
import time
from collections.abc import Callable, Sequence

from driftgate.compute import Attempt
from driftgate.training_policy import Checkpoints

FIRST_SAVE_SECONDS = 0.1  # what the first save is taken to cost; the next ones are measured


class Pace:
    """Says when the next checkpoint is due, from what the last one cost and how often this job was interrupted."""

    def __init__(
        self, settings: Checkpoints, earlier: Sequence[Attempt] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._clock = settings, clock
        self._between_interruptions = seconds_between_interruptions(settings, earlier)
        self._save_seconds = FIRST_SAVE_SECONDS
        self.begin()

    @property
    def interval_seconds(self) -> float:
        """Seconds of training from one save to the next."""
        if self._settings.every_seconds is not None:
            return self._settings.every_seconds
        return interval_seconds(self._save_seconds, self._between_interruptions, self._settings.max_overhead)

    def begin(self) -> None:
        """Count from now on: training begins."""
        self._last = self._clock()

    def due(self) -> bool:
        """Return whether a checkpoint is due now."""
        return self._clock() - self._last >= self.interval_seconds

    def saved(self, seconds: float) -> None:
        """Take note of a save that has just ended."""
        self._save_seconds, self._last = seconds, self._clock()


def interval_seconds(save_seconds: float, seconds_between_interruptions: float, max_overhead: float) -> float:
    """Return Young's interval (1974), sqrt(2 * save * mean time between interruptions), but never a dearer one.

    At it, the time that saves take and the time that interruptions lose are least together.
    """
    young = math.sqrt(2 * save_seconds * seconds_between_interruptions)
    return max(young, save_seconds / max_overhead)


def seconds_between_interruptions(settings: Checkpoints, earlier: Sequence[Attempt]) -> float:
    """Return the mean time to an interruption: the setting, as one interruption seen, and this job's attempts."""
    interrupted = sum(attempt.outcome == "interrupted" for attempt in earlier)
    seen = settings.hours_between_interruptions * 3600 + sum(attempt.seconds for attempt in earlier)
    return seen / (1 + interrupted)
