"""Evaluating a candidate out of time, beside its baselines and the champion, on the very same rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.compute import JobResult
from driftgate.errors import ConfigError
from driftgate.evaluation.baselines import baseline_scores
from driftgate.evaluation.bias_cases import record_cases
from driftgate.evaluation.calibration import calibration
from driftgate.evaluation.candidate import candidate_scorer, candidate_signature, candidate_spec
from driftgate.evaluation.comparison import ChampionAnswers, Comparison, Finding
from driftgate.evaluation.confusion import CONFUSION_VERSION, confusion
from driftgate.evaluation.cost_gate import costs
from driftgate.evaluation.costs import cost_threshold, expected_cost_usd
from driftgate.evaluation.curves import curves
from driftgate.evaluation.dataset_check import read_check
from driftgate.evaluation.day_blocks import Interval, metric_interval
from driftgate.evaluation.explanation import explained
from driftgate.evaluation.fairness import fairness
from driftgate.evaluation.gates import decisive, rounded, rounded_interval
from driftgate.evaluation.holdout import Holdout, holdout, read_split
from driftgate.evaluation.metrics import COMPARED, METRICS, Floats, Metric, composite, mape, reported, require_weighable
from driftgate.evaluation.no_worse import no_worse
from driftgate.evaluation.receipts import write_receipts
from driftgate.evaluation.report import EvaluationReport, GateResult, own_report, write_report
from driftgate.evaluation.robustness import robust
from driftgate.evaluation.slices import slices
from driftgate.evaluation.spread import spread
from driftgate.evaluation.training_data import training_data
from driftgate.evaluation.validation import rows_and_cases
from driftgate.evaluation.waivers import waived
from driftgate.problems import ErrorCosts
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.registry import ModelVersion


# Each looks at the same comparison and says what it found. The first gate that fails names the rejection.
EXAMINERS: tuple[Callable[[Comparison], Finding], ...] = (
    decisive,
    costs,
    calibration,
    curves,
    slices,
    training_data,
    spread,
    rows_and_cases,
    fairness,
    explained,
    robust,
)


def evaluate(
    use_case: UseCase, dataset_version: str, folder: Path, job: JobResult, champion: "ModelVersion | None"
) -> EvaluationReport:
    """Evaluate the model of ``job``, write report and receipts to the lake; the same inputs give the same report.

    What its gate on fairness found opens bias cases, or mitigates them.

    :param folder: the files of the dataset version; its split ``validation`` is what everything is measured on
    :param champion: the version that serves now, None before the first one
    :raises ConfigError: the job was trained on another dataset version, or ``validation`` or ``gates`` names what there
        is not
    :raises CannotJudge: there are no validation rows, or of one class only
    :raises Tampered: an artefact of the job or a file of the champion's package was changed
    """
    candidate_spec(job, dataset_version)
    report = _looked_at(examined(_compared(use_case, dataset_version, folder, job, champion)))
    write_report(report)
    write_receipts(use_case, report)
    record_cases(use_case, report)
    if not report.passed:
        _record_rejection(report)
    return report


def examined(found: Comparison, examiners: Sequence[Callable[[Comparison], Finding]] = EXAMINERS) -> EvaluationReport:
    """Return what the examiners say of a comparison, and write nothing: the same comparison gives the same report.

    :raises ConfigError: ``validation`` or ``gates`` names what there is not
    """
    use_case, dataset_version = found.use_case, found.dataset_version
    findings = [examine(found) for examine in examiners]
    judged = no_worse(found, tuple(gate for finding in findings for gate in finding.gates))
    gates = waived(use_case, dataset_version, judged)
    sections = {name: value for finding in findings for name, value in finding.fields.items()}
    return EvaluationReport(
        use_case=use_case.name,
        dataset_version=dataset_version,
        model_id=found.job.job_id,
        model_sha256=found.job.model_sha256,
        champion=found.champion.version if found.champion else None,
        **_measured(use_case, found),
        **sections,
        gates=gates,
        passed=all(gate.verdict != "fail" for gate in gates),
        review=tuple(gate.gate for gate in gates if gate.verdict in use_case.gates.review_when),
        reason=_reason(gates),
    )


def _looked_at(report: EvaluationReport) -> EvaluationReport:
    """Have a person look at a candidate that passed where the data that it was trained on failed their own test."""
    found = read_check(report.dataset_version)
    if not report.passed or found is None or found.verdict != "fails":
        return report
    reason = f"The test of its dataset version failed: {found.sentence} {report.reason}"
    return report.model_copy(update={"review": (*report.review, "data_change"), "reason": reason})


def _record_rejection(report: EvaluationReport) -> None:
    """Let the candidate, which gets no version, be found among the models with the reason why."""
    from driftgate.registry.states import move_state  # the registry keeps our reports, so it imports this room

    move_state(report.use_case, report.model_id, "rejected", actor="gates", reason=report.reason)


def _compared(
    use_case: UseCase, dataset_version: str, folder: Path, job: JobResult, champion: "ModelVersion | None"
) -> Comparison:
    held, train, scorer = holdout(use_case, folder), read_split(folder, "train"), candidate_scorer(job)
    return Comparison(
        use_case=use_case,
        dataset_version=dataset_version,
        job=job,
        train=train,
        held=held,
        scorer=scorer,
        signature=candidate_signature(job),
        scores=scorer.score_table(held.table),
        baselines=baseline_scores(use_case, train, held.table),
        champion=_champion_answers(champion, held.table) if champion else None,
    )


def _measured(use_case: UseCase, found: Comparison) -> dict[str, Any]:
    held = found.held
    return {
        "first_day": str(held.days.min()),
        "last_day": str(held.days.max()),
        "rows": len(held.labels),
        "positives": int(held.labels.sum()) if use_case.problem == "binary" else None,
        "metrics": _metrics(found),
        "metric_impl_versions": _versions(use_case),
        "intervals": _intervals(use_case, held, found.scores),
    }


def _champion_answers(champion: "ModelVersion", table: "pa.Table") -> ChampionAnswers:
    from driftgate.registry import load_package  # the registry keeps our reports, so it imports this room

    scorer, own = load_package(champion.use_case, champion.version).scorer, own_report(champion)
    try:
        return ChampionAnswers(champion.version, scorer.score_table(table), scorer=scorer, own=own)
    except ConfigError as problem:  # features.sql changed since the champion was trained
        return ChampionAnswers(champion.version, None, str(problem), own=own)


def _reported(use_case: UseCase) -> tuple[Metric, ...]:
    return reported(use_case.problem, use_case.metric.primary)


def _metrics(compared: Comparison) -> dict[str, float]:
    use_case, labels = compared.use_case, compared.held.labels
    found = {one.name: one.value(labels, compared.scores) for one in _reported(use_case)}
    for name, scores in {"": compared.scores, **compared.others}.items():
        prefix = f"{name}_" if name else ""
        found |= {f"{prefix}{one}": METRICS[one].value(labels, scores) for one in COMPARED[use_case.problem]}
        cost = expected_cost_usd(labels, scores, use_case.metric.costs_usd)
        found[f"{prefix}expected_cost_usd_per_1000"] = 1000 * cost
    found |= _of_the_candidate(compared)
    if weighted := use_case.metric.composite:
        require_weighable(weighted, use_case.problem, f"{use_case.folder / 'use_case.yaml'}: key 'metric.composite'")
        found["composite"] = composite(weighted, labels, compared.scores)
    return {name: rounded(value) for name, value in found.items()}


def _of_the_candidate(compared: Comparison) -> dict[str, float]:
    """Return what is told of the candidate alone: decisions where an alarm begins to pay, or errors as shares."""
    labels, prices = compared.held.labels, compared.use_case.metric.costs_usd
    if isinstance(prices, ErrorCosts):
        return confusion(labels, compared.scores, cost_threshold(prices))
    return {"mape": mape(labels, compared.scores)} if (labels != 0).all() else {}


def _versions(use_case: UseCase) -> dict[str, int]:
    also = {"confusion": CONFUSION_VERSION} if use_case.problem == "binary" else {"mape": METRICS["mape"].version}
    return {one.name: one.version for one in _reported(use_case)} | also


def _intervals(use_case: UseCase, held: Holdout, candidate: Floats) -> dict[str, Interval]:
    days, confidence = held.by_day(candidate), use_case.gates.champion.confidence
    found = {one.name: metric_interval(one, days, confidence) for one in _reported(use_case)}
    return {name: rounded_interval(interval) for name, interval in found.items()}


def _reason(gates: tuple[GateResult, ...]) -> str:
    failed = [gate for gate in gates if gate.verdict == "fail"]
    if failed:
        return f"The gate {failed[0].gate!r} failed. {failed[0].sentence}"
    passed = [gate for gate in gates if gate.verdict == "pass"]
    others = [gate for gate in gates if gate.verdict != "pass"]
    told = "All" if not others else f"Not stopped: {', '.join(f'{gate.gate} {gate.verdict}' for gate in others)};"
    return f"{told} {len(passed)} gates passed. " + " ".join(gate.sentence for gate in (*others, *passed))
