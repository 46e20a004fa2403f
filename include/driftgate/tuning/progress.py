"""What a running trial says about itself, on steps at which trials can be compared."""

import json

from driftgate import uris
from driftgate.lake import lake
from driftgate.tuning.study import Study


def seen_progress(study: Study, number: int) -> tuple[int, float] | None:
    """Return the step and the value that a trial's job last wrote down, or None when it has not said anything.

    A look at a job hits any iteration. Hyperband puts those onto rungs itself; the median compares trials at the same
    step, so it gets the last power of two.
    """
    try:
        written = json.loads(lake().read(f"{uris.job(study.job_id(number))}/progress.json"))
    except FileNotFoundError:
        return None
    iteration = int(written["iteration"])
    if iteration < 1:
        return None
    step = iteration if study.strategy == "hyperband" else 1 << (iteration.bit_length() - 1)
    return step, float(written["value"])
