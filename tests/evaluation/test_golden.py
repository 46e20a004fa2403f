"""A golden set is small, names nobody, and notices a model that answers otherwise."""

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import ConfigError, Skewed
from driftgate.evaluation.golden import MAX_ROWS, golden_set, read_golden
from driftgate.evaluation.golden_check import check_golden
from driftgate.fingerprint import fingerprint
from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.use_cases import load_use_case


@pytest.fixture(scope="module")
def use_case():
    return load_use_case("flight_delays")


@pytest.fixture(scope="module")
def table():
    chance = np.random.default_rng(3)
    distance = chance.uniform(100, 3000, 500)
    return pa.table(
        {
            "carrier": chance.choice(["UA", "B6"], 500),
            "tail_number": [f"N{place}" for place in range(500)],
            "distance_miles": distance,
            "temperature_f": pa.array(chance.normal(40, 10, 500), mask=chance.random(500) < 0.1),
            "label": distance / 3000 > chance.random(500),
        }
    )


def trained(table, seed):
    preprocessing = Preprocessing.fit(table, ["carrier", "distance_miles", "temperature_f"])
    labels = table.column("label").to_numpy(zero_copy_only=False)
    data = lgb.Dataset(preprocessing.encode_table(table), labels, feature_name=preprocessing.names)
    parameters = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1, "seed": seed}
    sampled = {"bagging_fraction": 0.5, "bagging_freq": 1}
    return LightgbmScorer.load(lgb.train(parameters | sampled, data, 20).model_to_string(), preprocessing)


@pytest.fixture(scope="module")
def scorer(table):
    return trained(table, 1)


@pytest.fixture(scope="module")
def golden(use_case, scorer, table):
    return golden_set(use_case, scorer, table, trained_in=fingerprint(), scored_in=fingerprint())


def check(golden, scorer):
    return check_golden(golden, scorer, model_file="model.txt", load_seconds=0.1, model_bytes=2000, name="Version 1")


def test_it_has_edge_cases_and_the_whole_range_of_scores_and_names_nobody(golden, scorer, table):
    scores = scorer.score_table(table)
    assert len(golden.rows) == len(golden.scores) == len(golden.labels) == MAX_ROWS
    assert {name for row in golden.rows for name in row} == {"carrier", "distance_miles", "temperature_f"}
    sampled = [score for score, label in zip(golden.scores, golden.labels, strict=True) if label is not None]
    assert {min(sampled), max(sampled)} == {scores.min(), scores.max()}
    cases = [row for row, label in zip(golden.rows, golden.labels, strict=True) if label is None]
    assert len(cases) > 5
    assert dict.fromkeys(golden.rows[0]) in cases


def test_the_same_model_and_rows_give_the_same_bytes_and_they_can_be_read_again(golden, use_case, scorer, table):
    again = golden_set(use_case, scorer, table, trained_in=fingerprint(), scored_in=fingerprint())
    assert again.canonical() == golden.canonical()
    assert read_golden(golden.canonical(), "here") == golden
    with pytest.raises(ConfigError, match="unknown key 'rouws'"):
        read_golden(golden.canonical().replace(b'"rows"', b'"rouws"'), "here")


def test_the_same_model_answers_alike_and_says_how_fast(golden, scorer):
    found = check(golden, scorer)
    assert (found.max_difference, found.metric_difference, found.kolmogorov_smirnov) == (0, 0, 0)
    assert 0 < found.latency_p50_ms <= found.latency_p95_ms < 50
    assert (found.load_seconds, found.model_mb, found.environment) == (0.1, 0.002, fingerprint())


def test_another_model_is_refused_with_the_row(golden, table):
    with pytest.raises(Skewed, match=r"Version 1 answers 0\.\d+ to row \d+ of its golden set and answered"):
        check(golden, trained(table, 2))


@pytest.mark.parametrize("answer", [float("nan"), float("inf")])
def test_an_answer_that_is_no_number_is_refused(golden, scorer, answer, monkeypatch):
    monkeypatch.setattr(scorer, "score_rows", lambda rows: np.full(len(rows), answer))
    with pytest.raises(Skewed, match=f"answers {answer} to row 0"):
        check(golden, scorer)


def test_what_is_within_the_tolerance_is_no_shift_though_ties_part(golden, scorer, monkeypatch):
    score, chance = scorer.score_rows, np.random.default_rng(1)
    monkeypatch.setattr(scorer, "score_rows", lambda rows: score(rows) + chance.uniform(0, 5e-7, len(rows)))
    found = check(golden, scorer)
    assert 0 < found.max_difference <= 1e-6
    assert found.kolmogorov_smirnov == 0
    assert found.metric_difference < 0.005


def test_rows_of_one_class_have_no_metric(golden, scorer):
    one_class = golden.model_copy(update={"labels": tuple(1.0 for _ in golden.rows)})
    assert check(one_class, scorer).metric_difference is None
