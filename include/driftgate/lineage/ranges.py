"""Naming many things of one kind in one line: ``validated/flights/2013-01-01 … 2013-03-31 (90 partitions)``."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from driftgate.lineage.record import DatasetRef

SHOWN_RANGES = 3  # a window with more holes than this is better read with every partition listed
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(\.\w+)?")


def label(refs: Sequence[DatasetRef]) -> str:
    """Return one line for things of one kind, in order; days become ranges, so a missing day shows as a hole."""
    kind = refs[0].name.rpartition("/")[0]
    names = list(dict.fromkeys(ref.name.rpartition("/")[2] for ref in refs))
    if len(names) == 1:
        return f"{kind}/{names[0]}" + (f" @ {refs[0].version[:12]}" if refs[0].version else "")
    days = [_DAY.fullmatch(name) for name in names]
    if not all(days):
        return f"{kind}/{names[0]} … {names[-1]} ({len(names)} in all)"
    unit = "files" if kind.startswith("source/") else "partitions"
    return f"{kind}/{_ranges([date.fromisoformat(day[1]) for day in days if day])} ({len(names)} {unit})"


def _ranges(days: list[date]) -> str:
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    written = [str(run[0]) if len(run) == 1 else f"{run[0]} … {run[-1]}" for run in runs]
    hidden = len(written) - SHOWN_RANGES
    return ", ".join(written[:SHOWN_RANGES]) + (f" and {hidden} more ranges" if hidden > 0 else "")
