"""Ladder, trade-off, ablation and a study on some days of real flights, every model trained by a real job."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from driftgate import uris
from driftgate.cli import app
from driftgate.errors import ConfigError
from driftgate.experiments import ablate, compare, ladder, trade_off
from driftgate.lake import lake
from driftgate.search_space import Experiments, Tune
from driftgate.tuning import lead, open_tuning
from driftgate.use_cases import UseCase, load_use_case

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    whole = load_use_case("flight_delays")
    few = {"window_days": 11, "validation_days": 3, "parameters": {"num_iterations": 15, "num_leaves": 8}}
    groups = Experiments(feature_groups={"weather": ("visibility_miles", "wind_speed_mph")})
    return whole.model_copy(update={"train": whole.train.model_copy(update=few), "experiments": groups})


def written(name: str, version: str) -> Any:
    return json.loads(lake().read(uris.experiment("flight_delays", version, name)))


@pytest.mark.soak
def test_ladder_ablation_and_comparison(use_case: UseCase, january_version: str) -> None:
    made = ladder(use_case, january_version)
    assert [rung.algorithm for rung in made.rungs] == ["rule", "logistic", "lightgbm"]
    assert all(rung.value and rung.value > 0.5 and rung.train_cpu_seconds for rung in made.rungs)
    assert made.rungs[0].gain is None and made.rungs[2].gain_interval
    assert written("ladder.json", january_version)["chosen"] == made.chosen
    assert written("algorithm_selection.json", january_version)["candidates"][0]["name"] == "rule"

    table = ablate(use_case, january_version)
    (weather,) = table.ablations
    assert table.value == made.rungs[2].value, "the job of the ladder was found, not run again"
    assert weather.worth == pytest.approx(table.value - (weather.value or 0), abs=2e-6)
    assert len(compare(use_case)) == 2

    wrong = use_case.model_copy(update={"experiments": Experiments(feature_groups={"w": ("visibility",)})})
    with pytest.raises(ConfigError, match=r"feature_groups\.w' names 'visibility', no feature; did you mean"):
        ablate(wrong, january_version)


@pytest.mark.soak
def test_levels_of_complexity(use_case: UseCase, january_version: str) -> None:
    made = trade_off(use_case, january_version)
    assert [level.level for level in made.levels] == ["simple", "declared", "complex"]
    sizes = [level.model_mb or 0.0 for level in made.levels]
    assert sizes == sorted(sizes)
    assert all(level.cv_mean and level.cv_spread is not None for level in made.levels)
    assert any(level.pareto for level in made.levels)
    assert written("tradeoff.json", january_version)["levels"][0]["latency_ms_p95"] > 0
    assert len(made.steps) == 2
    assert made.preferred in {level.level for level in made.levels}
    part = trade_off(use_case, january_version, row_share=0.5)
    assert (part.row_share, made.row_share) == (0.5, 1.0)
    assert {level.job_id for level in part.levels}.isdisjoint(level.job_id for level in made.levels)


@pytest.mark.soak
def test_a_study_on_real_flights_is_tracked_in_mlflow(use_case: UseCase, january_version: str) -> None:
    space = {"learning_rate": {"type": "float", "low": 0.02, "high": 0.2}}
    tune = Tune.model_validate({"space": space, "max_trials": 2, "folds": 2, "max_parallel": 1})
    tuning = open_tuning(use_case, january_version, tune)
    report = lead(tuning)
    assert report.best and report.best.spread is not None
    assert report.numbers.usd is not None and report.numbers.cpu_seconds
    assert lead(tuning) == report, "shown once"

    from mlflow.tracking import MlflowClient

    from driftgate.settings import settings

    client = MlflowClient(settings().mlflow)
    runs = client.search_runs([client.get_experiment_by_name("flight_delays").experiment_id])
    assert len(runs) == 2
    assert {run.data.tags["driftgate.job_id"] for run in runs} == {leader.job_id for leader in report.leaderboard}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert all(run.data.metrics["cv_auc_mean"] > 0.4 for run in runs)


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_commands_say_what_is_not_there(run: Callable[..., Result]) -> None:
    assert "Nothing was tried yet" in run("experiments", "compare", "flight_delays").stdout
    answer = run("experiments", "ladder", "flight_delays", "flight_delays/2013-01-01-0000000")
    assert (answer.exit_code, "0000000" in answer.stderr) == (1, True)
    answer = run("experiments", "ladder", "flight_delays", "x", "--trainer", "torhc")
    assert (answer.exit_code, "did you mean 'torch'" in answer.stderr) == (1, True)
