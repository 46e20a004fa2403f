"""Nights played again: training, gates and promotion follow from verdicts. ``test_live.py``: as the live tasks do."""

import pytest

from driftgate import uris
from driftgate.backtest.models import Models
from driftgate.backtest.policies import policies
from driftgate.backtest.replay import PlayedNight, Replay
from driftgate.backtest.rows import published_rows
from driftgate.lake import lake
from driftgate.use_cases import UseCase

BEGIN, END = "2013-05-26", "2013-06-04"


def played(use_case: UseCase, policy: str = "shipped", last: str = END) -> list[PlayedNight]:
    """Play the nights of the shop under one policy."""
    rows = published_rows(use_case, BEGIN, last)
    return list(Replay(rows, policies(use_case, [policy])[0], Models(rows)).play(rows.nights))


def test_a_drop_leads_to_a_training_whose_model_becomes_champion_step_by_step(returns: UseCase) -> None:
    nights = played(returns)
    asked = next(night for night in nights if night.retraining)
    assert asked.retraining is not None
    assert (asked.retraining.rule, asked.retraining.outcome) == ("performance_lost", "candidate")
    after = [night.serving for night in nights if night.key > asked.key][:3]
    assert [one.step for one in after] == ["shadow", "canary_50", "serving"]
    assert [one.champion for one in after] == ["2013-05-25", "2013-05-25", asked.key]
    assert next(move.outcome for night in nights for move in night.moves) == "champion"


def test_without_a_reason_to_train_the_first_model_serves_all_the_time(returns: UseCase) -> None:
    nights = played(returns, "never")
    assert {night.after.champion for night in nights} == {"2013-05-25"}
    assert not [night for night in nights if night.retraining or night.moves]


def test_a_night_without_data_cannot_be_judged_and_ends_nothing(returns: UseCase) -> None:
    folder = uris.partition("validated", "events", "2013-05-30")
    for path in lake().list(folder):
        lake().delete(path)
    nights = played(returns, "never")
    empty = next(night for night in nights if night.key == "2013-05-30")
    assert (empty.verdict.decision, empty.value, empty.requests) == ("cannot_judge", None, 0)
    assert nights[-1].value is not None


@pytest.mark.parametrize("name", ["nightly", "weekly"])
def test_a_policy_of_the_calendar_trains_by_it(returns: UseCase, name: str) -> None:
    nights = played(returns, name)
    trained = [night.key for night in nights if night.retraining]
    assert trained[0] == {"nightly": "2013-05-26", "weekly": "2013-06-01"}[name]
    assert {night.retraining.rule for night in nights if night.retraining} == {"schedule_due"}
