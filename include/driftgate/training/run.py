"""What a trainer reports to: it saves checkpoints, tells how far training is, and says when it must stop."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from driftgate.compute.jobs import Interrupted, JobSpec, StopReason
from driftgate.compute.progress import Progress, ProgressWriter
from driftgate.errors import ConfigError
from driftgate.training import checkpoints
from driftgate.training.allowance import Allowance
from driftgate.training.interruption import Interruption
from driftgate.training.pace import Pace
from driftgate.training.stopping import Learnt, Stopping
from driftgate.training.trainer import Resumed, State

logger = logging.getLogger(__name__)
LOG_EVERY_ITERATIONS = 50


class Attended:
    """The run of one job in this process. Without ``pace`` it keeps no checkpoints and tells nobody: a fold, a test."""

    def __init__(
        self,
        spec: JobSpec,
        patience: int,
        *,
        pace: Pace | None = None,
        allowance: Allowance | None = None,
        interruption: Interruption | None = None,
        on_resume: Callable[[int], None] = lambda iteration: None,
        watched: bool = True,
    ) -> None:
        self.watched = watched or patience > 0 or spec.stop.good_enough is not None
        self._spec, self._stopping = spec, Stopping(spec, patience)
        self._pace, self._allowance = pace, allowance
        self._interruption = interruption or Interruption()
        self._progress = ProgressWriter(spec.job_id) if pace else None
        self._on_resume = on_resume
        self._started = time.monotonic()
        self._saved = 0

    @property
    def best_iteration(self) -> int:
        """The iteration with the best value so far, over all attempts; 0 before the first."""
        return self._stopping.best[0]

    @property
    def learnt(self) -> Learnt:
        """The values of every iteration, over all attempts."""
        return self._stopping.learnt()

    def attending(self) -> AbstractContextManager[None]:
        """Have SIGTERM wait for the end of an iteration while the ``with`` block trains."""
        return self._interruption.waiting()

    def resumed(self) -> Resumed | None:
        """Return the newest checkpoint of this job that is whole, or None."""
        if not self._pace:
            return None
        self._pace.begin()
        found = checkpoints.newest(self._spec)
        if found is None:
            return None
        self._saved = found.manifest.iteration
        self._stopping.restore(found.manifest.learnt)
        self._on_resume(self._saved)
        logger.info("going on after iteration %d, from a checkpoint", self._saved)
        return Resumed(self._saved, found.state)

    def after(self, iteration: int, value: float, state: Callable[[], State]) -> StopReason | None:
        """Take note of an iteration and return why training must stop now, or None."""
        if not math.isfinite(value):
            raise ConfigError(
                f"Job {self._spec.job_id}: the {self._spec.metric} of the validation rows is {value} after iteration "
                f"{iteration}, so training has gone astray; lower 'learning_rate' in 'train.parameters'."
            )
        self._stopping.note(iteration, value)
        reason = self._stopping.reason(iteration, value) or self._budget()
        self._tell(iteration, value, last=reason is not None)
        if reason is None:  # a training that stops here has nothing to go on with
            self._keep(iteration, state)
        return reason

    def _budget(self) -> StopReason | None:
        spent = self._allowance and self._allowance.is_spent(time.monotonic() - self._started)
        return "budget" if spent else None

    def _tell(self, iteration: int, value: float, *, last: bool) -> None:
        if iteration % LOG_EVERY_ITERATIONS == 0:
            logger.info("iteration %d: validation %s %.5f", iteration, self._spec.metric, value)
        if self._progress:
            seconds = round(time.monotonic() - self._started, 3)
            best = self._stopping.best[1]
            self._progress.write(
                Progress(iteration=iteration, value=value, best_value=best, seconds=seconds), last=last
            )

    def _keep(self, iteration: int, state: Callable[[], State]) -> None:
        interrupted = self._interruption.requested
        if self._pace and (interrupted or self._pace.due()):
            began = time.monotonic()
            checkpoints.save(self._spec, iteration, self._stopping.learnt(), state())
            self._saved = iteration
            self._pace.saved(time.monotonic() - began)
            logger.info("saved a checkpoint after iteration %d", iteration)
        if interrupted:
            raise Interrupted(f"told to end (SIGTERM): a checkpoint is saved after iteration {self._saved}")
