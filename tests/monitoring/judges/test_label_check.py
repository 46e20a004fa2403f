"""Labels that contradict the champion: turned ones are told from a hard day, and a week of them from chance."""

import numpy as np
import pytest
from played_nights import day

from driftgate.errors import CannotJudge
from driftgate.monitoring.judges.label_check import far_off_labels, levelled, turned_labels


@pytest.mark.parametrize("turned", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_the_turned_share_is_found_whatever_the_level(turned: float, level: float) -> None:
    random, found = np.random.default_rng(5), []
    for seed in range(30):
        played = day(seed, rows=3000, level=level, spread=1.5)
        labels = played.labels ^ (random.random(3000) < turned)
        found.append(turned_labels(labels, played.scores))
    assert np.mean([one.value for one in found]) == pytest.approx(turned, abs=0.02)
    assert found[0].name == "turned_labels"
    if not turned:  # what it strays by chance is what it says
        assert np.std([one.value for one in found]) == pytest.approx(np.mean([one.chance for one in found]), rel=0.4)


def test_scores_are_moved_to_the_level_of_the_day() -> None:
    played = day(1, level=2.0)
    moved = levelled(played.labels, played.scores)
    assert moved.sum() == pytest.approx(played.labels.sum())
    odds = [np.log(one / (1 - one)) for one in (moved, played.scores)]
    assert np.ptp(odds[0] - odds[1]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("score", [0.0, 0.2, 1.0])
def test_a_model_of_one_answer_is_contradicted_by_nobody(score: float) -> None:
    with pytest.raises(CannotJudge, match="All answers are alike"):
        turned_labels(np.arange(200) % 3 == 0, np.full(200, score))


def test_certain_and_wrong_answers_are_a_number() -> None:
    labels = np.arange(200) % 2 == 0
    assert np.isfinite(turned_labels(labels, np.where(labels, 0.0, 1.0)).value)
    assert turned_labels(labels, np.where(labels, 1.0, 0.0)).value == pytest.approx(0, abs=1e-6)


def test_labels_of_a_regression_that_are_far_off() -> None:
    answers = np.full(400, 100.0)
    labels = np.where(np.arange(400) < 8, 6000.0, 101.0)  # seconds instead of minutes
    found = far_off_labels(labels, answers, 50.0)
    assert (found.name, found.value) == ("far_off_labels", 8 / 400)
    assert found.chance == pytest.approx(np.sqrt(0.02 * 0.98 / 400))
    assert far_off_labels(np.full(400, 101.0), answers, 50.0).chance == pytest.approx(0.0025, rel=1e-2)
