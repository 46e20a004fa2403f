"""Nights by what the tasks of the DAGs call, and the same nights played again: nothing that is decided may differ."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from driftgate import uris
from driftgate.backtest.gates import gated
from driftgate.backtest.models import Models
from driftgate.backtest.policies import policies
from driftgate.backtest.recorded import decided_again
from driftgate.backtest.replay import PlayedNight, Replay
from driftgate.backtest.rows import published_rows
from driftgate.backtest.traffic import Serving
from driftgate.captures import Capture, write_captures
from driftgate.compute import JobResult, read_artefact
from driftgate.compute.job_files import spec_uri, write_spec
from driftgate.datasets import prepare, version_files
from driftgate.evaluation import EvaluationReport, evaluate
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.holdout import read_split
from driftgate.evaluation.receipts import write_receipt
from driftgate.evaluation.reference_sample import reference_sample
from driftgate.monitoring import Verdict, decide, join_ground_truth, measure, training_baseline
from driftgate.monitoring_policy import MONITORS
from driftgate.promotion import (
    DeploymentState,
    advance,
    candidate_under_way,
    deployment,
    deployment_plan,
    give_back,
    judge,
    roll_back,
    start_shadow,
    switch_champion,
)
from driftgate.promotion.skew import skew_gates
from driftgate.records import canonical_json
from driftgate.registry import ModelVersion, champion, tracking, versions
from driftgate.registry.register import _baselines
from driftgate.training import entrypoint, training_spec
from driftgate.use_cases import UseCase

BEGIN, END = "2013-05-26", "2013-06-04"
BY = {"actor": "test"}


@dataclass
class LiveNights:
    """A use case and its nights, by what the operators call. Versions have the names that a replay gives them."""

    use_case: UseCase
    replay: Replay  # knows what was asked and what a model says to it; who answers is the deployment's
    put_package: Callable[..., ModelVersion]

    def first(self, key: str) -> None:
        """Train the first model, and let it serve."""
        switch_champion(self.use_case, self._registered(key, self._trained(key)), **BY, reason="the first model")

    def night(self, key: str) -> tuple[Verdict, EvaluationReport | None]:
        """Answer a day and do its night's work; return the verdict, and what the gates said of a candidate."""
        state = self.state
        self._answer(key, state)
        join_ground_truth(self.use_case, key)
        for monitor in MONITORS:
            measure(self.use_case, key, monitor)
        verdict = decide(self.use_case, key, promotion_active=candidate_under_way(self.use_case.name))
        if verdict.decision == "retrain":
            report = self._trained(key)
            if report.passed:
                start_shadow(self.use_case, self._registered(key, report), **BY, reason=verdict.hash)
            return verdict, report
        if verdict.decision == "rollback":
            give_back(self.use_case, str(verdict.champion), **BY, reason=verdict.sentence, run_id=f"verdict/{key}")
        elif state.candidate:
            self._judge(state, state.candidate)
        return verdict, None

    @property
    def state(self) -> DeploymentState:
        state = deployment(self.use_case.name)
        assert state is not None
        return state

    def _answer(self, key: str, state: DeploymentState) -> None:
        serving = Serving(
            champion=state.champion,
            champion_since="",
            candidate=state.candidate,
            step=state.step,
            revision=state.revision,
        )
        traffic = self.replay.traffic
        for table in (traffic.answers(key, serving), traffic.shadow(key, serving)):
            write_captures(_capture(row) for row in table.to_pylist())

    def _trained(self, key: str) -> EvaluationReport:
        dataset = prepare(self.use_case, key).name
        spec = training_spec(self.use_case, dataset, f"job-{key}")
        write_spec(spec)
        job = entrypoint.run(spec_uri(spec.job_id))
        assert isinstance(job, JobResult)
        self.job = job
        return evaluate(self.use_case, dataset, version_files(dataset), job, champion(self.use_case.name))

    def _registered(self, key: str, report: EvaluationReport) -> str:
        job, folder = self.job, version_files(report.dataset_version)
        baseline, features = _baselines(self.use_case, job, report, folder, training_baseline)
        files = {name: read_artefact(job, name) for name in job.artefacts} | {
            "evaluation.json": report.canonical(),
            "baseline.json": canonical_json(baseline),
            "feature_baseline.json": features.canonical(),
            "reference_sample.parquet": reference_sample(
                candidate_scorer(job).preprocessing, read_split(folder, "train")
            ),
        }
        model = self.put_package(
            key, files, use_case=self.use_case.name, job_id=job.job_id, dataset_version=report.dataset_version
        )
        for gate in skew_gates(self.use_case):  # of the endpoint, which is not there
            write_receipt(
                self.use_case, gate, subject=job.job_id, model_sha256=job.model_sha256, verdict="pass",
                as_of=report.last_day, inputs={}, evidence=uris.evaluation_report(self.use_case.name, job.job_id),
            )  # fmt: skip
        return model.version

    def _judge(self, state: DeploymentState, candidate: str) -> None:
        judgement = judge(self.use_case, candidate, state.step)
        if judgement.outcome == "fail_now":
            roll_back(self.use_case, **BY, reason=judgement.reason, candidate=candidate, rejects=True)
        elif judgement.passed:
            steps = deployment_plan(self.use_case).steps
            after = [one.name for one in steps].index(state.step) + 1
            if after < len(steps):
                advance(self.use_case, candidate, steps[after].percent, **BY)
            else:
                switch_champion(self.use_case, candidate, **BY, reason=judgement.reason)


