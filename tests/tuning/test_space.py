"""A space held against its trainer, and made narrower."""

from collections.abc import Callable
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.search_space import Dimension
from driftgate.tuning import declared_tune, study_for, tune_with
from driftgate.tuning.space import narrowed
from driftgate.use_cases import UseCase, load_use_case, use_case_names


def test_a_name_that_the_trainer_does_not_have_names_the_nearest(shaped: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError, match=r"names 'num_leafs', no parameter of lightgbm; did you mean 'num_leaves'"):
        declared_tune(shaped(space={"num_leafs": {"type": "int", "low": 2, "high": 9}}))


def test_an_end_that_the_trainer_refuses_is_found_before_the_first_trial(shaped: Callable[..., UseCase]) -> None:
    wide = {"feature_fraction": {"type": "float", "low": 0.5, "high": 1.5}}
    with pytest.raises(ConfigError, match=r"tune.space.feature_fraction.*less than or equal to 1, found 1.5"):
        declared_tune(shaped(space=wide))


def test_a_choice_of_another_type_is_found_before_the_first_trial(shaped: Callable[..., UseCase]) -> None:
    with pytest.raises(ConfigError, match=r"tune\.space\.num_leaves"):
        declared_tune(shaped(space={"num_leaves": {"type": "categorical", "choices": ["few", "many"]}}))


def test_a_use_case_without_a_space_is_told_how_to_write_one() -> None:
    bare = load_use_case("flight_delays").model_copy(update={"tune": None})
    with pytest.raises(ConfigError, match=r"has no section 'tune'; write which parameters may change, for example"):
        declared_tune(bare)


@pytest.mark.parametrize("name", use_case_names())
def test_each_shipped_use_case_has_a_space_that_fits_its_trainer(name: str) -> None:
    assert declared_tune(load_use_case(name)).space, "its DAG for tuning would only say that there is none"


def test_what_a_form_asks_for_overrides_the_file(shaped: Callable[..., UseCase]) -> None:
    asked = {"max_trials": 3, "usd": 2.0, "minutes": None, "strategy": "random"}
    tune = tune_with(shaped(budget={"minutes": 9}), asked, "the form")
    assert (tune.max_trials, tune.strategy) == (3, "random")
    assert (tune.budget.usd, tune.budget.minutes) == (2.0, 9)
    with pytest.raises(ConfigError, match="the form: key 'max_trials'"):
        tune_with(shaped(), {"max_trials": 0}, "the form")


@pytest.mark.parametrize(
    ("dimension", "values", "expected"),
    [
        (Dimension(type="float", low=0, high=10), [4.0, 5.0, 6.0], {"low": 3.0, "high": 7.0}),
        (Dimension(type="float", low=0, high=10), [0.0, 9.9, 6.0], {"low": 0.0, "high": 10.0}),
        (Dimension(type="int", low=0, high=100), [50, 51, 52], {"low": 40.0, "high": 62.0}),
        (
            Dimension(type="float", low=0.001, high=1, scale="log"),
            [0.01, 0.03, 0.1],
            {"low": 0.005012, "high": 0.1995},
        ),
        (Dimension(type="categorical", choices=("a", "b", "c")), ["a", "c", "a"], {"choices": ("a", "c")}),
        (Dimension(type="categorical", choices=("a", "b", "c")), ["b", "b", "b"], {"choices": ("a", "b", "c")}),
    ],
)
def test_a_space_is_narrowed_around_the_best(dimension: Dimension, values: list[Any], expected: dict[str, Any]) -> None:
    found = narrowed({"x": dimension}, [{"x": value} for value in values])["x"]
    assert {name: getattr(found, name) for name in expected} == expected
    Dimension.model_validate(found.model_dump())  # it can be pasted


def test_two_trials_are_too_few_to_narrow_a_space() -> None:
    space = {"x": Dimension(type="float", low=0, high=10)}
    assert narrowed(space, [{"x": 1.0}, {"x": 2.0}]) == space


@pytest.mark.parametrize(
    ("trainer", "strategy", "expected"),
    [("lightgbm", None, "bayesian"), ("torch", None, "hyperband"), ("torch", "bayesian", "bayesian")],
)
def test_networks_are_searched_by_hyperband_unless_the_file_says_otherwise(
    shaped: Callable[..., UseCase], trainer: str, strategy: str | None, expected: str
) -> None:
    space = {"learning_rate": {"type": "float", "low": 0.001, "high": 0.1, "scale": "log"}}
    use_case = shaped(space=space, strategy=strategy)
    train = use_case.train.model_copy(update={"trainer": trainer, "parameters": {}})
    use_case = use_case.model_copy(update={"train": train})
    assert study_for(use_case, "flight_delays/2013-03-31-3f9c2a1", declared_tune(use_case)).strategy == expected
