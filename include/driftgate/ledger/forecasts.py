"""What a job will cost, from what earlier jobs like it took."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Literal

from driftgate.compute import JobSpec
from driftgate.compute.targets import find_target
from driftgate.ledger.prices import Machine, price
from driftgate.ledger.rows import LedgerRow
from driftgate.ledger.rows import rows as ledger_rows
from driftgate.records import Record

TRAININGS = ("train", "retrain")  # activities of a row
JOBS = 20  # the newest, that a forecast looks at
SECONDS_PER_MINUTE, SECONDS_PER_HOUR = 60, 3600


class Forecast(Record):
    """What a job is expected to take; ``usd`` is None when its price is not known."""

    usd: float | None
    seconds: float
    basis: Literal["history", "upper_bound"]
    sentence: str


class PastJob(Record):
    """A job that succeeded: all its attempts together."""

    job_id: str
    seconds: float
    rows: int | None
    row_share: float
    usd: float | None
    energy_kwh: float | None = None


def forecast(spec: JobSpec, rows: int | None = None) -> Forecast:
    """Return what the job will take: the median of the newest jobs of the same use case, trainer and target.

    Without any, it is the most that its target allows: the time limit of one attempt at the target's price.

    :param rows: of the dataset version that it learns from; with it, earlier jobs count by their time per row
    """
    target = find_target(spec.target)
    jobs_before = ledger_rows(spec.use_case, kind="job")
    alike = [row for row in jobs_before if (row.target, row.trainer) == (spec.target, spec.trainer)]
    jobs = past_jobs(alike)[-JOBS:]
    seconds = median(_seconds(job, spec, rows) for job in jobs) if jobs else target.timeout_minutes * SECONDS_PER_MINUTE
    rate = price(Machine.of_target(target))
    usd = None if rate.usd_per_hour is None else round(rate.usd_per_hour * seconds / SECONDS_PER_HOUR, 6)
    said = f"the median of {len(jobs)} earlier jobs" if jobs else "the time limit, for no such job has ended well yet"
    return Forecast(
        usd=usd,
        seconds=round(seconds, 3),
        basis="history" if jobs else "upper_bound",
        sentence=f"{seconds / SECONDS_PER_MINUTE:.1f} minutes on {spec.target}: {said}. {rate.note}".strip(),
    )


def past_jobs(found: Iterable[LedgerRow]) -> list[PastJob]:
    """Return the jobs among these rows that succeeded, in the order in which they ended."""
    by_job: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in found:
        if row.job_id:
            by_job[row.job_id].append(row)
    ended = [attempts for attempts in by_job.values() if any(row.outcome == "succeeded" for row in attempts)]
    return [_past(attempts) for attempts in sorted(ended, key=lambda attempts: max(row.ended_at for row in attempts))]


def trainings(use_case_name: str) -> list[LedgerRow]:
    """Return the rows of the jobs that trained a candidate of a use case."""
    return [row for row in ledger_rows(use_case_name, kind="job") if row.activity in TRAININGS]


def usual_usd(found: Iterable[LedgerRow]) -> float | None:
    """Return the median cost of the jobs among these rows that succeeded, None when none has a known one."""
    known = [job.usd for job in past_jobs(found) if job.usd is not None]
    return round(median(known), 6) if known else None


def _past(attempts: list[LedgerRow]) -> PastJob:
    last, costs = attempts[-1], [row.cost_usd for row in attempts]
    energies = [row.energy_kwh for row in attempts]
    return PastJob(
        job_id=last.job_id or "",
        seconds=sum(row.seconds for row in attempts),
        rows=last.rows,
        row_share=last.row_share,
        usd=None if None in costs else sum(cost for cost in costs if cost),
        energy_kwh=None if None in energies else sum(energy for energy in energies if energy),
    )


def _seconds(job: PastJob, spec: JobSpec, rows: int | None) -> float:
    """Return what this job would have taken with the rows that are to be learnt from now."""
    scale = spec.row_share / job.row_share
    if rows and job.rows:
        scale *= rows / job.rows
    return job.seconds * scale
