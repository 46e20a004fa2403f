"""Which levels no other beats, and which levels there are."""

import pytest

from driftgate.errors import ConfigError
from driftgate.experiments.tradeoff import Level, levels_of, with_pareto
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
