"""Nights week by week, for what is too slow to be seen in one of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.pages.charts import number_of
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.monitoring_policy import MonitorName
from driftgate.partition_keys import parse_key

CREPT = 3  # features that are named
TWO_WEEKS = 14


@dataclass(frozen=True)
class Week:
    """One ISO week: the mean of each monitor's numbers, and what its newest trend evidence says."""

    name: str
    means: dict[MonitorName, float]
    crept: str


def weeks(nights: Sequence[Verdict]) -> Iterator[Week]:
    """Yield the weeks of these nights, oldest first."""
    shown = {one.monitor: one.statistic for night in nights for one in night.evidence if one.value is not None}
    for week, group in groupby(nights, key=lambda verdict: f"{parse_key(verdict.key):%G-W%V}"):
        found = [one for verdict in group for one in verdict.evidence]
        values: dict[MonitorName, list[float]] = {}
        for one in found:
            if (name := shown.get(one.monitor)) and (number := number_of(one, name)):
                values.setdefault(one.monitor, []).append(number.value)
        trends = [one for one in found if one.monitor == "trend"]
        yield Week(
            week, {monitor: fmean(numbers) for monitor, numbers in values.items()}, _crept(trends[-1]) if trends else ""
        )


def _crept(trend: Evidence) -> str:
    slopes = [(one.value, one.feature) for one in trend.statistics if one.name == "slope" and one.feature]
    if not slopes:
        return trend.sentence
    largest = sorted(slopes, key=lambda slope: -abs(slope[0]))[:CREPT]
    return ", ".join(f"{feature} {slope * TWO_WEEKS:+.2f}" for slope, feature in largest)
