"""What the trials of a study took: time, money, energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftgate.compute import JobResult
from driftgate.ledger import collect
from driftgate.tuning.study import Trial


@dataclass(frozen=True)
class Usage:
    """What one job took over all its attempts; None where nobody measured or nothing has a price."""

    seconds: float
    cpu_seconds: float | None = None
    usd: float | None = None
    energy_wh: float | None = None


def used_by(job_id: str, result: JobResult | None = None) -> Usage:
    """Return what a job took until now, over all its attempts, however they ended; the ledger learns it too."""
    found = collect(job_id)
    if not found:
        return Usage(result.seconds, result.cpu_seconds) if result else Usage(0.0)
    energy_kwh = total([row.energy_kwh for row in found])
    return Usage(
        seconds=round(sum(row.seconds for row in found), 3),
        cpu_seconds=total([row.cpu_seconds for row in found]),
        usd=total([row.cost_usd for row in found]),
        energy_wh=None if energy_kwh is None else round(1000 * energy_kwh, 6),
    )


def with_usage(trial: Trial, usage: Usage) -> Trial:
    """Return the trial with what its job took."""
    taken: dict[str, Any] = vars(usage)
    return trial.model_copy(update=taken)


def total(values: Sequence[float | None]) -> float | None:
    """Return the sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if known else None
