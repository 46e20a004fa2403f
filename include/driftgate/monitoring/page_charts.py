"""The charts of monitoring pages, drawn from evidence alone: a monitor that is new needs no chart of its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.page_words import colour, finding
from driftgate.monitoring.verdict_record import Verdict
from driftgate.monitoring_policy import MonitorName
from driftgate.pages.charts import Bar, Point, bars, series
from driftgate.pages.template import number

if TYPE_CHECKING:
    from markupsafe import Markup

BARS = 16
MOODS = {"pass": "", "insufficient": "quiet"}  # colours of a chart that have other names in a table


def nights_chart(nights: Sequence[Verdict], monitor: MonitorName, up: str) -> "Markup | None":
    """Return a monitor's number night by night; None where no night has one.

    :param up: the way from the page to the folder of the nights
    """
    found = [(verdict.key, evidence_of(verdict, monitor)) for verdict in nights]
    if not any(one and one.value is not None for _, one in found):
        return None
    points = [_point(key, one, f"{up}{key}/index.html") for key, one in found]
    return series(points, f"{monitor}: the number of each night and its limit")


def parts_chart(evidence: Evidence) -> "Markup | None":
    """Return the parts that a monitor's number is made of, such as features or groups; None where it has none."""
    name, parts = parts_of(evidence)
    if len(parts) < 2:
        return None
    rows = [
        Bar(
            name=part.feature or "",
            value=part.value,
            mood="fail" if part.feature in evidence.features else "quiet" if part.threshold is None else "",
            limit=part.threshold,
            before=part.reference,
        )
        for part in parts[:BARS]
    ]
    return bars(rows, f"{name.replace('_', ' ')} of each part")


def parts_of(evidence: Evidence) -> tuple[str, list[Statistic]]:
    """Return the statistic that is told part by part, the one that decides where there is one;
    those that drift come first, then the largest."""
    of_parts = [one for one in evidence.statistics if one.feature]
    deciding = evidence.statistic.partition("(")[0]
    names = [one.name for one in of_parts if one.name == deciding or one.threshold is not None]
    name = next(iter([*names, *(one.name for one in of_parts)]), "")
    parts = [one for one in of_parts if one.name == name]
    return name, sorted(parts, key=lambda one: (one.feature not in evidence.features, -abs(one.value)))


def evidence_of(verdict: Verdict, monitor: MonitorName) -> Evidence | None:
    """Return what a monitor found about a night, None when there was no such monitor."""
    return next((one for one in verdict.evidence if one.monitor == monitor), None)


def _point(key: str, evidence: Evidence | None, href: str) -> Point:
    if evidence is None or evidence.value is None:
        return Point(key, None, "quiet", f"{key}: {finding(evidence) if evidence else 'did not run'}", href=href)
    low, high = evidence.interval or (None, None)
    limit = "" if evidence.threshold is None else f", limit {number(evidence.threshold)}"
    mood = colour(evidence)
    return Point(
        name=key,
        value=evidence.value,
        mood=MOODS.get(mood, mood),
        title=f"{key}: {number(evidence.value)}{limit}; {finding(evidence)}",
        low=low,
        high=high,
        limit=evidence.threshold,
        href=href,
    )
