"""How far a training is: ``jobs/<id>/progress.json`` in the lake; pages show it and tuning prunes on it."""

import logging
import time
from collections.abc import Callable

from driftgate import uris
from driftgate.compute.jobs import checked_job_id
from driftgate.lake import lake
from driftgate.records import Record

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 1.0


class Progress(Record):
    """The state of a training after ``iteration``; values are the spec's metric on the validation rows."""

    iteration: int
    value: float
    best_value: float
    seconds: float  # of this attempt


class ProgressWriter:
    """Writes the newest progress, at most once a second."""

    def __init__(self, job_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = progress_path(job_id), clock
        self._written = -SECONDS_BETWEEN_WRITES

    def write(self, progress: Progress, *, last: bool = False) -> None:
        """Write it when one is due, or when it is the last; a lake that is away for a moment costs nothing else."""
        if not last and self._clock() - self._written < SECONDS_BETWEEN_WRITES:
            return
        self._written = self._clock()
        try:
            lake().write(self._path, progress.canonical())
        except Exception:
            logger.warning("progress could not be written down", exc_info=True)


def read_progress(job_id: str) -> Progress | None:
    """Return the newest progress of the job, or None before its first iteration."""
    try:
        return Progress.model_validate_json(lake().read(progress_path(job_id)))
    except FileNotFoundError:
        return None


def progress_path(job_id: str) -> str:
    """Return the path in the lake of a job's progress."""
    return f"{uris.job(checked_job_id(job_id))}/progress.json"
