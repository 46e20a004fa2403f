"""The trees of a LightGBM model as ONNX give the scores that LightGBM gives; what they cannot say is refused."""

import os
import re
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import ConfigError, Tampered
from driftgate.models import Preprocessing, Scorer
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.models.onnx_trees import trees_as_onnx
from driftgate.models.onnx_trees_scorer import OnnxTreesScorer

ZERO = float(np.float32(1e-35))


@pytest.fixture(scope="module")
def model_text(table: pa.Table, preprocessing: Preprocessing) -> str:
    """A model that splits on every column, words and nulls included."""
    matrix = preprocessing.encode_table(table)
    label = np.random.default_rng(4).random(len(matrix)) < np.where(np.isnan(matrix).any(axis=1), 0.3, 0.6)
    few = {"cat_smooth": 1, "min_data_per_group": 5, "max_cat_to_onehot": 1, "num_leaves": 15, "cat_l2": 0}
    text = _trained(matrix, preprocessing, label=label, **few)
    assert re.search("num_cat=[1-9]", text)
    return text


@pytest.fixture(scope="module")
def scorer(model_text: str, preprocessing: Preprocessing) -> LightgbmScorer:
    return LightgbmScorer.load(model_text, preprocessing)


@pytest.fixture(scope="module")
def as_onnx(model_text: str, preprocessing: Preprocessing) -> OnnxTreesScorer:
    return OnnxTreesScorer.load(model_text.encode(), preprocessing)


@pytest.fixture(scope="module")
def hard_rows(model_text: str, preprocessing: Preprocessing) -> Any:
    """Rows with every threshold and its neighbours, numbers around zero, categories nobody saw, and nothing at all."""
    numeric = [place for place in range(len(preprocessing.features)) if place not in preprocessing.categorical]
    lines = [line.split("=")[1].split() for line in model_text.splitlines() if line.startswith("threshold=")]
    splits = np.array(sorted({float(value) for line in lines for value in line}))
    values = np.concatenate([splits, np.nextafter(splits, -np.inf), np.nextafter(splits, np.inf)])
    values = np.concatenate([values, splits.astype(np.float32), [0, -0.0, ZERO, -ZERO, 2 * ZERO, -2 * ZERO, np.nan]])
    random = np.random.default_rng(1)
    matrix = random.choice([np.nan, 0, 1, 2, 3, 31, 32, 200], (2_000, len(preprocessing.features)))
    matrix[:, numeric] = random.choice(values, (2_000, len(numeric)))
    return matrix


def test_every_row_gets_the_score_of_lightgbm(as_onnx: Scorer, scorer: Scorer, hard_rows: Any, table: pa.Table) -> None:
    for matrix in (hard_rows, scorer.preprocessing.encode_table(table)):
        expected = scorer.score_matrix(matrix)
        assert len(set(expected)) > 100
        assert np.abs(as_onnx.score_matrix(matrix) - expected).max() < 1e-15


def test_a_threshold_lies_in_doubles_as_in_training() -> None:
    """In floats both rows would be on one side of the split, which is how compiled trees went wrong elsewhere."""
    values = np.array([[16777216.0], [16777217.0]] * 50)
    data = lightgbm.Dataset(values, label=values[:, 0] > 16777216, feature_name=["x"])
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 1}
    text = lightgbm.train(parameters, data, 5).model_to_string()
    known = Preprocessing.fit(pa.table({"x": values[:, 0]}), ["x"])
    low, high = OnnxTreesScorer.load(text, known).score_matrix(values[:2])
    assert high - low > 0.1


@pytest.mark.parametrize("objective", ["regression", "regression_l1", "huber", "quantile"])
def test_values_of_a_regression_are_as_they_are(objective: str, table: pa.Table, preprocessing: Preprocessing) -> None:
    matrix = preprocessing.encode_table(table)
    text = _trained(matrix, preprocessing, label=matrix[:, 2], objective=objective)
    expected = LightgbmScorer.load(text, preprocessing).score_matrix(matrix)
    found = OnnxTreesScorer.load(text, preprocessing).score_matrix(matrix)
    assert np.allclose(found, expected, rtol=1e-14, atol=0)


def test_a_model_that_found_no_split_says_the_same_of_all(table: pa.Table, preprocessing: Preprocessing) -> None:
    matrix = preprocessing.encode_table(table)
    text = _trained(matrix, preprocessing, label=matrix[:, 2] > 1000, min_data_in_leaf=500)
    expected = LightgbmScorer.load(text, preprocessing).score_matrix(matrix)
    assert len(set(expected)) == 1
    assert np.allclose(OnnxTreesScorer.load(text, preprocessing).score_matrix(matrix), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("objective 'poisson'", {"objective": "poisson"}),
        ("objective 'regression sqrt'", {"objective": "regression", "reg_sqrt": True}),
        ("zero is missing", {"objective": "binary", "zero_as_missing": True}),
        ("linear trees", {"objective": "regression", "linear_tree": True}),
    ],
)
def test_what_onnx_cannot_say_exactly_is_refused(said: str, changes: Any, table: Any, preprocessing: Any) -> None:
    matrix = np.nan_to_num(preprocessing.encode_table(table))
    text = _trained(matrix, preprocessing, label=(matrix[:, 2] > 1000).astype(float), **changes)
    with pytest.raises(ConfigError, match=f"{said}.* serve it as trained"):
        OnnxTreesScorer.load(text, preprocessing)


def test_a_cut_model_is_no_model(model_text: str, preprocessing: Preprocessing) -> None:
    with pytest.raises(Tampered):
        OnnxTreesScorer.load(model_text[: len(model_text) // 2], preprocessing)


def test_the_same_model_gives_the_same_bytes_that_onnx_itself_accepts(model_text: str) -> None:
    data = trees_as_onnx(model_text, "features", "scores")
    assert data == trees_as_onnx(model_text, "features", "scores")
    onnx = pytest.importorskip("onnx", reason="comes with `make torch`")
    onnx.checker.check_model(data, full_check=True)


def test_threads_and_a_forked_process_score_alike(
    as_onnx: Scorer, table: pa.Table, rows: list[dict[str, Any]], wrong_in_threads: Callable[..., list[int]]
) -> None:
    scores = as_onnx.score_table(table)
    same = lambda found, expected: bool(np.abs(found - expected).max() < 1e-15)  # noqa: E731
    assert wrong_in_threads(as_onnx, scores, same) == []
    child = os.fork()
    if not child:
        os._exit(int(not same(as_onnx.score_rows(rows[:1]), scores[:1])))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_explains_the_scores_is_lightgbms(as_onnx: Scorer, scorer: Scorer, hard_rows: Any) -> None:
    ours, theirs = as_onnx.contributions(hard_rows[:20]), scorer.contributions(hard_rows[:20])
    assert ours is not None
    assert theirs is not None
    assert np.array_equal(ours.values, theirs.values)


def _trained(matrix: Any, preprocessing: Preprocessing, label: Any, **parameters: Any) -> str:
    names, words = preprocessing.names, [] if "linear_tree" in parameters else preprocessing.categorical
    given = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 10, **parameters}
    also = {"linear_tree": True} if "linear_tree" in parameters else None
    data = lightgbm.Dataset(matrix, label=label, feature_name=names, categorical_feature=words, params=also)
    return lightgbm.train(given, data, 20).model_to_string()
