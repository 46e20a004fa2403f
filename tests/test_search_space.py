"""What a section ``tune`` may say; each refusal is a sentence that says what to do."""

from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.records import parse_record
from driftgate.search_space import Dimension, Tune

RATE = {"type": "float", "low": 0.01, "high": 0.3}


def tune(**changes: Any) -> Tune:
    return parse_record({"space": {"learning_rate": RATE}, **changes}, Tune, where="use_case.yaml")


@pytest.mark.parametrize(
    ("dimension", "sentence"),
    [
        ({"type": "float", "low": 0.001, "high": 0.1}, "spans 2.0 decades.*write scale: log"),
        ({"type": "int", "low": 1, "high": 1000}, "spans 3.0 decades"),
        ({"type": "float", "low": 0.0, "high": 1.0, "scale": "log"}, "scale log needs low above 0"),
        ({"type": "float", "low": 1.0, "high": 1.0}, "low must be below high"),
        ({"type": "float", "low": float("nan"), "high": 1.0}, "low must be below high"),
        ({"type": "int", "low": 1.5, "high": 4}, "whole numbers"),
        ({"type": "float", "low": 0.1}, "needs low and high"),
        ({"type": "float", "low": 0.1, "high": 0.2, "choices": [0.1]}, "and no choices"),
        ({"type": "categorical", "choices": ["a"]}, "at least two different choices"),
        ({"type": "categorical", "choices": ["a", "b"], "low": 1}, "neither low nor high"),
        ({"type": "flot", "low": 0.1, "high": 0.2}, "did you mean 'float'"),
    ],
)
def test_a_dimension_that_cannot_be_searched_is_refused(dimension: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_record({"space": {"x": dimension}}, Tune, where="use_case.yaml")


def test_a_log_scale_is_demanded_from_two_decades_on_and_not_below() -> None:
    assert Dimension(type="float", low=0.01, high=0.99)
    assert Dimension(type="float", low=0.01, high=1, scale="log")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"folds": 1}, "folds is 1, and one split alone"),
        ({"strategy": "grid", "grid_reason": "few"}, "a grid of endless combinations is refused"),
        ({"max_trials": 0}, "greater than 0"),
        ({"strategy": "bayes"}, "did you mean 'bayesian'"),
        ({"warm_start": {"type": "transfer_learning", "parents": list("abcdef")}}, "one to 5 different parents, got 6"),
        ({"warm_start": {"type": "transfer_learning", "parents": []}}, "got 0"),
        ({"warm_start": {"type": "transfer_learning", "parents": ["a", "a"]}}, "different parents"),
        ({"space": {}}, "tune|space"),
        ({"budget": {"usd": -1}}, "budget.usd"),
        ({"max_trails": 3}, "did you mean 'max_trials'"),
    ],
)
def test_a_search_that_would_mislead_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        tune(**changes)


def test_folds_are_not_needed_where_the_validation_rows_are_declared() -> None:
    assert tune(measure="validation", folds=1).measure == "validation"


def test_a_grid_of_twenty_with_a_reason_is_the_largest() -> None:
    twenty = {"a": {"type": "int", "low": 1, "high": 10}, "b": {"type": "categorical", "choices": [True, False]}}
    assert tune(space=twenty, strategy="grid", grid_reason="an audit asks for all").combinations == 20
    with pytest.raises(ConfigError, match="says in grid_reason why"):
        tune(space=twenty, strategy="grid")
    more = {**twenty, "a": {"type": "int", "low": 1, "high": 11}}
    with pytest.raises(ConfigError, match="a grid of 22 combinations is refused, at most 20"):
        tune(space=more, strategy="grid", grid_reason="an audit asks for all")


@pytest.mark.parametrize(
    ("changes", "parallel"),
    [
        ({"max_trials": 5}, 2),
        ({"max_trials": 50}, 5),
        ({"max_trials": 50, "objective": "time"}, 16),
        ({"max_trials": 50, "max_parallel": 1}, 1),
    ],
)
def test_few_trials_run_at_once_unless_time_matters(changes: dict[str, Any], parallel: int) -> None:
    assert tune(**changes).parallel() == parallel
