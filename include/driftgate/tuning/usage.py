"""What the trials of a study took: time, money, energy."""

from dataclasses import dataclass
from typing import Any

from driftgate.compute import JobResult
from driftgate.compute.attempts import attempts
from driftgate.tuning.study import Trial


@dataclass(frozen=True)
class Usage:
    """What one job took over all its attempts; None where nobody measured or nothing has a price."""

    seconds: float
    cpu_seconds: float | None = None
    usd: float | None = None
    energy_wh: float | None = None


def used_by(job_id: str, result: JobResult | None = None) -> Usage:
    """Return what a job took until now, over all its attempts, however they ended."""
    found = attempts(job_id)
    if not found:
        return Usage(result.seconds, result.cpu_seconds) if result else Usage(0.0)
    return Usage(
        seconds=round(sum(attempt.seconds for attempt in found), 3),
        cpu_seconds=round(sum(attempt.cpu_seconds for attempt in found), 3),
    )


def with_usage(trial: Trial, usage: Usage) -> Trial:
    """Return the trial with what its job took."""
    taken: dict[str, Any] = vars(usage)
    return trial.model_copy(update=taken)


def total(values: list[float | None]) -> float | None:
    """Return the sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if known else None
