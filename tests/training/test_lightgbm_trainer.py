"""LightGBM: the same rows give the same bytes, it stops early, and says in a sentence what it cannot learn from."""

import json
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import JobSpec
from driftgate.errors import ConfigError
from driftgate.evaluation.metrics import auc
from driftgate.models import Preprocessing, Signature, load_scorer
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.training.run import Attended
from driftgate.training.train import train
from driftgate.training_policy import Stop

MakeSpec = Callable[..., JobSpec]
WithColumn = Callable[..., pa.Table]
EVERY_COLUMN = (
    "carrier",
    "flight",
    "origin",
    "scheduled_departure",
    "tail_number",
    "departure_hour",
    "visibility_miles",
)


def test_the_artefacts_are_a_model_that_scores_as_measured(make_spec: MakeSpec, rows: pa.Table) -> None:
    trained = train(make_spec(), rows)
    preprocessing = Preprocessing.model_validate(json.loads(trained.artefacts["preprocessing.json"]))
    signature = Signature.model_validate(json.loads(trained.artefacts["signature.json"]))
    assert preprocessing.names == ["carrier", "origin", "departure_hour", "visibility_miles"]
    assert [column.name for column in signature.columns] == rows.column_names[:-2]
    assert [column.name for column in signature.columns if column.nullable] == [
        *("tail_number", "departure_hour", "visibility_miles"),
    ]

    validation = rows.filter(pa.compute.equal(rows.column("split"), "validation"))
    scores = LightgbmScorer.load(trained.artefacts["model.txt"], preprocessing).score_table(validation)
    assert trained.metrics["validation_auc"] == auc(validation.column("label").to_numpy(zero_copy_only=False), scores)
    assert trained.metrics["validation_auc"] > 0.6
    assert (trained.metrics["train_rows"], trained.metrics["validation_rows"]) == (900, 300)


