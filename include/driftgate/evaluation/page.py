"""The evaluation of a candidate as one HTML page: the verdict first, then why, then everything that was measured."""

from collections.abc import Iterator
from typing import Any

from driftgate import uris
from driftgate.evaluation.metrics import COMPARED, METRICS
from driftgate.evaluation.page_plots import example_plots, plots
from driftgate.evaluation.page_template import PAGE
from driftgate.evaluation.report import EvaluationReport
from driftgate.lake import lake
from driftgate.pages import document, render
from driftgate.pages.template import interval, number
from driftgate.problems import Problem

MISSING = 10  # rows of that table, the worst first


def write_page(report: EvaluationReport) -> str:
    """Write the page of a report beside it; the same report gives the same bytes. Returns where in the lake it is."""
    path = uris.evaluation_report(report.use_case, report.model_id, "html")
    lake().write(path, render_page(report))
    return path


def render_page(report: EvaluationReport) -> bytes:
    """Return the page of a report."""
    problem: Problem = "regression" if report.positives is None else "binary"
    robustness, explanation = report.robustness, report.explanation
    lead, explained, colour = _lead(report)
    body = render(
        PAGE,
        report=report,
        plots=plots(report),
        lead=lead,
        explained=explained,
        colour=colour,
        titles=[METRICS[name].title for name in COMPARED[problem]],
        rows=list(_rows(report, problem)),
        threshold=" ".join(filter(None, (_decided(report), _threshold(report)))),
        examples=list(example_plots(explanation)) if explanation else [],
        scores=_scores(report),
        direction=_direction,
        missing=_missing(report) if robustness else [],
    )
    return document(f"Evaluation of {report.model_id}", body)


def _lead(report: EvaluationReport) -> tuple[str, str, str]:
    """Return what came of it in a few words, why, and the colour of that."""
    failed = [gate for gate in report.gates if gate.verdict == "fail"]
    if failed:
        others = f" So did {', '.join(gate.gate for gate in failed[1:])}." if failed[1:] else ""
        return f"Rejected: the gate {failed[0].gate} failed.", failed[0].sentence + others, "fail"
    passed = sum(gate.verdict == "pass" for gate in report.gates)
    rest = [f"{gate.gate} {gate.verdict.replace('_', ' ')}" for gate in report.gates if gate.verdict != "pass"]
    told = f"{passed} of {len(report.gates)} gates passed{'; ' if rest else ''}{', '.join(rest)}."
    if report.review:
        return "Passed, and a person decides.", f"{told} To be looked at: {', '.join(report.review)}.", "wait"
    return "Accepted.", told, "pass"


def _rows(report: EvaluationReport, problem: Problem) -> Iterator[dict[str, Any]]:
    first, savings = COMPARED[problem][0], {one.other: one for one in report.costs}
    others = sorted(key.removesuffix(f"_{first}") for key in report.metrics if key.endswith(f"_{first}"))
    for name in ("", *sorted(others, key=lambda name: name != "champion")):
        prefix, saving = f"{name}_" if name else "", savings.get(name)
        yield {
            "name": {"": "candidate", "champion": f"champion {report.champion}"}.get(name, f"baseline: {name}"),
            "cells": [_cell(report, f"{prefix}{one}") for one in COMPARED[problem]],
            "cost": report.metrics.get(f"{prefix}expected_cost_usd_per_1000"),
            "saved": f"{number(saving.saving, 0)} ({interval(saving.interval, 0)})" if saving else "",
        }


def _cell(report: EvaluationReport, name: str) -> str:
    bounds = report.intervals.get(name)
    return number(report.metrics.get(name)) + (f" ({interval(bounds)})" if bounds else "")


def _decided(report: EvaluationReport) -> str:
    """Return how right decisions are where an alarm begins to pay; nothing of a regression or an older report."""
    names = [name for name in ("precision", "recall", "f1", "accuracy") if name in report.metrics]
    told = ", ".join(f"{name} {report.metrics[name]:.3f}" for name in names)
    return f"Where an alarm begins to pay: {told}." if told else ""


def _threshold(report: EvaluationReport) -> str:
    found = report.decision_threshold
    if found is None:
        return ""
    return (
        f"Alarms above a score of {found.chosen:.3f}: if scores were exactly right it would be "
        f"{found.calibrated:.3f}; on these rows {found.on_curve:.3f} costs least."
    )


def _scores(report: EvaluationReport) -> dict[str, Any]:
    e = report.explanation
    if e is None:
        return {}
    return {
        "stable from days to days (rank correlation)": e.stability,
        "stable for a row that changes a little": e.local_stability,
        f"what the first {e.top_k} features explain of a score (R²)": e.fidelity,
        "like the champion's (rank correlation)": e.consistency,
    }


def _missing(report: EvaluationReport) -> list[Any]:
    if report.robustness is None:
        return []
    online = (report.robustness.online,) if report.robustness.online else ()
    return [*online, *report.robustness.missing[:MISSING]]


def _direction(found: float | None) -> str:
    if found is None:
        return ""
    return "raises it" if found > 0.3 else "lowers it" if found < -0.3 else "does both"
