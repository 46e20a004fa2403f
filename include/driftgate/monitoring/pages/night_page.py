"""The page of one night: what was decided and why, then each monitor with its number, its limit and its charts.

It is made from the records when somebody asks for it, so that no night pays for a page that nobody reads.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.errors import DriftgateError
from driftgate.lake import lake
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.served_scores import served_scores
from driftgate.monitoring.late_labels import revised_since
from driftgate.monitoring.pages.charts import evidence_of, nights_chart, parts_chart, parts_of, title_of
from driftgate.monitoring.pages.night_template import LEGEND, MONITOR, SUMMARY, TOP
from driftgate.monitoring.pages.words import QUESTIONS, colour, finding, lead
from driftgate.monitoring.recorded_night import RecordedNight
from driftgate.monitoring.verdicts.outcome import outcome_of
from driftgate.monitoring.verdicts.record import Verdict, verdicts
from driftgate.pages import document, render
from driftgate.profiles import numeric_column
from driftgate.profiles.columns import Column, NumericColumn
from driftgate.profiles.numbers import shown
from driftgate.profiles.page import column_plot
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from markupsafe import Markup

NIGHTS = 30  # that a chart looks back


@dataclass(frozen=True)
class Numbers:
    """Every number of a monitor: those of parts as a table of parts by names, and the others."""

    plain: tuple[Statistic, ...]
    parts: dict[str, dict[str, float]]
    names: tuple[str, ...]


def render_night(use_case: UseCase, key: str) -> bytes | None:
    """Return the page of a night, None when nothing was decided about it."""
    nights = verdicts(use_case.name, last=NIGHTS, until=key)
    if not nights or nights[-1].key != key:
        return None
    return document(f"{use_case.name} {key}", _body(use_case, nights))


def _promise(verdict: Verdict) -> str | None:
    """Return where it is written what the data monitor of the champion promises, None where nobody asked yet."""
    path = uris.calibration_report(verdict.use_case, verdict.champion or "", "html")
    return path if lake().exists(path) else None


def _body(use_case: UseCase, nights: Sequence[Verdict]) -> "Markup":
    verdict, key = nights[-1], nights[-1].key
    said, mood = lead(verdict.decision)
    evidence = sorted(verdict.evidence, key=lambda one: (one.monitor not in verdict.causes, one.verdict != "drift"))
    words = {"colour": colour, "finding": finding}
    parts = [
        render(
            TOP,
            verdict=verdict,
            lead=said,
            mood=mood,
            causes=_causes(verdict),
            outcome=outcome_of(use_case.name, key),
            promise=_promise(verdict),
            revised=revised_since(verdict),
            before=nights[-2].key if len(nights) > 1 else None,
        ),
        render(SUMMARY, verdict=verdict, evidence=evidence, **words),
        render(LEGEND),
    ]
    for one in evidence:
        charts = list(_charts(use_case, nights, one))
        parts.append(render(MONITOR, one=one, charts=charts, numbers=numbers(one), questions=QUESTIONS, **words))
    return render("{% for part in parts %}{{ part }}{% endfor %}", parts=parts)


def numbers(evidence: Evidence) -> Numbers:
    """Return the numbers of a monitor as tables show them."""
    parts: dict[str, dict[str, float]] = {}
    for one in evidence.statistics:
        if one.feature:
            parts.setdefault(one.feature, {})[one.name] = one.value
    names = dict.fromkeys(one.name for one in evidence.statistics if one.feature)
    return Numbers(tuple(one for one in evidence.statistics if not one.feature), parts, tuple(names))


def _causes(verdict: Verdict) -> str:
    """Return what the decision is about, in the words of its monitors; of a quiet night nothing."""
    told = [one.sentence for one in verdict.evidence if one.monitor in verdict.causes]
    if verdict.decision == "cannot_judge":
        told = [*(one.sentence for one in verdict.evidence if one.verdict == "insufficient"), *told]
    return " ".join(dict.fromkeys(told)) or (verdict.sentence if verdict.decision != "quiet" else "")


def _charts(use_case: UseCase, nights: Sequence[Verdict], evidence: Evidence) -> "Iterator[tuple[str, Markup]]":
    drawn = nights_chart(nights, evidence.monitor, "../")
    if drawn:
        found = [one for night in nights if (one := evidence_of(night, evidence.monitor))]
        yield f"{title_of(found)}: the last {len(nights)} nights", drawn
    drawn = parts_chart(evidence)
    name, parts = parts_of(evidence)
    if drawn:
        yield f"Tonight's {name.replace('_', ' ')}, part by part; red is over its limit, grey only informs", drawn
    with suppress(DriftgateError):  # the night's captures, or the package, are there no more
        night = RecordedNight(use_case, evidence.key)
        if evidence.monitor == "data" and parts and (feature := parts[0].feature):
            now, before = (profile.columns.get(feature) for profile in (night.profile, night.baseline.profile))
            yield from _histogram(feature, now, before, "the training data")
        if evidence.monitor == "prediction":
            scores = served_scores(night, 1, "a drawing")
            now, before = numeric_column(scores, rows=len(scores)), night.baseline.scores
            yield from _histogram("score", now, before, "the evaluation")


def _histogram(name: str, now: Column | None, before: Column | None, where: str) -> "Iterator[tuple[str, Markup]]":
    """Yield a column tonight and when the model was made, unless it has no values."""
    drawn = column_plot(name, now, before) if now else None
    if drawn:
        yield f"{name}, tonight (blue){_span(now)} and in {where} (orange){_span(before)}", drawn


def _span(column: Column | None) -> str:
    """Return from where to where the numbers of a column go."""
    if not isinstance(column, NumericColumn) or column.minimum is None or column.maximum is None:
        return ""
    ends = (shown(end, temporal=column.temporal) for end in (column.minimum, column.maximum))
    return f", {' to '.join(ends)}"
