"""Nights played again: training, gates and promotion follow from verdicts, and these are those of the live tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate import uris
from driftgate.backtest.models import Models
from driftgate.backtest.policies import policies
from driftgate.backtest.recorded import decided_again
from driftgate.backtest.replay import PlayedNight, Replay
from driftgate.backtest.rows import published_rows
from driftgate.captures import Capture, write_captures
from driftgate.datasets import prepare
from driftgate.lake import lake
from driftgate.monitoring import decide, join_ground_truth, measure
from driftgate.monitoring_policy import MONITORS
from driftgate.registry import ModelVersion
from driftgate.use_cases import UseCase

BEGIN, END = "2013-05-26", "2013-06-04"

MADE_AT_REGISTRATION = ("baseline.json", "feature_baseline.json", "reference_sample.parquet")


def played(use_case: UseCase, policy: str = "shipped", last: str = END) -> tuple[Replay, list[PlayedNight]]:
    """Play the nights of the shop under one policy."""
    rows = published_rows(use_case, BEGIN, last)
    replay = Replay(rows, policies(use_case, [policy])[0], Models(rows))
    return replay, list(replay.play(rows.nights))


def test_a_drop_leads_to_a_training_whose_model_becomes_champion_step_by_step(returns: UseCase) -> None:
    _, nights = played(returns)
    asked = next(night for night in nights if night.retraining)
    assert asked.retraining is not None
    assert (asked.retraining.rule, asked.retraining.outcome) == ("performance_lost", "candidate")
    after = [night.serving for night in nights if night.key > asked.key][:3]
    assert [one.step for one in after] == ["shadow", "canary_50", "serving"]
    assert [one.champion for one in after] == ["2013-05-25", "2013-05-25", asked.key]
    assert next(move.outcome for night in nights for move in night.moves) == "champion"


def test_verdicts_are_those_of_the_live_tasks_to_the_byte(
    returns: UseCase, put_package: Callable[..., ModelVersion]
) -> None:
    replay, nights = played(returns, last="2013-05-31")
    versions = {night.serving.champion for night in nights}
    assert len(versions) == 2, "a new champion should be among the nights that are compared"
    for version in versions:
        model = replay.models.of(version)
        made = {name: model.package_file(name) or b"" for name in MADE_AT_REGISTRATION}
        files = {**model.files, **made}
        dataset = prepare(returns, version).name
        put_package(version, files, use_case="returns", dataset_version=dataset)
    told = {one.name for night in nights for found in night.evidence for one in found.statistics}
    assert "two_sample_auc" in told, "whole rows are compared too"
    judged = {one.monitor for night in nights for one in night.evidence if one.verdict != "insufficient"}
    assert {"performance", "concept", "payoff", "data", "skew"} <= judged, "those that carry a state are among them"
    for night in nights:
        captures = [replay.traffic.answers(night.key, night.serving), replay.traffic.shadow(night.key, night.serving)]
        write_captures(_capture(row) for table in captures for row in table.to_pylist())
        join_ground_truth(returns, night.key)
        for monitor in MONITORS:
            measure(returns, night.key, monitor)
        live = decide(returns, night.key, promotion_active=night.verdict.promotion_active)
        assert live.canonical() == night.verdict.canonical()
    again = decided_again(returns)
    assert [night.same for night in again] == [True] * len(nights)
    blind = returns.model_copy(update={"retrain": returns.retrain.model_copy(update={"on": ()})})
    differing = [night for night in decided_again(blind) if not night.same]
    assert any("retrain by performance_lost then, review by performance_lost now" in one.sentence for one in differing)


def _capture(row: dict[str, Any]) -> Capture:
    return Capture(**{name: row[name] for name in Capture.__struct_fields__})


def test_without_a_reason_to_train_the_first_model_serves_all_the_time(returns: UseCase) -> None:
    _, nights = played(returns, "never")
    assert {night.after.champion for night in nights} == {"2013-05-25"}
    assert not [night for night in nights if night.retraining or night.moves]


def test_a_night_without_data_cannot_be_judged_and_ends_nothing(returns: UseCase) -> None:
    folder = uris.partition("validated", "events", "2013-05-30")
    for path in lake().list(folder):
        lake().delete(path)
    _, nights = played(returns, "never")
    empty = next(night for night in nights if night.key == "2013-05-30")
    assert (empty.verdict.decision, empty.value, empty.requests) == ("cannot_judge", None, 0)
    assert nights[-1].value is not None


@pytest.mark.parametrize("name", ["nightly", "weekly"])
def test_a_policy_of_the_calendar_trains_by_it(returns: UseCase, name: str) -> None:
    _, nights = played(returns, name)
    trained = [night.key for night in nights if night.retraining]
    assert trained[0] == {"nightly": "2013-05-26", "weekly": "2013-06-01"}[name]
    assert {night.retraining.rule for night in nights if night.retraining} == {"schedule_due"}
