"""What a running trial says about itself, on steps at which trials can be compared."""

from driftgate.compute.progress import read_progress
from driftgate.tuning.study import Study


def seen_progress(study: Study, number: int) -> tuple[int, float] | None:
    """Return the step and the value that a trial's job last wrote down, or None when it has not said anything.

    A look at a job hits any iteration. Hyperband puts those onto rungs itself; the median compares trials at the same
    step, so it gets the last power of two.
    """
    progress = read_progress(study.job_id(number))
    if progress is None or progress.iteration < 1:
        return None
    step = progress.iteration if study.strategy == "hyperband" else 1 << (progress.iteration.bit_length() - 1)
    return step, progress.value
