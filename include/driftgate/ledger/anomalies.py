"""Jobs that cost much more than others like them: an alarm for each."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import groupby
from statistics import median
from zoneinfo import ZoneInfo

from driftgate.alarms import raise_alarm
from driftgate.ledger.budget import week_of
from driftgate.ledger.forecasts import JOBS
from driftgate.ledger.prices import price_table
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.settings import settings


class CostOfJob:
    """All attempts of one job, whether it succeeded or not."""

    def __init__(self, attempts: Sequence[LedgerRow]) -> None:
        first, costs = attempts[0], [row.cost_usd for row in attempts]
        self.name, self.began = first.job_id, first.started_at
        self.alike = (first.use_case or "", first.activity, first.target or "", first.trainer or "")
        self.usd = None if None in costs else sum(cost for cost in costs if cost)


def tell_unusual(day: date) -> list[str]:
    """Leave an alarm, once, for each job of the week of ``day`` whose cost is out of line, and return the sentences."""
    since, until = week_of(datetime.combine(day, time(12), ZoneInfo(settings().timezone)))
    told = []
    for job, usual in _out_of_line(_jobs(rows(kind="job", until=until))):
        if job.began >= since:
            use_case, activity, target, _ = job.alike
            sentence = (
                f"Job {job.name} cost ${job.usd:.2f}, jobs like it before ({use_case}, {activity}, on {target}) "
                f"${usual:.2f}; look at its attempts in the lake."
            )
            raise_alarm("cost", str(job.name), sentence, use_case=use_case or None, evidence=job.name, once=True)
            told.append(sentence)
    return told


def _jobs(found: list[LedgerRow]) -> list[CostOfJob]:
    by_job = sorted(found, key=lambda row: (row.job_id or "", row.attempt or 0))
    jobs = [CostOfJob(list(attempts)) for _, attempts in groupby(by_job, key=lambda row: row.job_id)]
    return sorted(jobs, key=lambda job: (job.alike, job.began))


def _out_of_line(jobs: list[CostOfJob]) -> Iterator[tuple[CostOfJob, float]]:
    """Yield each job that cost many times the median of those before it, and that median."""
    rules = price_table().anomalies
    for _, alike in groupby(jobs, key=lambda job: job.alike):
        before: list[float] = []
        for job in alike:
            usual = median(before[-JOBS:]) if len(before) >= rules.min_jobs else None
            if usual and job.usd and job.usd > rules.times_median * usual:
                yield job, usual
            if job.usd is not None:
                before.append(job.usd)
