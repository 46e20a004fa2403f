"""The record of one evaluation: what was measured, which gates were applied, and what decided."""

import json
from typing import TYPE_CHECKING, Literal

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.curves_report import Curves
from driftgate.evaluation.curves_report import ReliabilityBin as ReliabilityBin  # other modules read it from here
from driftgate.evaluation.day_blocks import Interval
from driftgate.evaluation.explanation_report import Explanation
from driftgate.evaluation.fairness_report import FairnessReport
from driftgate.evaluation.robustness_report import Robustness
from driftgate.gate_policy import Waiver
from driftgate.lake import lake
from driftgate.records import Record, parse_record

if TYPE_CHECKING:
    from driftgate.registry import ModelVersion

Verdict = Literal["pass", "fail", "insufficient_data", "waived"]
STATUS = {None: "accepted", "uplift": "rejected_no_uplift", "champion": "rejected_worse_than_champion"}


class GateResult(Record):
    """One gate: by how much the candidate is better than something (negative: worse), and whether it is enough.

    ``value`` of cross-validation is the standard deviation of the metric over the folds, which must not be larger; of
    coverage the smallest share of the rows asked for that a segment has; of splits the largest distance as a share of
    its limit; of edge cases how many do not hold; of calibration the error, of label flips their share, of segment
    regression how much the worst segment lost, which must not be larger; of fairness the most that a comparison uses of
    what is allowed. ``metric`` says what the value is of.

    ``insufficient_data`` passes nothing and stops nothing: too few rows to say it of. ``waived`` failed, and a person
    answers for it until a day: ``waiver`` says who. With ``excused_by`` it passes though the limit is not kept: that
    champion is no better on the same rows.
    """

    gate: str
    metric: str = "auc"
    value: float | None
    interval: Interval | None
    threshold: float
    verdict: Verdict
    sentence: str
    waiver: Waiver | None = None
    excused_by: str | None = None


class CostComparison(Record):
    """What the candidate's errors cost less than those of another on the same rows, in US dollars per 1,000 rows."""

    other: str
    usd_per_1000: float
    saving: float
    interval: Interval | None


class DecisionThreshold(Record):
    """Above which score an alarm pays, in a binary problem; dollars are per 1,000 validation rows.

    ``calibrated`` is right of probabilities that are right; ``on_curve`` is where these rows cost least. The curve's is
    chosen only when thresholds taken from the other days save money for sure: the lower bound of ``saving`` exceeds 0.
    """

    calibrated: float
    on_curve: float
    usd_calibrated: float
    saving: float
    saving_interval: Interval | None
    chosen: float


class SliceResult(Record):
    """The rows of one slice: what the candidate loses on them, what the champion, and how much less the candidate.

    None of a slice with too few rows or days, or without a champion.
    """

    by: str
    slice: str
    rows: int
    loss: float | None = None
    champion_loss: float | None = None
    gain: float | None = None
    interval: Interval | None = None
    verdict: Literal["pass", "fail", "insufficient_data", "not_compared"]


class SegmentResult(Record):
    """The validation rows of one segment: how many, how good the model is on them, and what it says too much.

    ``bias`` is the mean score less the mean label. None where there are no rows, or no metric of so few.
    """

    segment: str
    rows: int
    min_rows: int
    value: float | None
    bias: float | None


class SplitDistance(Record):
    """How far one feature lies apart in two splits; ``requests`` are those captured by the end of the validation rows.

    Kolmogorov-Smirnov is None of a feature that is no number.
    """

    feature: str
    first: Literal["train", "validation"]
    second: Literal["validation", "requests"]
    psi: float
    kolmogorov_smirnov: float | None


class CaseResult(Record):
    """What the candidate said of one edge case. ``changed_score`` is None of a case in which nothing changes."""

    case: str
    score: float | None
    changed_score: float | None
    verdict: Literal["pass", "warn", "fail"]
    sentence: str


class EvaluationReport(Record):
    """One candidate on the validation rows of its dataset version; all rates are shares.

    Log losses are nats; errors of a regression are in the label's unit. ``positives`` is None in a regression.
    """

    schema_version: int = 1
    use_case: str
    dataset_version: str
    model_id: str
    model_sha256: str
    champion: str | None
    first_day: str
    last_day: str
    rows: int
    positives: int | None
    metrics: dict[str, float]
    metric_impl_versions: dict[str, int] = {}  # of the code that measured them
    intervals: dict[str, Interval]
    segments: tuple[SegmentResult, ...] = ()
    split: Literal["out_of_time"] = "out_of_time"  # days after those that the model fitted: no other may gate
    costs: tuple[CostComparison, ...] = ()
    decision_threshold: DecisionThreshold | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    curves: Curves | None = None
    slices: tuple[SliceResult, ...] = ()
    splits: tuple[SplitDistance, ...] = ()
    edge_cases: tuple[CaseResult, ...] = ()
    fairness: FairnessReport | None = None
    explanation: Explanation | None = None
    robustness: Robustness | None = None
    gates: tuple[GateResult, ...]
    passed: bool
    review: tuple[str, ...] = ()  # for what a person must look at one that passed: gates, or data_change
    reason: str

    @property
    def status(self) -> str:
        """How the candidate ended, in one word: accepted, needs_review, or rejected for which reason."""
        failed = next((gate.gate for gate in self.gates if gate.verdict == "fail"), None)
        if failed is None and self.review:
            return "needs_review"
        return STATUS.get(failed, f"rejected_{failed}")


def write_report(report: EvaluationReport) -> EvaluationReport:
    """Write a report to the lake and return it."""
    lake().write(uris.evaluation_report(report.use_case, report.model_id), report.canonical())
    return report


def own_report(model: "ModelVersion") -> EvaluationReport | None:
    """Return the evaluation that is in a model's package, None where there is none.

    :raises Tampered: a file of the package was changed
    """
    from driftgate.registry import verified_files  # the registry keeps our reports, so it imports this room

    raw = verified_files(model).get("evaluation.json")
    where = f"evaluation.json of {model.use_case}/{model.version}"
    return parse_record(json.loads(raw), EvaluationReport, where=where) if raw else None


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
