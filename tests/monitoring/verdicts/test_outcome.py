"""What came of a retraining: begun once for a verdict, ended in one of a few ways, completed by promotion."""

from typing import Any

import pytest

from driftgate import uris
from driftgate.errors import NotPermitted
from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.lake import lake
from driftgate.monitoring import (
    Outcome,
    begin,
    by_hand,
    complete,
    conclude,
    decide,
    due_to_verdict,
    outcome_of,
    outcomes,
)
from driftgate.monitoring.verdicts.outcome import metrics_of, status_of
from driftgate.use_cases import UseCase

NAME, NIGHT, RUN = "flight_delays", "2013-04-08", "flight_delays.retrain/a"


@pytest.fixture
def verdict(use_case: UseCase, nights: Any) -> Any:
    """A verdict that retrains, because performance drifts."""
    for key in ("2013-04-07", NIGHT):
        for monitor, finding in {"performance": "drift", "data": "ok", "skew": "ok"}.items():
            nights.evidence(key, monitor, finding)
        open_policy = use_case.retrain.model_copy(update={"min_new_rows": 0})
        made = decide(use_case.model_copy(update={"retrain": open_policy}), key)
    assert made.decision == "retrain"
    return made


def report(metric: str = "auc", gain: float | None = 0.02, value: float = 0.68) -> EvaluationReport:
    gate = GateResult(
        gate="champion", metric=metric, value=gain, interval=None, threshold=0, verdict="pass", sentence="So it is."
    )
    return EvaluationReport(
        use_case=NAME, dataset_version=f"{NAME}/a", model_id="job-2", model_sha256="0" * 64, champion="1",
        first_day="2013-03-18", last_day="2013-03-31", rows=100, positives=20, metrics={metric: value}, intervals={},
        gates=(gate,), passed=True, reason="a test",
    )  # fmt: skip


def test_a_retraining_names_its_verdict_its_evidence_and_the_champion(verdict: Any) -> None:
    begun = begin(due_to_verdict(verdict, RUN))
    performance = next(item for item in verdict.evidence if item.monitor == "performance")
    assert (begun.id, begun.trigger, begun.rule, begun.champion) == (NIGHT, "drift", "performance_lost", "1")
    assert begun.evidence == {"performance": performance.hash}
    assert (begun.verdict, begun.status, outcome_of(NAME, NIGHT)) == (verdict.hash, "started", begun)


def test_a_verdict_starts_one_retraining_and_the_same_run_begins_it_again(verdict: Any) -> None:
    begun = begin(due_to_verdict(verdict, RUN))
    assert begin(due_to_verdict(verdict, RUN)) == begun
    with pytest.raises(NotPermitted, match=f"has its retraining already, {RUN} .started.; one verdict starts one"):
        begin(due_to_verdict(verdict, "flight_delays.retrain/b"))
    conclude(begun, "rejected", "", None)
    with pytest.raises(NotPermitted, match="rejected"):
        begin(due_to_verdict(verdict, "flight_delays.retrain/b"))


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_after_one_without_an_answer_another_run_may_try(verdict: Any, status: Any) -> None:
    conclude(begin(due_to_verdict(verdict, RUN)), status, "", None)
    assert begin(due_to_verdict(verdict, "flight_delays.retrain/b")).run == "flight_delays.retrain/b"


def test_people_may_retrain_as_often_as_they_have_reasons(verdict: Any) -> None:
    begin(due_to_verdict(verdict, RUN))
    for run in ("c", "d"):
        begin(by_hand(NAME, NIGHT, run, "bootstrap"))
    assert [(one.trigger, one.reason == "bootstrap") for one in outcomes(NAME)] == [
        ("drift", False), ("manual", True), ("manual", True)
    ]  # fmt: skip


def test_it_ends_with_the_metrics_before_and_after_and_promotion_completes_it(verdict: Any) -> None:
    begun = begin(due_to_verdict(verdict, RUN))
    ended = conclude(begun, "accepted", "It passed.", report(), model_version="2", job_id="job-2")
    assert (ended.before, ended.after, ended.effect) == ({"auc": 0.66}, {"auc": 0.68}, "auc 0.6600 → 0.6800")
    served = complete(NAME, "2", "champion", "It serves.")
    assert served is not None
    assert (served.status, complete(NAME, "2", "champion", "Again.")) == ("champion", None)
    assert complete(NAME, "7", "rolled_back", "Nobody made it.") is None
    assert Outcome.model_validate_json(lake().read(uris.retraining(NAME, NIGHT))) == served


def test_a_smaller_error_is_the_better_one_and_without_a_champion_there_is_no_before() -> None:
    assert metrics_of(report("rmse", gain=1.5, value=10.0))["before"] == {"rmse": 11.5}
    assert metrics_of(report(gain=None)) == {"after": {"auc": 0.68}}


TASKS = ("prepare_dataset", "budget_guard", "train_candidate", "evaluate_candidate", "register_candidate")


@pytest.mark.parametrize(
    ("states", "status", "note"),
    [
        ("success success success success success", "accepted", "registered"),
        ("success success success skipped skipped", "rejected", "AUC 0.69"),
        ("success success success success skipped", "rejected", "an experiment"),
        ("success skipped skipped skipped skipped", "stopped", "budget"),
        ("failed upstream_failed upstream_failed upstream_failed upstream_failed", "failed", "prepare_dataset failed"),
        ("success success failed upstream_failed upstream_failed", "failed", "train_candidate failed"),
        ("success success success success failed", "failed", "register_candidate failed"),
        ("success success skipped skipped skipped", "stopped", "ended before"),
        ("None None None None None", "stopped", "ended before"),
    ],
)
def test_how_it_ended_follows_from_the_states_of_its_tasks(states: str, status: str, note: str) -> None:
    found = dict(zip(TASKS, [None if one == "None" else one for one in states.split()], strict=True))
    ended, notes = status_of(found, why_rejected="AUC 0.69, rule 0.70.")
    assert ended == status
    assert note in notes


def test_the_golden_outcome_is_written_and_read_unchanged() -> None:
    golden = (
        '{"action":"retrain","after":{"auc":0.68},"before":{"auc":0.66},"champion":"1","dataset_version":"flight_delays'
        '/2013-05-26-3f9c2a1","evidence":{"payoff":"cd"},"features":["origin"],"id":"2013-05-26","job_id":"job-2","key"'
        ':"2013-05-26","model_version":"2","notes":"It serves.","reason":"A model trained tonight would have gained.","'
        'rule":"retraining_keeps_paying","run":"flight_delays.retrain/scheduled__1","schema_version":1,"status":"champi'
        'on","trigger":"drift","use_case":"flight_delays","verdict":"ab"}'
    )
    assert Outcome.model_validate_json(golden).canonical().decode() == golden
