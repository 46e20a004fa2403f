"""The record of one evaluation: what was measured, which gates were applied, and what decided."""

import json
from typing import Literal

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import Interval
from driftgate.lake import lake
from driftgate.records import Record, parse_record


class GateResult(Record):
    """One gate: the candidate's advantage over something, and whether it is enough."""

    gate: Literal["uplift", "champion"]
    metric: Literal["auc"] = "auc"
    value: float | None
    interval: Interval | None
    threshold: float
    verdict: Literal["pass", "fail"]
    sentence: str


class EvaluationReport(Record):
    """One candidate on the validation rows of its dataset version; all rates are shares, all losses are nats."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    model_id: str
    model_sha256: str
    champion: str | None
    first_day: str
    last_day: str
    rows: int
    positives: int
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    gates: tuple[GateResult, ...]
    passed: bool
    reason: str


def write_report(report: EvaluationReport) -> EvaluationReport:
    """Write a report to the lake and return it."""
    lake().write(uris.evaluation_report(report.use_case, report.model_id), report.canonical())
    return report


def read_report(use_case_name: str, model_id: str) -> EvaluationReport:
    """Return the evaluation of a candidate.

    :raises CannotJudge: it was not evaluated
    """
    path = uris.evaluation_report(use_case_name, model_id)
    try:
        raw = lake().read(path)
    except FileNotFoundError:
        raise CannotJudge(
            f"There is no evaluation of {model_id} at {lake().uri(path)}; run evaluate_candidate first."
        ) from None
    return parse_record(json.loads(raw), EvaluationReport, where=lake().uri(path))
