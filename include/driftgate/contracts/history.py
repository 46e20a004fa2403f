"""Rules that judge a partition against earlier ones, made rules with bounds.

History is what was published: the reports of the days before, of those that no critical rule stopped. With the same
reports the bounds are the same, and the report on the partition names them.
"""

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from statistics import median

from driftgate import uris
from driftgate.contracts.contract import Contract, Rule
from driftgate.lake import Store
from driftgate.partition_keys import keys_before, parse_key
from driftgate.validation_report import ValidationReport, report_at

SAME_WEEKDAYS = 4  # from this many on, a Sunday is compared with Sundays only
NORMAL = 1.4826  # makes a median absolute deviation a standard deviation, where the values are normal
LEAST_SPREAD = 0.03  # three percent: days that were all alike do not make the next one suspect
HISTORICAL = ("volume", "freshness")


def with_bounds(rule: Rule, key: str, earlier: Sequence[ValidationReport]) -> tuple[Rule | None, str]:
    """Return ``rule`` with its bounds for the partition ``key`` and where they come from; None when it cannot judge.

    The bounds are median ± tolerance · spread of the earlier days on the logarithmic scale, where the spread is their
    median absolute deviation times 1.4826, but three percent at least; with four or more days of the same weekday, of
    these. Freshness has a lower bound only.
    """
    found = {report.partition: report.rows_in if rule.kind == "volume" else report.newest_minute for report in earlier}
    values = {day: value for day, value in found.items() if value is not None}
    if len(values) < rule.min_history_days:
        return None, f"not judged: there are {len(values)} earlier days, and {rule.min_history_days} are needed"
    weekday = parse_key(key).weekday()
    same = [value for day, value in values.items() if parse_key(day).weekday() == weekday]
    used, days = (same, "days of the same weekday") if len(same) >= SAME_WEEKDAYS else (list(values.values()), "days")
    low, high = _bounds(used, rule.tolerance)
    bounds = {"minimum": low, "maximum": high if rule.kind == "volume" else None}
    return rule.model_copy(update=bounds), f"bounds from {len(used)} earlier {days}"


def earlier_reports(contract: Contract, key: str, store: Store, days: int) -> list[ValidationReport]:
    """Return the reports on what was published in the ``days`` days before ``key``, oldest first."""
    before = (parse_key(key) - timedelta(days=1)).isoformat()
    paths = [uris.validation_report(contract.name, earlier) for earlier in keys_before(before, days)]
    reports = [report_at(store, path) for path in paths if store.exists(path)]
    return [report for report in reports if not report.critical]


def day_start(key: str) -> datetime:
    """Return the moment from which the newest value of a partition is counted in minutes."""
    return datetime.combine(parse_key(key), time.min)


def newest_minute(key: str, newest: datetime | date | None) -> int | None:
    """Return how many minutes after the start of its day a partition's newest value is; None for a mere date."""
    return int((newest - day_start(key)).total_seconds() // 60) if isinstance(newest, datetime) else None


def _bounds(values: Sequence[int], tolerance: float) -> tuple[int, int]:
    logs = [math.log(max(value, 1)) for value in values]
    centre = median(logs)
    spread = max(NORMAL * median(abs(value - centre) for value in logs), LEAST_SPREAD)
    return math.floor(math.exp(centre - tolerance * spread)), math.ceil(math.exp(centre + tolerance * spread))
