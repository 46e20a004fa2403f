"""What came of each retraining: what it was due to, what was done, and whether it was kept.

The record is begun before anything is prepared, and holds the place: one verdict starts one retraining, whoever asks.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from driftgate import uris
from driftgate.errors import Conflict, NotPermitted
from driftgate.evaluation.metrics import metric
from driftgate.evaluation.report import EvaluationReport
from driftgate.lake import lake
from driftgate.metadata import Entry, metadata
from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.verdicts.record import Trigger, Verdict
from driftgate.records import Record, parse_record, sha256

KIND = "retraining"
Status = Literal["started", "accepted", "rejected", "failed", "stopped", "champion", "rolled_back"]
OVER_WITHOUT_ANSWER: tuple[Status, ...] = ("failed", "stopped")  # another run may try the same verdict again


class Outcome(Record):
    """One retraining; ``before`` and ``after`` are the champion's and the candidate's metrics on the same rows.

    :param id: of a verdict's retraining the night, of one by hand the night and the run, of one that a feature review
        asks for the night of that
    :param evidence: monitor and hash of each drift that it is due to
    """

    schema_version: int = 1
    use_case: str
    id: str
    key: str
    run: str
    trigger: Trigger
    reason: str
    rule: str | None = None
    verdict: str | None = None
    evidence: dict[str, str] = {}
    features: tuple[str, ...] = ()
    champion: str | None = None
    action: Literal["retrain"] = "retrain"
    status: Status = "started"
    dataset_version: str | None = None
    job_id: str | None = None
    model_version: str | None = None
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    notes: str = ""

    @property
    def effect(self) -> str:
        """What the retraining did to the metric, for people; empty when it is not known."""
        found = [f"{name} {value:.4f} → {self.after[name]:.4f}" for name, value in self.before.items()]
        return ", ".join(found)


def due_to_verdict(verdict: Verdict, run: str) -> Outcome:
    """Return the beginning of the retraining that a verdict asks for."""
    found = causes_of(verdict)
    return Outcome(
        use_case=verdict.use_case,
        id=verdict.key,
        key=verdict.key,
        run=run,
        trigger=verdict.trigger,
        reason=verdict.sentence,
        rule=verdict.rule,
        verdict=verdict.hash,
        evidence={item.monitor: item.hash for item in found},
        features=tuple(sorted({name for item in found for name in item.features})),
        champion=verdict.champion,
    )


def by_hand(use_case_name: str, key: str, run: str, reason: str) -> Outcome:
    """Return the beginning of a retraining that a person asks for."""
    name = f"{key}-{sha256(run.encode())[:8]}"
    return Outcome(use_case=use_case_name, id=name, key=key, run=run, trigger="manual", reason=reason)


def due_to_review(use_case_name: str, key: str, run: str, review_key: str, reason: str) -> Outcome:
    """Return the beginning of the retraining that an approved feature review asks for; a review has one."""
    name = f"{review_key}-feature-review"
    return Outcome(use_case=use_case_name, id=name, key=key, run=run, trigger="feature_review", reason=reason)


def causes_of(verdict: Verdict) -> list[Evidence]:
    """Return the evidence that the decision of a verdict is about."""
    return [item for item in verdict.evidence if item.monitor in verdict.causes]


def begin(outcome: Outcome) -> Outcome:
    """Record that a retraining begins, and return it; the same run begins the same one again.

    :raises NotPermitted: another run has retrained for this verdict, or is about to
    """
    entry = metadata().latest(KIND, _subject(outcome))
    before = _parse(entry) if entry else None
    if before and before.run != outcome.run and before.status not in OVER_WITHOUT_ANSWER:
        raise NotPermitted(
            f"The verdict about {outcome.key} has its retraining already, {before.run} ({before.status}); one verdict "
            "starts one. Trigger the run with a reason to train once more."
        )
    if before and before.run == outcome.run and before.status == "started":
        return before
    with suppress(Conflict):
        return _write(outcome, expected=entry.revision if entry else 0)
    return begin(outcome)  # another run was first


def outcome_of(use_case_name: str, outcome_id: str) -> Outcome | None:
    """Return one retraining, None when it never began."""
    entry = metadata().latest(KIND, f"{use_case_name}/{outcome_id}")
    return _parse(entry) if entry else None


def outcomes(use_case_name: str) -> list[Outcome]:
    """Return every retraining of a use case, oldest night first."""
    return [_parse(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]


def conclude(outcome: Outcome, status: Status, notes: str, report: EvaluationReport | None, **found: Any) -> Outcome:
    """Record how the training ended, beside the metrics of its evaluation, and return it.

    :param found: the names of what it made: ``dataset_version``, ``job_id``, ``model_version``
    """
    measured = metrics_of(report) if report else {}
    return _write(outcome.model_copy(update={"status": status, "notes": notes, **measured, **found}))


def complete(use_case_name: str, version: str, status: Status, notes: str) -> Outcome | None:
    """Record what became of the candidate of a retraining; None when no retraining made it, or it is known already."""
    mine = [one for one in outcomes(use_case_name) if one.model_version == version and one.status != status]
    return _write(mine[-1].model_copy(update={"status": status, "notes": notes})) if mine else None


def metrics_of(report: EvaluationReport) -> dict[str, dict[str, float]]:
    """Return ``after``, and ``before`` where the candidate was held against a champion."""
    gate = next((gate for gate in report.gates if gate.gate == "champion" and gate.value is not None), None)
    if gate is None or gate.value is None or gate.metric not in report.metrics:
        return {"after": report.metrics}
    before = metric(gate.metric).worse_by(report.metrics[gate.metric], gate.value)
    return {"before": {gate.metric: round(before, 6)}, "after": report.metrics}


def status_of(states: Mapping[str, str | None], why_rejected: str = "") -> tuple[Status, str]:
    """Return how a training ended from the states of the tasks that made it, in their order, and a note on it.

    :param states: of ``prepare_dataset``, ``budget_guard``, ``train_candidate``, ``evaluate_candidate`` and
        ``register_candidate``
    """
    failed = next((task for task, state in states.items() if state == "failed"), None)
    if failed:
        return "failed", f"{failed} failed, or was marked as failed; its log says why."
    if states.get("register_candidate") == "success":
        return "accepted", "The candidate passed its gates and is registered."
    if states.get("budget_guard") == "skipped":
        return "stopped", "The week's budget did not cover it."
    if states.get("train_candidate") == "success" and states.get("evaluate_candidate") == "skipped":
        return "rejected", why_rejected or "The candidate did not pass its gates."
    if states.get("evaluate_candidate") == "success" and states.get("register_candidate") == "skipped":
        return "rejected", "It learnt from a sample of the rows, so it was an experiment."
    return "stopped", "The run was ended before the candidate was registered."


def _write(outcome: Outcome, expected: int | None = None) -> Outcome:
    metadata().append(KIND, _subject(outcome), outcome.model_dump(mode="json"), expected=expected)
    lake().write(uris.retraining(outcome.use_case, outcome.id), outcome.canonical())
    return outcome


def _subject(outcome: Outcome) -> str:
    return f"{outcome.use_case}/{outcome.id}"


def _parse(entry: Entry) -> Outcome:
    return parse_record(entry.body, Outcome, where=f"the retraining {entry.subject}")
