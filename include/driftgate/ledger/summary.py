"""What was spent, by whom and on what; and what was not spent, by Spot and by leaving a good model alone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any

from driftgate.ledger.budget import cost, spent_usd
from driftgate.ledger.forecasts import past_jobs, trainings, usual_usd
from driftgate.ledger.prices import price_table
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.metadata import metadata
from driftgate.records import Record

# What `driftgate cost --by` takes, and the field of a row that it means.
COLUMNS = {"use_case": "use_case", "stage": "activity", "owner": "owner", "week": "week"}
NOBODY = "(none)"  # a row without this word
QUIET = ("quiet", "watch", "review")  # verdicts of nights that were judged and after which the model was left alone


class Total(Record):
    """What the rows of one group took together."""

    group: tuple[str, ...]
    rows: int
    jobs: int
    cpu_hours: float
    gpu_hours: float
    usd: float
    unknown: int  # rows whose cost nobody knows; they are not in ``usd``
    saved_usd: float  # by Spot
    interruptions: int
    energy_kwh: float
    energy_unknown: int
    kg_co2e: float


class Avoided(Record):
    """What was saved by not retraining a use case; ``scheduled`` of its retrainings were due to time, not to drift."""

    use_case: str
    nights: int
    usd_per_retraining: float | None  # None: none has a known cost
    usd: float | None
    kwh: float | None = None
    scheduled: int = 0
    sentence: str


class CostReport(Record):
    """The ledger between two moments."""

    schema_version: int = 1
    since: datetime | None
    until: datetime | None
    by: tuple[str, ...]
    groups: tuple[Total, ...]
    total: Total
    avoided: tuple[Avoided, ...]
    untagged_rows: int
    untagged_spend_pct: float | None  # None: nothing was spent
    prices_as_of: str


def cost_report(by: Sequence[str], *, since: datetime | None = None, until: datetime | None = None) -> CostReport:
    """Return what was spent between two moments, grouped by these fields of a ledger row.

    :param by: names of fields: ``use_case``, ``activity``, ``week``, ``environment`` and so on
    """
    found = rows(since=since, until=until)
    groups: dict[tuple[str, ...], list[LedgerRow]] = defaultdict(list)
    for row in found:
        groups[tuple(str(getattr(row, name) or NOBODY) for name in by)].append(row)
    untagged = [row for row in found if not row.tagged]
    whole = _total(("total",), found)
    return CostReport(
        since=since,
        until=until,
        by=tuple(by),
        groups=tuple(_total(group, groups[group]) for group in sorted(groups)),
        total=whole,
        avoided=tuple(avoided(since=since, until=until)),
        untagged_rows=len(untagged),
        untagged_spend_pct=round(100 * spent_usd(untagged) / whole.usd, 2) if whole.usd else None,
        prices_as_of=price_table().as_of.isoformat(),
    )


def avoided(*, since: datetime | None = None, until: datetime | None = None) -> list[Avoided]:
    """Return, for each use case with verdicts, what retraining it on its quiet nights would have cost."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in metadata().all_latest("verdict"):
        decided = (not since or entry.written_at >= since) and (not until or entry.written_at < until)
        if decided and not entry.body.get("backfill"):
            found[entry.subject.partition("/")[0]].append(entry.body)
    made = (_avoided(use_case, verdicts) for use_case, verdicts in sorted(found.items()))
    return [one for one in made if one.nights or one.scheduled]


def _avoided(use_case: str, verdicts: Sequence[Mapping[str, Any]]) -> Avoided:
    nights = sum(verdict.get("decision") in QUIET for verdict in verdicts)
    scheduled = [one for one in verdicts if one.get("decision") == "retrain" and one.get("rule") == "schedule_due"]
    found = trainings(use_case)
    each = usual_usd(found)
    said = f"{nights} nights on which {use_case} was judged and left alone"
    if each is None:
        sentence = f"{said}; what that saved is not known, for no retraining has a known cost."
    else:
        sentence = f"{said}, times ${each:.4f}, the median cost of its {len(past_jobs(found))} retrainings (jobs only)."
    if scheduled:
        why = scheduled[-1]["policy"]["schedule"]["justification"]
        sentence += f" {len(scheduled)} of its retrainings were due to its schedule and to no drift: {why}"
    energies = [job.energy_kwh for job in past_jobs(found) if job.energy_kwh is not None]
    return Avoided(
        use_case=use_case,
        nights=nights,
        usd_per_retraining=each,
        usd=None if each is None else round(nights * each, 6),
        kwh=round(nights * fmean(energies), 6) if energies else None,
        scheduled=len(scheduled),
        sentence=sentence,
    )


def _total(group: tuple[str, ...], found: Sequence[LedgerRow]) -> Total:
    return Total(
        group=group,
        rows=len(found),
        jobs=len({row.job_id for row in found if row.job_id}),
        cpu_hours=round(_sum(row.cpu_seconds for row in found) / 3600, 6),
        gpu_hours=round(_sum(row.gpu_minutes for row in found) / 60, 6),
        usd=spent_usd(list(found)),
        unknown=sum(cost(row) is None for row in found),
        saved_usd=_sum(row.saving_usd for row in found),
        interruptions=sum(row.interruptions for row in found),
        energy_kwh=_sum(row.energy_kwh for row in found),
        energy_unknown=sum(row.energy_kwh is None and row.kind == "job" for row in found),
        kg_co2e=_sum(row.kg_co2e for row in found),
    )


def _sum(numbers: Iterable[float | None]) -> float:
    return round(sum(number for number in numbers if number is not None), 6)
