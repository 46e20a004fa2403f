"""What a use case takes for one unit of its work: sums of the ledger by counts of answers and of training runs.

By the week: most days have no training, storage has one row a week, and bills and budgets are weekly too. Weeks are of
real time, like all of the ledger. An answer counts in the week in which the endpoint wrote its count down.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, get_args
from zoneinfo import ZoneInfo

from driftgate import uris
from driftgate.alarms import clear_alarm, raise_alarm
from driftgate.captures.tally import SUFFIX, Tally
from driftgate.efficiency_policy import Ratio, Unit
from driftgate.lake import lake
from driftgate.ledger.budget import week_of
from driftgate.ledger.forecasts import TRAININGS, past_jobs
from driftgate.ledger.rows import LedgerRow, rows
from driftgate.ledger.storage import BYTES_PER_GB
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.settings import settings
from driftgate.use_cases import UseCase

KIND = "efficiency_baseline"
RATIOS: tuple[Ratio, ...] = get_args(Ratio)
PER: dict[Unit, int] = {"prediction": 1000, "training_run": 1}
FOLDERS = ("captures", "prepared", "models")


class UnitCost(Record):
    """What so many units of work took: ``sums`` of what is known, and ``ratios`` of them per ``per`` units.

    :param unknown: rows of tasks and jobs that lack the number; they are not in the sum
    :param ratios: None where no unit was done, or nobody knows what any of them took
    """

    unit: Unit
    per: int
    units: int
    sums: dict[Ratio, float | None]
    unknown: dict[Ratio, int]
    ratios: dict[Ratio, float | None]


class EfficiencyReport(Record):
    """One week of a use case, and what it is held against."""

    schema_version: int = 1
    use_case: str
    week: str
    costs: tuple[UnitCost, ...]
    baseline_week: str | None
    findings: tuple[str, ...]


def write_efficiency(use_case: UseCase, day: date) -> EfficiencyReport:
    """Measure the week of ``day``, hold it against baseline and targets, tell who must know, and write the report.

    The first week with a champion and with work done becomes the baseline of a unit, and stays it.
    """
    since, until = week_of(datetime.combine(day, time(12), ZoneInfo(settings().timezone)))
    week = f"{since:%G-W%V}"
    found = rows(use_case.name, since=since, until=until)
    jobs = _trainings(found)
    costs = (
        unit_cost(
            "prediction", found, answers_between(use_case.name, since, until), stored_gb(use_case.name, since, until)
        ),
        unit_cost("training_run", jobs, len(past_jobs(jobs))),
    )
    findings = [
        finding
        for cost in costs
        for finding in _judged(use_case, cost, week, serving=_deployed_before(use_case.name, until))
    ]
    newest = metadata().latest(KIND, f"{use_case.name}/{use_case.efficiency.unit_of_work}")
    report = EfficiencyReport(
        use_case=use_case.name,
        week=week,
        costs=costs,
        baseline_week=newest.body["week"] if newest else None,
        findings=tuple(findings),
    )
    lake().write(uris.efficiency(use_case.name, week), report.canonical())
    return report


def compare(use_case_name: str, by: str) -> dict[str, UnitCost]:
    """Return what a training run takes, by a field of its rows such as ``trainer``: implementations side by side."""
    found = _trainings(rows(use_case_name, kind="job"))
    kinds = sorted({str(getattr(row, by) or "-") for row in found})
    groups = {kind: [row for row in found if str(getattr(row, by) or "-") == kind] for kind in kinds}
    return {kind: unit_cost("training_run", group, len(past_jobs(group))) for kind, group in groups.items()}


def unit_cost(unit: Unit, found: Sequence[LedgerRow], units: int, stored: float | None = None) -> UnitCost:
    """Return what rows of the ledger come to for so many units; without any no ratio exists.

    :param stored: GB that it put into the lake; None: nobody asks
    """
    numbers: dict[Ratio, list[float | None]] = {
        "vcpu_minutes": [row.vcpu_minutes for row in found if row.kind == "job"],
        "cpu_minutes": [None if row.cpu_seconds is None else row.cpu_seconds / 60 for row in found],
        "gb_moved": [row.gb_moved for row in found if row.kind == "job"],
        "gb_stored": [] if stored is None else [stored],
        "energy_kwh": [row.energy_kwh for row in found if row.kind == "job"],
    }
    sums = {name: _known_sum(values) for name, values in numbers.items()}
    return UnitCost(
        unit=unit,
        per=PER[unit],
        units=units,
        sums=sums,
        unknown={name: values.count(None) for name, values in numbers.items()},
        ratios={
            name: None if total is None or not units else total * PER[unit] / units for name, total in sums.items()
        },
    )


def answers_between(use_case_name: str, since: datetime, until: datetime) -> int:
    """Return how many answers endpoints have counted, where the count was last written between two moments."""
    objects = lake().objects(f"captures/{use_case_name}")
    paths = [one.path for one in objects if one.path.endswith(SUFFIX) and since <= one.written_at < until]
    return sum(parse_record(json.loads(lake().read(path)), Tally, where=lake().uri(path)).answers for path in paths)


def stored_gb(use_case_name: str, since: datetime, until: datetime) -> float:
    """Return how much was put into the lake for a use case alone, between two moments, and lies there still.

    What lies there altogether grows until retention takes the oldest, so a first week could be no baseline of it.
    """
    found = (one for folder in FOLDERS for one in lake().objects(f"{folder}/{use_case_name}"))
    return round(sum(one.bytes for one in found if since <= one.written_at < until) / BYTES_PER_GB, 9)


def _deployed_before(use_case_name: str, moment: datetime) -> bool:
    return any(state.written_at < moment for state in metadata().history("deployment", use_case_name))


def _trainings(found: Iterable[LedgerRow]) -> list[LedgerRow]:
    return [row for row in found if row.kind == "job" and row.activity in TRAININGS]


def _known_sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 9) if known else None


def _judged(use_case: UseCase, cost: UnitCost, week: str, *, serving: bool) -> list[str]:
    """Return what is wrong with a week, as sentences that are alarms too; end those of what is well again."""
    subject = f"{use_case.name}/{cost.unit}"
    if not serving:
        return []  # before the first promotion nothing is expected of it
    if not cost.units:
        return _idle(use_case, cost, week)
    clear_alarm("cost", f"efficiency/{subject}/idle", f"{week}: {cost.units:,} units of work.")
    latest = metadata().latest(KIND, subject)
    if latest is None:
        metadata().append(KIND, subject, {"week": week, "ratios": cost.ratios})
    return _worse(use_case, cost, week, latest.body if latest else {"week": week, "ratios": {}})


def _idle(use_case: UseCase, cost: UnitCost, week: str) -> list[str]:
    taken = ", ".join(f"{cost.sums[name]:g} {name}" for name in ("vcpu_minutes", "cpu_minutes") if cost.sums[name])
    if not taken:
        return []
    sentence = f"{week}: {use_case.name} took {taken} and there was no {cost.unit.replace('_', ' ')}."
    raise_alarm("cost", f"efficiency/{use_case.name}/{cost.unit}/idle", sentence, use_case=use_case.name, evidence=week)
    return [sentence]


def _worse(use_case: UseCase, cost: UnitCost, week: str, baseline: dict[str, Any]) -> list[str]:
    """Hold each ratio against the frozen baseline and, of the unit that has them, the targets."""
    wanted = use_case.efficiency
    found: list[str] = []
    for name, value in cost.ratios.items():
        key = f"efficiency/{use_case.name}/{cost.unit}/{name}"
        before, target = baseline["ratios"].get(name), wanted.targets.get(name)
        limits = []
        if before and value is not None and value > before * (1 + wanted.max_regression):
            limits.append(f"{value / before - 1:.0%} more than in the baseline week {baseline['week']} ({before:.4g})")
        if target and cost.unit == wanted.unit_of_work and value is not None and value > target:
            limits.append(f"over the target {target:.4g}")
        if not limits:
            clear_alarm("cost", key, f"{week}: {name} is as it may be.")
            continue
        per = f"{cost.per:,} predictions" if cost.unit == "prediction" else "training run"
        sentence = f"{week}: {use_case.name} takes {value:.4g} {name} per {per}, {' and '.join(limits)}."
        raise_alarm("cost", key, sentence, use_case=use_case.name, evidence=week)
        found.append(sentence)
    return found
