"""The prediction monitor: scores like those of the days that the model was made from, moved ones, bad input."""

from typing import Any

import numpy as np
import pytest
from played_nights import PlayedNight, Records, baseline, day, last_key

from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.monitoring import Evidence
from driftgate.monitoring.calibration.training_days import TrainingDays, score_days
from driftgate.monitoring.monitors import judge
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase

TONIGHT = last_key(1)


def usual(seed: int, *, higher: float = 0.0, rows: int = 600) -> ScoredDay:
    """A day of scores with a level of its own."""
    random = np.random.default_rng(seed)
    logit = -1.2 + higher + 0.2 * random.normal() + random.normal(size=rows)
    return ScoredDay(random.random(rows) < 0.25, 1 / (1 + np.exp(-logit)))


@pytest.fixture(scope="module")
def known() -> TrainingDays:
    days = [usual(seed).scores for seed in range(100, 160)]
    return score_days(keys_before("2013-03-31", 60), days, min_rows=300)


def judged(use_case: UseCase, known: TrainingDays | None, tonight: ScoredDay | None) -> Evidence:
    base = baseline(use_case, None).model_copy(update={"score_days": known})
    days = {} if tonight is None else {TONIGHT: tonight}
    return judge(PlayedNight(use_case, TONIGHT, Records(), days, base), "prediction")


def test_scores_like_those_before_are_no_drift(use_case: UseCase, known: TrainingDays) -> None:
    found = [judged(use_case, known, usual(seed)) for seed in range(20)]
    assert sum(one.verdict == "drift" for one in found) <= 3  # two of three nights are an alarm, one is none
    assert found[0].statistic == "rarity" and found[0].sample_size == 600
    assert [item.name for item in found[0].statistics] == ["rarity", "mean", "alarm_share", "jensen_shannon"]
    assert "lie among those of the days that it was made from: a night as far out is one day in" in found[0].sentence


def test_scores_that_moved_are_a_drift(use_case: UseCase, known: TrainingDays) -> None:
    found = judged(use_case, known, usual(1, higher=2))
    assert (found.verdict, found.severity) == ("drift", "major")
    assert found.sentence.startswith("The scores of model 1 on 2013-04-01 have left those of the days")


def test_a_model_that_answers_one_and_the_same_is_the_loudest_drift(use_case: UseCase, known: TrainingDays) -> None:
    found = judged(use_case, known, ScoredDay(np.zeros(600, dtype=bool), np.full(600, 0.25)))
    assert (found.verdict, found.severity) == ("drift", "major")


@pytest.mark.parametrize(
    ("tonight", "said"),
    [
        (None, "No request of 2013-04-01 was answered by a champion."),
        (day(1, rows=20), "20 answers of model 1 on 2013-04-01 are fewer than the 300 that prediction drift needs."),
    ],
)
def test_a_night_that_tells_nothing_says_so(use_case: UseCase, known: TrainingDays, tonight: Any, said: str) -> None:
    found = judged(use_case, known, tonight)
    assert (found.verdict, found.sentence) == ("insufficient", said)


def test_a_package_without_days_of_scores_says_so(use_case: UseCase) -> None:
    found = judged(use_case, None, usual(1))
    assert found.sentence == "The baseline of model 1 tells none of its days' scores; train and register again."


def test_too_few_days_say_so(use_case: UseCase) -> None:
    few = score_days(keys_before("2013-03-31", 5), [usual(seed).scores for seed in range(5)], min_rows=300)
    assert judged(use_case, few, usual(1)).verdict == "insufficient"
