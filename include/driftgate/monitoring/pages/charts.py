"""The charts of monitoring pages, drawn from evidence alone: a monitor that is new needs no chart of its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.pages.words import colour, finding
from driftgate.monitoring.verdicts.record import Verdict
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
    name = number_shown([one for _, one in found if one])
    if name is None:
        return None
    points = [_point(key, one, number_of(one, name) if one else None, f"{up}{key}/index.html") for key, one in found]
    return series(points, f"{monitor}: {name} of each night and its limit")


def number_shown(found: Sequence[Evidence]) -> str | None:
    """Return the name of the number that the newest evidence with one decided by: every night is shown by it."""
    return next((one.statistic for one in reversed(found) if one.value is not None), None)


def title_of(found: Sequence[Evidence]) -> str:
    """Return the shown number in words; of the worst of all parts without the part, which is another one each night."""
    name = number_shown(found) or ""
    alone = any(_is_called(one, name) for evidence in found for one in evidence.statistics)
    return (name if alone else name.partition("(")[0]).replace("_", " ")


def number_of(evidence: Evidence, name: str) -> Statistic | None:
    """Return the number of that name, whichever the monitor decided by; of another part where it took the worst."""
    same = next((one for one in evidence.statistics if _is_called(one, name)), None)
    if same and name != evidence.statistic:
        return same
    if evidence.value is None or evidence.statistic.partition("(")[0] != name.partition("(")[0]:
        return None
    return Statistic(name=name, value=evidence.value, interval=evidence.interval, threshold=evidence.threshold)


def parts_chart(evidence: Evidence) -> "Markup | None":
    """Return the parts that a monitor's number is made of, such as features or groups; None where it has none."""
    name, parts = parts_of(evidence)
    if len(parts) < 2:
        return None
    rows = [
        Bar(
            name=part.feature or "",
            value=part.value,
            mood=_mood_of(part, evidence),
            limit=part.threshold,
            before=part.reference,
        )
        for part in parts[:BARS]
    ]
    return bars(rows, f"{name.replace('_', ' ')} of each part")


def _mood_of(part: Statistic, evidence: Evidence) -> str:
    """Return the colour of a part: that of a drift where it is named, or is the one that the monitor decided by."""
    own = evidence.statistic.endswith(f"({part.feature})") or _is_called(part, evidence.statistic)
    decided = evidence.verdict == "drift" and own
    if part.feature in evidence.features or decided:
        return "fail"
    return "quiet" if part.threshold is None else ""


def parts_of(evidence: Evidence) -> tuple[str, list[Statistic]]:
    """Return the statistic that is told part by part, the one that decides where there is one;
    those that drift come first, then the largest."""
    of_parts = [one for one in evidence.statistics if one.feature]
    said = next((one.name for one in of_parts if _is_called(one, evidence.statistic)), evidence.statistic)
    deciding = said.partition("(")[0]
    names = [one.name for one in of_parts if one.name == deciding or one.threshold is not None]
    name = deciding if deciding in names else next(iter([*names, *(one.name for one in of_parts)]), "")
    parts = [one for one in of_parts if one.name == name]
    return name, sorted(parts, key=lambda one: (one.feature not in evidence.features, -abs(one.value)))


def evidence_of(verdict: Verdict, monitor: MonitorName) -> Evidence | None:
    """Return what a monitor found about a night, None when there was no such monitor."""
    return next((one for one in verdict.evidence if one.monitor == monitor), None)


def _is_called(one: Statistic, name: str) -> bool:
    return name == (f"{one.feature}.{one.name}" if one.feature else one.name)


def _point(key: str, evidence: Evidence | None, found: Statistic | None, href: str) -> Point:
    if evidence is None or found is None:
        return Point(key, None, "quiet", f"{key}: {finding(evidence) if evidence else 'did not run'}", href=href)
    low, high = found.interval or (None, None)
    limit = "" if found.threshold is None else f", limit {number(found.threshold)}"
    mood = colour(evidence)
    return Point(
        name=key,
        value=found.value,
        mood=MOODS.get(mood, mood),
        title=f"{key}: {number(found.value)}{limit}; {finding(evidence)}",
        low=low,
        high=high,
        limit=found.threshold,
        href=href,
    )
