"""Rows of jobs: every attempt that wrote down what it used becomes one, the killed ones too."""

from typing import Any, cast

from driftgate.compute import Attempt, attempts
from driftgate.compute.tags import ACTIVITIES, PHASES, Activity
from driftgate.lake import lake
from driftgate.ledger.energy import energy
from driftgate.ledger.prices import Machine, instance_of, price, price_table
from driftgate.ledger.rows import LedgerRow, latest_row, rows, write_row

SECONDS_PER_MINUTE, SECONDS_PER_HOUR = 60, 3600
SHARED = LedgerRow.model_fields.keys() & Attempt.model_fields.keys() - {"schema_version"}  # what both call by one name
TAGS = ("project", "business_unit", "cost_centre", "environment", "owner")


def collect(job_id: str) -> list[LedgerRow]:
    """Bring the ledger up to date with a job's attempts and return their rows; doing it again changes nothing.

    An attempt that has ended keeps the price that it was written down with, whatever the table says later.
    """
    return [_written(attempt) for attempt in attempts(job_id)]


def collect_all() -> list[LedgerRow]:
    """Bring the ledger up to date with every job in the lake, those too whose task never came to its end.

    An attempt is read again until it has said itself how it ended; the rows of those that were read are returned.
    """
    done = {(row.job_id, str(row.attempt)) for row in rows(kind="job") if row.outcome in ("succeeded", "failed")}
    jobs = set()
    for path in lake().list("jobs"):
        job_id, _, rest = path.removeprefix("jobs/").partition("/")
        folder, _, file = rest.partition("/")
        if folder == "attempts" and (job_id, file.removesuffix(".json")) not in done:
            jobs.add(job_id)
    return [row for job in sorted(jobs) for row in collect(job)]


def _written(attempt: Attempt) -> LedgerRow:
    row = _row(attempt)
    before = latest_row(row.subject)
    same = before and (before.outcome, before.seconds) == (row.outcome, row.seconds)
    return before if before and same and row.outcome != "running" else write_row(row)


def _row(attempt: Attempt) -> LedgerRow:
    activity = _activity(attempt.tags)
    instance, moved = instance_of(Machine.of_attempt(attempt)), (attempt.bytes_received, attempt.bytes_sent)
    used = energy(attempt)
    return LedgerRow(
        kind="job",
        attempt=attempt.number,
        ended_at=attempt.ended_at,
        run_id=attempt.tags.get("run"),
        activity=activity,
        phase=PHASES[activity],
        arch=instance.arch if instance else None,
        interruptions=int(attempt.outcome == "interrupted"),
        vcpu_minutes=_minutes(attempt.seconds * attempt.cores * attempt.instance_count),
        gpu_minutes=_minutes(attempt.seconds * attempt.gpus * attempt.instance_count) if attempt.gpus else None,
        gb_moved=None if None in moved else round(sum(cast(tuple[int, int], moved)) / 1e9, 6),
        energy_kwh=used.kwh,
        energy_method=used.method,
        kg_co2e=used.kg_co2e,
        **{name: attempt.tags.get(name) for name in TAGS},
        **{name: getattr(attempt, name) for name in sorted(SHARED)},
        **_cost(attempt),
    )


def _cost(attempt: Attempt) -> dict[str, Any]:
    table, rate = price_table(), price(Machine.of_attempt(attempt))
    least = 0.0 if attempt.backend == "local" else table.minimum_billed_seconds
    billed = max(attempt.seconds, least)
    paid, on_demand = (_for(billed, usd) for usd in (rate.usd_per_hour, rate.on_demand_usd_per_hour))
    saving = round(on_demand - paid, 6) if attempt.spot and paid is not None and on_demand is not None else None
    return {
        "billed_seconds": billed,
        "cost_usd": paid,
        "on_demand_usd": on_demand,
        "saving_usd": saving,
        "price_source": f"price table of {table.as_of}" if paid is not None else None,
        "cost_note": rate.note,
    }


def _for(seconds: float, usd_per_hour: float | None) -> float | None:
    return None if usd_per_hour is None else round(usd_per_hour * seconds / SECONDS_PER_HOUR, 6)


def _minutes(seconds: float) -> float:
    return round(seconds / SECONDS_PER_MINUTE, 4)


def _activity(tags: dict[str, str]) -> Activity:
    written = tags.get("activity")
    return next((activity for activity in ACTIVITIES if activity == written), "train")