def _capture(row: dict[str, Any]) -> Capture:
    return Capture(**{name: row[name] for name in Capture.__struct_fields__})


@pytest.fixture
def both(
    returns: UseCase, put_package: Callable[..., ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[LiveNights, list[PlayedNight]]]:
    """Play nights under changes to the use case, and have a first model serve before them."""
    monkeypatch.setattr(tracking, "show_alias", lambda *_: None)  # MLflow takes seconds
    monkeypatch.setattr(versions, "int", str, raising=False)  # it counts versions, and sorts them by that

    def begun(changes: dict[str, Any], last: str) -> tuple[LiveNights, list[PlayedNight]]:
        rows = published_rows(returns, BEGIN, last)
        (policy,) = policies(returns, ["shipped"])
        replay = Replay(rows, policy.model_copy(update={"changes": changes}), Models(rows))
        nights = list(replay.play(rows.nights))
        live = LiveNights(replay.use_case, replay, put_package)
        live.first(rows.day_before)
        return live, nights

    return begun


def test_a_night_is_decided_gated_and_moved_as_the_tasks_do(
    both: Callable[..., tuple[LiveNights, list[PlayedNight]]],
) -> None:
    live, nights = both({}, "2013-05-31")
    told = {one.name for night in nights for found in night.evidence for one in found.statistics}
    assert "two_sample_auc" in told, "whole rows are compared too"
    judged = {one.monitor for night in nights for one in night.evidence if one.verdict != "insufficient"}
    assert {"performance", "concept", "payoff", "data", "skew"} <= judged, "those that carry a state are among them"
    assert [move.outcome for night in nights for move in night.moves] == ["champion", "rollback"]
    assert_same(live, nights)

    again = decided_again(live.use_case)
    assert [night.same for night in again] == [True] * len(nights)
    no_cause = live.use_case.retrain.model_copy(update={"on": ()})
    differing = [
        night for night in decided_again(live.use_case.model_copy(update={"retrain": no_cause})) if not night.same
    ]
    assert any("retrain by performance_lost then, review by performance_lost now" in one.sentence for one in differing)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("changes", "outcomes", "moves"),
    [
        ({}, {"candidate"}, {"champion", "rollback"}),
        ({"gates": {"champion": {"margin": 0.0}, "or_no_worse_than_champion": False}}, {"rejected"}, set()),
        ({"promote": {"guardrails": {"min_agreement": 0.999}}}, {"candidate"}, {"rolled_back"}),
    ],
)
def test_so_are_all_nights_also_where_gates_or_guardrails_turn_a_candidate_away(
    both: Callable[..., tuple[LiveNights, list[PlayedNight]]],
    changes: dict[str, Any],
    outcomes: set[str],
    moves: set[str],
) -> None:
    live, nights = both(changes, END)
    assert {night.retraining.outcome for night in nights if night.retraining} == outcomes
    assert {move.outcome for night in nights for move in night.moves} == moves
    assert_same(live, nights)


def assert_same(live: LiveNights, nights: list[PlayedNight]) -> None:
    """Let the nights happen, and hold all that comes of each against the replay's."""
    for night in nights:
        assert stands(live.state) == stands(night.serving)
        verdict, report = live.night(night.key)
        assert verdict.canonical() == night.verdict.canonical()
        assert (report is None) == (night.retraining is None)
        if report and night.retraining:
            models = live.replay.models
            replayed = gated(live.use_case, models.of(night.key), models.of(str(verdict.champion)))
            assert (report.model_sha256, report.gates) == (replayed.model_sha256, replayed.gates)
            outcome = "candidate" if report.passed else "rejected"
            assert (night.retraining.outcome, night.retraining.reason) == (outcome, report.reason)
        for move in night.moves:
            if move.outcome != "champion":
                assert move.reason == live.state.reason
    assert stands(live.state) == stands(nights[-1].after)


def stands(state: DeploymentState | Serving) -> tuple[object, ...]:
    """Return who serves, since which move."""
    return state.champion, state.previous, state.candidate, state.step, state.revision
