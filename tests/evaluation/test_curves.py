"""What plots are drawn from: shares that add up, gains that no order of equal scores changes."""

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from driftgate.evaluation.comparison import ChampionAnswers
from driftgate.evaluation.curves import curves
from driftgate.problems import Metric

VERSION = "flight_delays/2013-03-30-3f9c2a1"


@pytest.fixture
def found(use_case, folder, job):
    return import_module("driftgate.evaluation.evaluate")._compared(use_case, VERSION, folder, job, None)


def measured(found):
    return curves(found).fields["curves"]


def test_a_candidate_finds_more_than_chance_and_in_the_end_everything(found) -> None:
    gains = {one.model: one.found for one in measured(found).gains}
    assert set(gains) == {"candidate", "rule", "logistic"}
    assert (gains["candidate"][0], gains["candidate"][-1]) == (0, 1)
    assert gains["candidate"][4] > 1.5 * measured(found).asked[4]
    assert list(gains["candidate"]) == sorted(gains["candidate"])


def test_equal_scores_find_what_chance_finds(found) -> None:
    same = replace(found, scores=np.full(len(found.scores), 0.3))
    gains = {one.model: one.found for one in measured(same).gains}
    assert gains["candidate"] == pytest.approx(measured(same).asked, abs=1e-6)


def test_shares_add_up_for_each_outcome_and_the_champion_stands_beside(found) -> None:
    with_champion = replace(found, champion=ChampionAnswers("1", 1 - found.scores))
    distributions = measured(with_champion).distributions
    assert [(one.model, one.outcome) for one in distributions] == [
        (model, outcome) for model in ("candidate", "champion") for outcome in (False, True)
    ]
    assert [sum(one.shares) for one in distributions] == pytest.approx([1] * 4, abs=1e-4)
    assert len(measured(with_champion).champion_reliability) == 10
    assert measured(found).champion_reliability == ()


def test_a_regression_has_errors_and_no_gains(found) -> None:
    held = replace(found.held, labels=np.arange(len(found.scores), dtype=float))
    regression = SimpleNamespace(problem="regression", metric=Metric)
    off = replace(found, use_case=regression, held=held, scores=held.labels + 2.0, baselines={})
    drawn = measured(off)
    (one,) = drawn.distributions
    assert (one.outcome, drawn.gains, drawn.asked) == (None, (), ())
    assert (drawn.edges[0], drawn.edges[-1]) == (-2, 2)
    assert one.shares[-1] == 1, "all answers are two too high"
