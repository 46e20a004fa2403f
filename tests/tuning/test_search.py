"""The next parameters and the pruner, from records alone; a toy function says how good a search is, no clock does."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.search_space import Dimension
from driftgate.tuning.search import hopeless, importances, next_parameters
from driftgate.tuning.study import Study, Trial

TOY = {
    "rate": Dimension(type="float", low=1e-3, high=1, scale="log"),
    "share": Dimension(type="float", low=0, high=1),
    "leaves": Dimension(type="int", low=2, high=64),
    "kind": Dimension(type="categorical", choices=("a", "b")),
}
BASE = {"rate": 0.9, "share": 0.9, "leaves": 60, "kind": "a"}


def toy(parameters: dict[str, Any]) -> float:
    """Best, 0, at rate 0.05, share 0.3, 20 leaves and kind b."""
    return -(
        (math.log10(parameters["rate"]) + 1.3) ** 2
        + 4 * (parameters["share"] - 0.3) ** 2
        + ((parameters["leaves"] - 20) / 30) ** 2
        + 0.3 * (parameters["kind"] == "a")
    )


def tried(study: Study, count: int, *, target: float = math.inf, parents: list[Trial] | None = None) -> list[Trial]:
    """Search the toy function one trial after the other until one reaches ``target``."""
    trials: list[Trial] = []
    while len(trials) < count and not (trials and trials[-1].value is not None and trials[-1].value >= target):
        parameters = next_parameters(study, trials, len(trials), parents or [])
        trials.append(
            Trial(number=len(trials), parameters=parameters, state="complete", value=toy(parameters), progress={1: 0.0})
        )
    return trials


@pytest.fixture
def toy_study(study: Callable[..., Study]) -> Callable[..., Study]:
    return lambda **changes: study(
        **{"space": TOY, "base": BASE, "name": f"toy-{changes.get('strategy')}-{changes.get('seed')}", **changes}
    )


@pytest.mark.soak
def test_bayesian_search_reaches_the_target_with_fewer_trials_than_random(toy_study: Callable[..., Study]) -> None:
    """Ten seeds; random search is cut off at 150 trials, which flatters it."""
    needed = {
        strategy: [len(tried(toy_study(strategy=strategy, seed=seed), 150, target=-0.03)) for seed in range(10)]
        for strategy in ("bayesian", "random")
    }
    pairs = list(zip(needed["bayesian"], needed["random"], strict=True))
    assert sum(bayesian < random for bayesian, random in pairs) >= 7, pairs
    assert 2 * sum(needed["bayesian"]) < sum(needed["random"]), pairs


def test_the_gaussian_process_searches_too(toy_study: Callable[..., Study]) -> None:
    pytest.importorskip("torch")
    assert len(tried(toy_study(sampler="gp", seed=0), 30, target=-0.05)) < 30


def test_the_same_seed_gives_the_same_sequence_and_another_seed_another(toy_study: Callable[..., Study]) -> None:
    first, again, other = (tried(toy_study(seed=seed), 12) for seed in (3, 3, 4))
    assert first == again
    assert first[0] == other[0], "the use case's own parameters"
    assert all(one.parameters != two.parameters for one, two in zip(first[1:], other[1:], strict=True))


def test_what_is_asked_for_does_not_depend_on_which_of_the_running_trials_has_ended(
    toy_study: Callable[..., Study],
) -> None:
    study = toy_study(parallel=3)
    trials = tried(study.model_copy(update={"parallel": 1}), 12)
    expected = next_parameters(study, trials, 12)
    for running in ((10,), (11,), (10, 11)):
        known = [Trial(number=t.number, parameters=t.parameters) if t.number in running else t for t in trials]
        assert next_parameters(study, known, 12) == expected
    changed = [t.model_copy(update={"value": 5.0}) if t.number == 9 else t for t in trials]
    assert next_parameters(study, changed, 12) != expected, "trial 9 has ended for certain, and is learnt from"


def test_a_grid_tries_every_combination_once(study: Callable[..., Study]) -> None:
    space = {"a": Dimension(type="int", low=1, high=3), "b": Dimension(type="categorical", choices=("x", "y"))}
    grid = study(space=space, base={"a": 1, "b": "x"}, strategy="grid")
    found = [tuple(next_parameters(grid, [], number).values()) for number in range(6)]
    assert sorted(found) == [(1, "x"), (1, "y"), (2, "x"), (2, "y"), (3, "x"), (3, "y")]


def test_importance_finds_what_matters(toy_study: Callable[..., Study]) -> None:
    flat = toy_study(strategy="random", seed=1)
    trials = [trial.model_copy(update={"value": float(trial.parameters["share"])}) for trial in tried(flat, 30)]
    found = importances(flat, trials)
    assert next(iter(found)) == "share"
    assert found["share"] > 0.8
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)
    assert importances(flat, trials[:4]) == {}


@pytest.mark.parametrize(("strategy", "pruner"), [("random", "median"), ("hyperband", "none")])
def test_a_trial_that_is_far_behind_is_hopeless_and_one_ahead_is_not(
    toy_study: Callable[..., Study], strategy: str, pruner: str
) -> None:
    study = toy_study(strategy=strategy, pruner=pruner, base={**BASE, "num_iterations": 81})
    ended: list[Trial] = []
    for number in range(20):  # each of them is looked at after 3, 9 and 27 iterations
        trial = Trial(number=number, parameters=BASE)
        for step in (3, 9, 27):
            trial = trial.model_copy(update={"progress": {**trial.progress, step: 0.7 + 0.001 * number}})
            trial = trial.model_copy(update={"marks": hopeless(study, ended, trial)[1]})
        ended.append(trial.model_copy(update={"state": "complete", "value": 0.7}))
    judged = {
        value: [
            hopeless(study, ended, Trial(number=number, parameters=BASE, progress={3: value, 9: value, 27: value}))[0]
            for number in range(20, 30)  # hyperband puts trials into brackets by number, of which one never prunes
        ]
        for value in (0.1, 0.9)
    }
    assert any(judged[0.1]) and not any(judged[0.9])


def test_a_grid_and_a_study_without_a_pruner_end_nothing(toy_study: Callable[..., Study]) -> None:
    ended = [t.model_copy(update={"progress": {4: 0.9}}) for t in tried(toy_study(), 10)]
    behind = Trial(number=10, parameters=BASE, progress={4: 0.1})
    assert hopeless(toy_study(pruner="median", name="m"), ended, behind)[0]
    assert not hopeless(toy_study(pruner="none", name="n"), ended, behind)[0]
    assert not hopeless(toy_study(pruner="median", name="g", strategy="grid"), ended, behind)[0]


def test_an_error_is_better_when_it_is_smaller(toy_study: Callable[..., Study]) -> None:
    lower = toy_study(metric="rmse", problem="regression", pruner="median")
    ended = [t.model_copy(update={"progress": {4: 5.0}}) for t in tried(lower, 10)]
    assert hopeless(lower, ended, Trial(number=10, parameters=BASE, progress={4: 9.0}))[0]
    assert not hopeless(lower, ended, Trial(number=10, parameters=BASE, progress={4: 1.0}))[0]