def test_the_same_rows_give_the_same_bytes_and_another_seed_may_not(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec(bagging_fraction=0.5, bagging_freq=1, feature_fraction=0.5)
    once = train(spec, rows).artefacts
    assert train(spec, rows).artefacts == once
    assert train(spec.model_copy(update={"seed": 8}), rows).artefacts["model.txt"] != once["model.txt"]


def test_it_stops_early_and_keeps_the_best_iteration(make_spec: MakeSpec, rows: pa.Table) -> None:
    trained = train(make_spec(num_iterations=2000, early_stopping_round=5), rows)
    assert trained.stop_reason == "early_stopping"
    assert trained.artefacts["model.txt"].count(b"\nTree=") == trained.metrics["best_iteration"] < 2000


def test_a_last_iteration_that_is_reached_is_no_early_stop(make_spec: MakeSpec, rows: pa.Table) -> None:
    trained = train(make_spec(num_iterations=5, early_stopping_round=30), rows)
    assert trained.stop_reason == "all_iterations"


def test_without_early_stopping_every_iteration_is_kept(make_spec: MakeSpec, rows: pa.Table) -> None:
    trained = train(make_spec(num_iterations=60, early_stopping_round=0), rows)
    assert trained.stop_reason == "all_iterations"
    assert trained.artefacts["model.txt"].count(b"\nTree=") == trained.metrics["best_iteration"] == 60


def test_a_training_that_nobody_watches_gives_the_same_model(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec(num_iterations=20, early_stopping_round=0)
    alone = train(spec, rows, attend=partial(Attended, watched=False))
    watched = train(spec, rows)
    assert (alone.artefacts, alone.metrics) == (watched.artefacts, watched.metrics)
    assert (len(alone.learnt.values), len(watched.learnt.values)) == (0, 20)


def test_a_training_that_may_stop_is_watched(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec(num_iterations=2000, early_stopping_round=5)
    assert train(spec, rows, attend=partial(Attended, watched=False)).stop_reason == "early_stopping"
    good = make_spec(num_iterations=20, early_stopping_round=0).model_copy(update={"stop": Stop(good_enough=0.6)})
    assert train(good, rows, attend=partial(Attended, watched=False)).stop_reason == "good_enough"


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("label", [False] * 1200, "the train split has only the label False in its 900 rows"),
        ("label", [n % 2 == 0 or n >= 900 for n in range(1200)], "the validation split has only the label True"),
        ("split", ["train"] * 1200, "the validation split has no rows; widen 'train.window_days'"),
        ("visibility_miles", [None] * 1200, "Feature 'visibility_miles' is null in all 900 training rows"),
        ("visibility_miles", [math.inf] * 1200, "Feature 'visibility_miles' is infinite in 900 training rows"),
    ],
)
def test_rows_that_nothing_can_be_learnt_from_are_refused(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn, name: str, values: list[Any], sentence: str
) -> None:
    kind = rows.schema.field(name).type
    with pytest.raises(ConfigError, match=sentence):
        train(make_spec(), with_column(rows, name, values, kind))


def test_a_regression_has_its_own_objective_labels_and_metrics(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn
) -> None:
    minutes = rows.column("departure_hour").to_numpy() * 2.0 + np.random.default_rng(1).normal(scale=2.0, size=1200)
    spec = make_spec().model_copy(update={"problem": "regression", "metric": "rmse"})
    trained = train(spec, with_column(rows, "label", minutes, pa.float64()))
    assert b"objective=regression\n" in trained.artefacts["model.txt"]
    assert trained.metrics["validation_mae"] < trained.metrics["validation_rmse"] < 3
    assert trained.metrics["train_label_mean"] == pytest.approx(minutes[:900].mean())


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        ([7.0] * 1200, "the train split has only the label 7 in its 900 rows: there is nothing to learn"),
        ([math.nan, math.inf, *range(1198)], "the train split has 2 labels that are no finite number"),
        ([None, *range(1199)], "the train split has 1 labels that are no finite number"),
    ],
)
def test_labels_that_no_regression_learns_from_are_refused(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn, minutes: list[Any], sentence: str
) -> None:
    spec = make_spec().model_copy(update={"problem": "regression", "metric": "rmse"})
    with pytest.raises(ConfigError, match=sentence):
        train(spec, with_column(rows, "label", minutes, pa.float64()))


def test_too_few_rows_are_refused(make_spec: MakeSpec, rows: pa.Table) -> None:
    few = rows.filter(pa.array(np.arange(1200) % 100 < 2))
    with pytest.raises(
        ConfigError, match="has 18 training rows, too few to learn from: with min_data_in_leaf 10 it takes 20"
    ):
        train(make_spec(), few)


