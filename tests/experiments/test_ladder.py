"""The rung that is worth its cost: a linear model on a linear problem, trees where features act together."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.evaluation.baselines import logistic_scores, rule_scores
from driftgate.evaluation.holdout import Holdout, days_of
from driftgate.experiments.ladder import Measured, climbed
from driftgate.models import Preprocessing, load_scorer
from driftgate.training import training_spec
from driftgate.training.train import train
from driftgate.use_cases import UseCase, load_use_case

VERSION = "flight_delays/2013-03-31-3f9c2a1"


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    whole = load_use_case("flight_delays")
    small = {"num_iterations": 60, "num_leaves": 15, "min_data_in_leaf": 10}
    return whole.model_copy(update={"train": whole.train.model_copy(update={"parameters": small})})


@pytest.fixture
def rows() -> Callable[..., pa.Table]:
    """Thirty days of 150 flights whose delay depends on two numbers, each by itself or only both together."""

    def of(*, linear: bool) -> pa.Table:
        random = np.random.default_rng(3)
        count = 30 * 150
        day, first, second = np.repeat(np.arange(30), 150), random.normal(size=count), random.normal(size=count)
        logit = 1.5 * first - 1.2 * second if linear else 3.0 * np.sign(first * second)
        times = [datetime(2013, 3, 1, 8) + timedelta(days=int(d), minutes=n % 150) for n, d in enumerate(day)]
        return pa.table(
            {
                "carrier": pa.array(random.choice(["AA", "UA"], count)),
                "flight": pa.array(np.arange(count), pa.int32()),
                "origin": pa.array(random.choice(["EWR", "JFK"], count)),
                "scheduled_departure": pa.array(times, pa.timestamp("us")),
                "tail_number": pa.array([f"N{number % 9}" for number in range(count)]),
                "first": pa.array(first),
                "second": pa.array(second),
                "label": pa.array(random.uniform(size=count) < 1 / (1 + np.exp(-logit))),
                "split": pa.array(np.where(day < 20, "train", "validation")),
            }
        )

    return of


def measured(use_case: UseCase, table: pa.Table) -> tuple[Holdout, list[Measured]]:
    """Fit rule, logistic regression and LightGBM for real, in this process."""
    fitted, asked = (
        table.filter(pc.equal(table.column("split"), split)).drop_columns("split") for split in ("train", "validation")
    )
    held = Holdout(asked, asked.column("label").to_numpy(zero_copy_only=False), days_of(use_case, asked))
    found = []
    for name, scores_of in (("rule", rule_scores), ("logistic", logistic_scores)):
        started = time.process_time()
        found.append(Measured(name, scores_of(use_case, fitted, asked), time.process_time() - started))
    started = time.process_time()
    trained = train(training_spec(use_case, VERSION, "a-job"), table)
    preprocessing = Preprocessing.model_validate_json(trained.artefacts["preprocessing.json"])
    scorer = load_scorer(trained.model_file, trained.artefacts[trained.model_file], preprocessing)
    scores = scorer.score_table(asked)
    found.append(Measured("lightgbm", scores, time.process_time() - started, 0.01, 1.0, "a-job"))
    return held, found


def test_a_linear_problem_is_left_to_the_linear_model(use_case: UseCase, rows: Callable[..., pa.Table]) -> None:
    made = climbed(use_case, VERSION, *measured(use_case, rows(linear=True)))
    assert made.chosen == "logistic"
    assert [choice.wins for choice in made.choices] == [True, True, False]
    assert "that may be chance" in made.choices[-1].sentence
    assert [algorithm.name for algorithm in made.candidates] == ["rule", "logistic", "lightgbm"]


def test_trees_win_where_features_act_together(use_case: UseCase, rows: Callable[..., pa.Table]) -> None:
    made = climbed(use_case, VERSION, *measured(use_case, rows(linear=False)))
    assert made.chosen == "lightgbm"
    last = made.rungs[-1]
    assert last.gain and last.gain > 0.2
    assert last.gain_interval and last.gain_interval[0] < last.gain < last.gain_interval[1]
    assert made.choices[-1].sentence.endswith("it is worth it.")


def test_a_gain_that_costs_too_much_does_not_win(use_case: UseCase, rows: Callable[..., pa.Table]) -> None:
    held, found = measured(use_case, rows(linear=False))
    made = climbed(use_case, VERSION, held, [*found[:-1], Measured("lightgbm", found[-1].scores, 3600.0 * 100)])
    assert made.chosen != "lightgbm", "100 CPU hours ask for a gain of 1.0"
    assert made.choices[-1].sentence.endswith("too little for its cost.")


def test_an_algorithm_that_failed_keeps_its_rung_and_loses(use_case: UseCase, rows: Callable[..., pa.Table]) -> None:
    held, found = measured(use_case, rows(linear=True))
    made = climbed(use_case, VERSION, held, [*found, Measured("torch", None, 3.0, reason="It ran out of memory.")])
    assert (made.rungs[-1].algorithm, made.rungs[-1].value) == ("torch", None)
    assert made.choices[-1].sentence == "It failed: It ran out of memory."
    assert made.chosen == "logistic"
