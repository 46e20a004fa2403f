"""What a trainer reports to: it decides after every iteration whether training goes on."""

import logging
import math
from collections.abc import Callable

from driftgate.compute.jobs import JobSpec, StopReason
from driftgate.errors import ConfigError
from driftgate.evaluation.metrics import metric
from driftgate.training.trainer import Resumed, State

logger = logging.getLogger(__name__)
LOG_EVERY_ITERATIONS = 50


class Attended:
    """The run of one job in this process."""

    def __init__(self, spec: JobSpec, patience: int) -> None:
        self._spec = spec
        self._patience = patience
        self._sign = 1.0 if metric(spec.metric).higher_is_better else -1.0
        self.best_iteration = 0
        self.best_value = math.nan
        self._last_gain = 0
        self._reference = 0.0

    def resumed(self) -> Resumed | None:
        """Return nothing: this run begins at the beginning."""
        return None

    def after(self, iteration: int, value: float, state: Callable[[], State]) -> StopReason | None:
        """Take note of an iteration and return why training must stop now, or None."""
        if not math.isfinite(value):
            raise ConfigError(
                f"Job {self._spec.job_id}: the {self._spec.metric} of the validation rows is {value} after iteration "
                f"{iteration}, so training has gone astray; lower 'learning_rate' in 'train.parameters'."
            )
        self._note(iteration, value)
        if iteration % LOG_EVERY_ITERATIONS == 0:
            logger.info("iteration %d: validation %s %.5f", iteration, self._spec.metric, value)
        return self._stop(iteration, value)

    def _note(self, iteration: int, value: float) -> None:
        if not self.best_iteration or self._sign * (value - self.best_value) > 0:
            self.best_iteration, self.best_value = iteration, value
        least = self._reference + self._spec.stop.min_gain * abs(self._reference)
        if not self._last_gain or self._sign * value > least:
            self._reference, self._last_gain = self._sign * value, iteration

    def _stop(self, iteration: int, value: float) -> StopReason | None:
        good_enough = self._spec.stop.good_enough
        if good_enough is not None and self._sign * (value - good_enough) >= 0:
            return "good_enough"
        if self._patience and iteration - self._last_gain >= self._patience:
            return "early_stopping"
        return None
