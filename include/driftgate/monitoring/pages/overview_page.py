"""The page of a use case's last nights: decisions, champions, retrainings, and what moves too slowly for one night."""

from collections import Counter
from collections.abc import Iterator, Sequence

from driftgate.monitoring.pages.charts import evidence_of, nights_chart
from driftgate.monitoring.pages.overview_template import PAGE, TRAININGS, WEEKS
from driftgate.monitoring.pages.weeks import weeks
from driftgate.monitoring.pages.words import OUTCOMES, QUESTIONS, colour, decision_colour, finding, lead
from driftgate.monitoring.verdicts.outcome import outcomes
from driftgate.monitoring.verdicts.record import Verdict, verdicts
from driftgate.monitoring_policy import MonitorName
from driftgate.pages import document, render
from driftgate.use_cases import UseCase

NIGHTS = 60
MARKS = {"ok": "✓", "drift": "!", "insufficient": "?"}


def render_overview(use_case: UseCase) -> bytes | None:
    """Return the page, None before the first verdict."""
    nights = verdicts(use_case.name, last=NIGHTS)
    if not nights:
        return None
    said, mood = lead(nights[-1].decision)
    monitors = monitors_of(nights)
    page = render(
        PAGE, use_case=use_case, nights=nights, newest=nights[-1], lead=said, mood=mood, counted=_counted(nights),
        monitors=monitors, questions=QUESTIONS, rows=list(_rows(nights))[::-1], evidence_of=evidence_of, colour=colour,
        decision_colour=decision_colour, finding=finding, MARKS=MARKS,
    )  # fmt: skip
    done = [one for one in outcomes(use_case.name) if one.key >= nights[0].key]
    trainings = render(TRAININGS, outcomes=done[::-1], colours=OUTCOMES)
    found = list(weeks(nights))[::-1]
    charts = {name: drawn for name in monitors if (drawn := nights_chart(nights, name, ""))}
    slow = render(WEEKS, weeks=found, measured=list(charts), charts=charts, questions=QUESTIONS)
    return document(f"{use_case.name}: nights", page + trainings + slow)


def monitors_of(nights: Sequence[Verdict]) -> list[MonitorName]:
    """Return the monitors that looked at any of these nights, in the order of the newest verdict."""
    return list(dict.fromkeys(one.monitor for verdict in reversed(nights) for one in verdict.evidence))


def _rows(nights: Sequence[Verdict]) -> Iterator[tuple[Verdict, str]]:
    """Yield each night with its champion, and the one before where it is another."""
    before = None
    for verdict in nights:
        champion = verdict.champion or ""
        yield verdict, f"{before} → {champion}" if before and champion and champion != before else champion
        before = champion or before


def _counted(nights: Sequence[Verdict]) -> str:
    decisions = Counter(verdict.decision.replace("_", " ") for verdict in nights)
    told = ", ".join(f"{count} {decision}" for decision, count in decisions.most_common())
    champions = len(list(dict.fromkeys(verdict.champion for verdict in nights if verdict.champion)))
    return f"Of the last {len(nights)} nights: {told}. {champions} champion{'s' if champions != 1 else ''} answered."
