"""Rules that judge a partition against earlier ones, made rules with bounds.

History is what was published: the reports of the days before, of those that no critical rule stopped. With the same
reports the bounds are the same, and the report on the partition names them.
"""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from statistics import median

from driftgate import uris
from driftgate.contracts.contract import Contract, Rule
from driftgate.contracts.report import ValidationReport
from driftgate.lake import Store
from driftgate.partition_keys import keys_before, parse_key
from driftgate.records import parse_record

SAME_WEEKDAYS = 4  # from this many on, a Sunday is compared with Sundays only
NORMAL = 1.4826  # makes a median absolute deviation a standard deviation, where the values are normal
LEAST_SPREAD = 0.03  # three percent: days that were all alike do not make the next one suspect
HISTORICAL = ("volume", "freshness")


def with_bounds(contract: Contract, key: str, store: Store) -> tuple[tuple[Rule, ...], dict[str, str]]:
    """Return the contract's rules, those about history with their bounds for this partition, and notes on these.

    The bounds are median ± tolerance · spread of the earlier days on the logarithmic scale, where the spread is their
    median absolute deviation times 1.4826, but three percent at least; with four or more days of the same weekday, of
    these. A rule with too short a history has no bounds: it is not judged, and its note says so.
    """
    rules, notes = [], {}
    for rule in contract.rules:
        if rule.kind in HISTORICAL:
            rule, notes[rule.id] = _bounded(rule, key, list(_earlier(contract, key, store, rule.history_days)))
        rules.append(rule)
    return tuple(rules), notes


def is_judged(rule: Rule) -> bool:
    """Return whether one table can be judged by ``rule``: one about history needs its bounds first."""
    return rule.kind not in HISTORICAL or rule.minimum is not None


def day_start(key: str) -> datetime:
    """Return the moment from which the newest value of a partition is counted in minutes."""
    return datetime.combine(parse_key(key), time.min)


def newest_minute(key: str, newest: datetime | date | None) -> int | None:
    """Return how many minutes after the start of its day a partition's newest value is; None for a mere date."""
    return int((newest - day_start(key)).total_seconds() // 60) if isinstance(newest, datetime) else None


def _earlier(contract: Contract, key: str, store: Store, days: int) -> Iterator[ValidationReport]:
    before = (parse_key(key) - timedelta(days=1)).isoformat()
    for earlier in keys_before(before, days):
        path = uris.validation_report(contract.name, earlier)
        if store.exists(path):
            report = parse_record(json.loads(store.read(path)), ValidationReport, where=store.uri(path))
            if not report.critical:
                yield report


def _bounded(rule: Rule, key: str, reports: Sequence[ValidationReport]) -> tuple[Rule, str]:
    found = {
        report.partition: report.rows_in if rule.kind == "volume" else report.newest_minute for report in reports
    }
    values = {day: value for day, value in found.items() if value is not None}
    if len(values) < rule.min_history_days:
        return rule, f"not judged: {len(values)} earlier days, {rule.min_history_days} are needed"
    weekday = parse_key(key).weekday()
    same = [value for day, value in values.items() if parse_key(day).weekday() == weekday]
    used, days = (same, "days of the same weekday") if len(same) >= SAME_WEEKDAYS else (list(values.values()), "days")
    low, high = _bounds(used, rule.tolerance)
    bounds = {"minimum": low, "maximum": high} if rule.kind == "volume" else {"minimum": low}
    return rule.model_copy(update=bounds), f"usual on {len(used)} earlier {days}"


def _bounds(values: Sequence[int], tolerance: float) -> tuple[int, int]:
    logs = [math.log(max(value, 1)) for value in values]
    centre = median(logs)
    spread = max(NORMAL * median(abs(value - centre) for value in logs), LEAST_SPREAD)
    return math.floor(math.exp(centre - tolerance * spread)), math.ceil(math.exp(centre + tolerance * spread))
