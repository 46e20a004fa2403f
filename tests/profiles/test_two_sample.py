"""Whole rows are told apart when they differ, also where no feature does alone; the test names what differs."""

import numpy as np
import pytest

from driftgate.errors import CannotJudge
from driftgate.profiles.two_sample import MIN_ROWS, TwoSample, two_sample

NAMES = ["one", "two", "three", "word"]


def rows(seed: int, count: int, *, shift: float = 0.0, together: float = 0.0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(count, 4))
    matrix[:, 3] = generator.integers(0, 6, count)
    matrix[:, 0] += shift
    matrix[:, 1] = together * matrix[:, 2] + np.sqrt(1 - together**2) * matrix[:, 1]
    return matrix


def told(seed: int, **change: float) -> TwoSample:
    return two_sample(rows(seed, 1000), rows(seed + 99, 400, **change), NAMES, categorical=[3])


def test_equal_samples_are_told_apart_by_chance_alone() -> None:
    found = [told(seed) for seed in range(20)]
    scores = np.array([item.auc for item in found])
    assert scores.mean() == pytest.approx(0.5, abs=3 * found[0].chance / np.sqrt(20) + 0.005)
    assert np.abs(scores - 0.5).max() < 4 * found[0].chance


def test_chance_by_hand_and_equal_columns_teach_nothing() -> None:
    found = two_sample(np.ones((200, 1)), np.ones((100, 1)), ["same"])
    # sqrt((200 + 100 + 1) / (12 · 200 · 100))
    assert found == TwoSample(auc=0.5, accuracy=0.5, chance=pytest.approx(0.03541422), importances={})


def test_a_moved_feature_is_found_and_named() -> None:
    found = told(1, shift=1.0)
    assert found.auc > 0.7
    assert found.accuracy > 0.6
    assert next(iter(found.importances)) == "one"
    assert sum(found.importances.values()) == pytest.approx(1.0)


def test_two_features_that_begin_to_go_together_are_found_though_neither_moved() -> None:
    found = told(2, together=0.95)
    assert found.auc > 0.5 + 5 * found.chance
    assert set(list(found.importances)[:2]) == {"two", "three"}


def test_an_unseen_category_is_a_missing_code_and_is_found() -> None:
    night = rows(7, 400)
    night[:80, 3] = np.nan
    found = two_sample(rows(8, 1000), night, NAMES, categorical=[3])
    assert found.auc > 0.55
    assert next(iter(found.importances)) == "word"


def test_equal_rows_give_equal_numbers() -> None:
    assert told(3, shift=0.2) == told(3, shift=0.2)


def test_a_feature_that_is_all_missing_and_one_that_is_infinite_are_no_trouble() -> None:
    reference, night = rows(5, 300), rows(6, 200)
    reference[:, 1] = night[:, 1] = np.nan
    night[0, 2] = np.inf
    assert 0.3 < two_sample(reference, night, NAMES).auc < 0.7


def test_too_few_rows_are_not_called_alike() -> None:
    with pytest.raises(CannotJudge, match=r"^99 rows against 500 of the reference are too few .* needs 100\.$"):
        two_sample(rows(1, 500), rows(2, MIN_ROWS - 1), NAMES)
