"""Evaluation: is the candidate better than the baselines and the champion, on which rows, and by how much."""

from driftgate.evaluation.evaluate import evaluate
from driftgate.evaluation.report import EvaluationReport, GateResult, read_report

__all__ = ["EvaluationReport", "GateResult", "evaluate", "read_report"]
