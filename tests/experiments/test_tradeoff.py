"""Which levels no other beats, and which levels there are."""

import pytest

from driftgate.errors import ConfigError
from driftgate.experiments.tradeoff import Level, levels_of, preferred, steps_up, with_pareto
from driftgate.search_space import Experiments
from driftgate.use_cases import load_use_case


def level(name: str, cv: float, cpu: float, ms: float = 1.0, mb: float = 1.0) -> Level:
    return Level(
        level=name, parameters={}, job_id=name, cv_mean=cv, train_cpu_seconds=cpu, latency_ms_p95=ms, model_mb=mb
    )


def front(*levels: Level, higher_is_better: bool = True) -> list[str]:
    return [one.level for one in with_pareto(levels, higher_is_better=higher_is_better) if one.pareto]


def test_a_level_that_is_beaten_in_everything_is_off_the_front() -> None:
    simple, good, waste = level("simple", 0.70, 1.0), level("good", 0.75, 5.0), level("waste", 0.74, 6.0)
    assert front(simple, good, waste) == ["simple", "good"]
    assert front(level("a", 10.0, 5.0), level("b", 9.0, 4.0), higher_is_better=False) == ["b"]
    assert front(level("a", 0.7, 1.0), level("b", 0.7, 1.0)) == ["a", "b"], "alike"
    assert front(Level(level="failed", parameters={}, job_id="j", reason="no"), simple) == ["simple"]


def test_levels_are_those_declared_or_a_quarter_and_four_times_the_leaves() -> None:
    use_case = load_use_case("flight_delays")
    assert levels_of(use_case) == {
        "simple": {"num_leaves": 8},
        "declared": {"num_leaves": 31},
        "complex": {"num_leaves": 124},
    }
    two = use_case.model_copy(update={"experiments": Experiments(levels={"a": {}, "b": {"num_leaves": 5}})})
    with pytest.raises(ConfigError, match="names 2 levels, and a trade-off takes 3"):
        levels_of(two)


def folded(name: str, cv: float | None, cpu: float | None, spread: float = 0.0) -> Level:
    return Level(level=name, parameters={}, job_id=name, cv_mean=cv, cv_spread=spread, train_cpu_seconds=cpu)


def verdicts(*levels: Level, name: str = "auc") -> dict[str, str]:
    return {step.level: step.verdict for step in steps_up(name, levels)}


@pytest.mark.parametrize(
    ("cv", "cpu", "verdict"),
    [
        (0.72, 10.0, "worth_it"),  # two points
        (0.71, 10.0, "worth_it"),  # a point
        (0.709, 2.0, "needs_justification"),  # less, for twice the compute
        (0.709, 1.9, "worth_it"),  # less, for less than twice
        (0.70, 1.5, "within_noise"),
        (0.69, 10.0, "within_noise"),
    ],
)
def test_a_point_is_what_twice_the_compute_should_bring(cv: float, cpu: float, verdict: str) -> None:
    assert verdicts(folded("dear", cv, cpu), folded("cheap", 0.70, 1.0)) == {"dear": verdict}


def test_the_noise_is_the_spread_of_both_over_the_folds() -> None:
    # hypot(0.03, 0.04) / sqrt(3) = 0.028868
    cheap = folded("cheap", 0.70, 1.0, spread=0.03)
    (step,) = steps_up("auc", [cheap, folded("dear", 0.728, 4.0, spread=0.04)])
    assert (step.noise, step.verdict, step.times_compute) == (0.028868, "within_noise", 4.0)
    assert step.sentence == (
        "AUC of 'dear' gains +0.0280 on 'cheap' for 4.0 times the compute, within the noise of 0.0289: the simpler one "
        "will do."
    )
    assert verdicts(cheap, folded("dear", 0.73, 4.0, spread=0.04)) == {"dear": "worth_it"}


def test_a_point_of_an_error_is_a_hundredth_of_it() -> None:
    cheap = folded("cheap", 10.0, 1.0)
    assert verdicts(cheap, folded("dear", 9.95, 3.0), name="rmse") == {"dear": "needs_justification"}
    assert verdicts(cheap, folded("dear", 9.90, 3.0), name="rmse") == {"dear": "worth_it"}
    assert verdicts(cheap, folded("dear", 10.2, 3.0), name="rmse") == {"dear": "within_noise"}


def test_the_climb_goes_on_from_the_last_level_that_was_worth_it() -> None:
    levels = [folded("a", 0.70, 1.0), folded("b", 0.702, 3.0), folded("c", 0.72, 6.0), folded("d", 0.72, 9.0)]
    steps = steps_up("auc", levels)
    assert [(step.level, step.against, step.verdict) for step in steps] == [
        ("b", "a", "needs_justification"),
        ("c", "a", "worth_it"),
        ("d", "c", "within_noise"),
    ]
    assert preferred(levels, steps) == "c"
    assert preferred(levels[:2], steps_up("auc", levels[:2])) == "a"


def test_a_level_that_failed_is_no_step_and_none_is_preferred_where_none_was_measured() -> None:
    failed = folded("failed", None, None)
    assert steps_up("auc", [failed, folded("a", 0.7, 1.0)]) == ()
    assert preferred([failed, folded("a", 0.7, 1.0)], ()) == "a"
    assert preferred([failed], ()) is None
