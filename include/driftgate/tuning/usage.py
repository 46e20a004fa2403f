"""What the trials of a study took: time, money, energy."""

from dataclasses import dataclass
from typing import Any

from driftgate.compute import JobResult
from driftgate.tuning.study import Trial


@dataclass(frozen=True)
class Usage:
    """What one job took over all its attempts; None where nobody measured or nothing has a price."""

    seconds: float
    cpu_seconds: float | None = None
    usd: float | None = None
    energy_wh: float | None = None


def used_by(job_id: str, result: JobResult | None = None) -> Usage:
    """Return what a job took until now."""
    del job_id
    return Usage(result.seconds, result.cpu_seconds) if result else Usage(0.0)


def with_usage(trial: Trial, usage: Usage) -> Trial:
    """Return the trial with what its job took."""
    taken: dict[str, Any] = vars(usage)
    return trial.model_copy(update=taken)


def total(values: list[float | None]) -> float | None:
    """Return the sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if known else None