def test_a_time_among_the_features_is_refused(make_spec: MakeSpec, rows: pa.Table) -> None:
    spec = make_spec().model_copy(update={"not_features": ("flight",)})
    with pytest.raises(ConfigError, match="Feature 'scheduled_departure' is a timestamp"):
        train(spec, rows)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"not_features": ("flights",)}, "'not_features' names 'flights', which .* did you mean 'flight'"),
        ({"not_features": EVERY_COLUMN}, "'not_features' leaves no feature"),
        ({"event_time": "departure"}, "features.sql does not select 'departure', which the use case names in"),
        ({"parameters": {"learning_rate": 2.0}}, "Job job-1, 'parameters': key 'learning_rate'"),
    ],
)
def test_a_spec_that_does_not_fit_the_rows_is_refused(
    make_spec: MakeSpec, rows: pa.Table, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        train(make_spec().model_copy(update=changes), rows)


def test_a_monotone_feature_only_rises(make_spec: MakeSpec, rows: pa.Table) -> None:
    trained = train(make_spec(monotone_constraints={"departure_hour": -1}), rows)
    preprocessing = Preprocessing.model_validate(json.loads(trained.artefacts["preprocessing.json"]))
    scorer = load_scorer("model.txt", trained.artefacts["model.txt"], preprocessing)
    matrix = np.repeat(preprocessing.encode_table(rows.slice(0, 1)), 18, axis=0)
    matrix[:, preprocessing.names.index("departure_hour")] = np.arange(5, 23)
    assert (np.diff(scorer.score_matrix(matrix)) <= 0).all()  # free, it rises: evenings are late


def test_a_true_label_that_weighs_more_is_answered_more_often(make_spec: MakeSpec, rows: pa.Table) -> None:
    def mean(**parameters: Any) -> float:
        trained = train(make_spec(num_iterations=30, **parameters), rows)
        preprocessing = Preprocessing.model_validate(json.loads(trained.artefacts["preprocessing.json"]))
        return float(load_scorer("model.txt", trained.artefacts["model.txt"], preprocessing).score_table(rows).mean())

    plain = mean()
    assert mean(scale_pos_weight=5.0) > plain + 0.1
    assert mean(is_unbalance=True) > plain + 0.05


@pytest.mark.parametrize("objective", ["regression_l1", "huber", "fair", "poisson", "quantile", "tweedie"])
def test_every_objective_of_a_regression_learns(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn, objective: str
) -> None:
    minutes = rows.column("departure_hour").to_numpy() * 2.0 + np.random.default_rng(1).uniform(0, 9, 1200)
    spec = make_spec(objective=objective).model_copy(update={"problem": "regression", "metric": "mae"})
    assert train(spec, with_column(rows, "label", minutes, pa.float64())).metrics["validation_mae"] < 6


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            {"monotone_constraints": {"departure_our": 1}},
            "names 'departure_our', which is no feature; did you mean 'dep",
        ),
        ({"monotone_constraints": {"carrier": 1}}, "names 'carrier', whose values are words: they have no order"),
        ({"objective": "poisson"}, "the objective 'poisson' does not learn a binary problem"),
    ],
)
def test_parameters_that_do_not_fit_the_features_or_the_problem_are_refused(
    make_spec: MakeSpec, rows: pa.Table, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=f"Use case flight_delays, 'train.parameters': .*{sentence}"):
        train(make_spec(**parameters), rows)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"is_unbalance": True}, "weigh classes, which a regression has not"),
        ({"objective": "binary"}, "the objective 'binary' does not learn a regression problem"),
        (
            {"objective": "quantile", "monotone_constraints": {"departure_hour": 1}},
            "LightGBM refuses 'train.parameters'",
        ),
        ({"objective": "poisson"}, "LightGBM refuses 'train.parameters': .*label"),
    ],
)
def test_what_a_regression_has_not_is_refused(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn, parameters: dict[str, Any], sentence: str
) -> None:
    minutes = np.random.default_rng(1).normal(size=1200)  # some are negative
    spec = make_spec(**parameters).model_copy(update={"problem": "regression", "metric": "rmse"})
    with pytest.raises(ConfigError, match=sentence):
        train(spec, with_column(rows, "label", minutes, pa.float64()))


@pytest.mark.parametrize(("problem", "metric"), [("binary", "auc"), ("regression", "rmse"), ("regression", "mae")])
def test_what_early_stopping_watches_is_the_metric_that_gates_and_monitoring_measure(
    make_spec: MakeSpec, rows: pa.Table, with_column: WithColumn, problem: str, metric: str
) -> None:
    if problem == "regression":
        minutes = rows.column("departure_hour").to_numpy() * 2.0 + np.random.default_rng(1).normal(scale=3.0, size=1200)
        rows = with_column(rows, "label", minutes, pa.float64())
    spec = make_spec(early_stopping_round=0).model_copy(update={"problem": problem, "metric": metric})
    trained = train(spec, rows)
    assert trained.learnt.values[-1] == pytest.approx(trained.metrics[f"validation_{metric}"], abs=1e-6)
