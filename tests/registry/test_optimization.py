"""A faster format ships only where it is the same model and faster; what was tried stands in the package."""

import json

import numpy as np
import pytest

from driftgate.errors import Tampered
from driftgate.evaluation.golden import golden_set
from driftgate.fingerprint import fingerprint
from driftgate.lake import lake
from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.models.onnx_trees_scorer import OnnxTreesScorer
from driftgate.monitoring import training_baseline
from driftgate.registry import load_package, register_job
from driftgate.registry.checked import load_checked_package
from driftgate.registry.optimization import compare, optimize

VERSION = "flight_delays/2013-03-10-3f9c2a1"


class Clock:
    """Stands still until somebody takes time: this machine's own moves while others compute."""

    now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()


@pytest.fixture
def _our_clock(monkeypatch):
    monkeypatch.setattr("driftgate.registry.optimization.perf_counter", CLOCK)


class Other:
    """The original's scores with an ``error`` on one row in a hundred, ``seconds`` later."""

    def __init__(self, original, error=0.0, seconds=0.001):
        self.original, self.error, self.seconds = original, error, seconds

    def score_table(self, table):
        scores = self.original.score_table(table)
        scores[::100] += self.error
        return scores

    def score_rows(self, rows):
        CLOCK.now += self.seconds
        return self.original.score_rows(rows)


@pytest.fixture(scope="module")
def original(artefacts):
    return LightgbmScorer.load(
        artefacts["model.txt"], Preprocessing.model_validate_json(artefacts["preprocessing.json"])
    )


@pytest.fixture(scope="module")
def validation(rows):
    return rows.slice(280).drop_columns("split")


@pytest.fixture(scope="module")
def golden(use_case, original, validation):
    return golden_set(use_case, original, validation, trained_in=None, scored_in=fingerprint())


def asking(use_case, form):
    return use_case.model_copy(update={"serve": use_case.serve.model_copy(update={"format": form})})


@pytest.mark.usefixtures("_our_clock")
@pytest.mark.parametrize(
    ("seconds", "form", "ships"),
    [
        (0.00089, "fastest", "onnx"),
        (0.00091, "fastest", "as_trained"),
        (0.00200, "fastest", "as_trained"),
        (0.00200, "onnx", "onnx"),
    ],
)
def test_the_same_scores_ship_a_tenth_sooner_or_where_they_are_asked_for(
    seconds, form, ships, use_case, original, golden, validation
):
    other = Other(original, seconds=seconds)
    found = compare(asking(use_case, form), Other(original), other, golden, validation)
    assert (found.ships, found.max_difference, found.metric_loss, found.metric) == (ships, 0.0, 0.0, "auc")
    assert found.rows == 120 + len(golden.rows)
    assert found.latency_gain == pytest.approx(1 - seconds / 0.001)
    assert (found.as_trained_p95_ms, found.onnx_p95_ms) == pytest.approx((1, 1000 * seconds))
    assert ("10% faster is asked for" in found.reason) == (ships == "as_trained")


@pytest.mark.usefixtures("_our_clock")
@pytest.mark.parametrize(("error", "ships"), [(5e-7, "onnx"), (2e-6, "as_trained"), (np.nan, "as_trained")])
def test_one_score_that_differs_is_another_model(error, ships, use_case, original, golden, validation, monkeypatch):
    monkeypatch.setattr("driftgate.registry.optimization.MAX_METRIC_LOSS", 1)  # an AUC changes with every tie
    found = compare(asking(use_case, "onnx"), Other(original), Other(original, error=error), golden, validation)
    assert found.ships == ships
    assert ("it is another model" in found.reason) == (ships == "as_trained")


@pytest.mark.usefixtures("_our_clock")
def test_a_metric_that_loses_keeps_the_original(use_case, original, golden, validation, monkeypatch):
    monkeypatch.setattr("driftgate.registry.optimization.MAX_DIFFERENCE", 2.0)
    found = compare(asking(use_case, "onnx"), Other(original), Other(original, error=-0.3), golden, validation)
    assert found.ships == "as_trained"
    assert "The primary metric loses" in found.reason


def test_what_the_format_cannot_hold_ships_as_trained(use_case, original, artefacts, golden, validation):
    asked, model = asking(use_case, "fastest"), artefacts["model.txt"].replace(b"binary sigmoid:1", b"cross_entropy")
    refused = optimize(asked, "model.txt", model, original, golden, validation)
    assert refused.ships == "as_trained"
    assert "cross_entropy" in refused.reason
    assert optimize(asked, "model.onnx", b"", original, golden, validation).reason.startswith("model.onnx is what")


@pytest.mark.usefixtures("mlflow_database")
def test_the_package_says_what_ships_and_loads_it(finished, use_case, rows, original):
    finished()
    register_job(asking(use_case, "onnx"), "job-1", VERSION, make_baseline=training_baseline)
    package = load_checked_package("flight_delays", "1")
    assert isinstance(package.scorer, OnnxTreesScorer)
    assert package.checked.max_difference < 1e-15
    assert np.allclose(package.scorer.score_table(rows), original.score_table(rows), rtol=1e-14, atol=0)

    finished("job-2")
    model = register_job(asking(use_case, "as_trained"), "job-2", VERSION, make_baseline=training_baseline)
    assert "optimization.json" not in model.files
    assert type(load_package("flight_delays", "2").scorer) is LightgbmScorer


@pytest.mark.usefixtures("mlflow_database")
def test_nobody_chooses_another_format_afterwards(package, artefacts, put_package):
    said = {"asked": "fastest", "reason": "", "schema_version": 1, "ships": "as_trained"}
    model = package(replaced={"optimization.json": json.dumps(said).encode()})
    assert type(load_package("flight_delays", "1").scorer) is LightgbmScorer
    lake().write(f"{model.folder}/optimization.json", json.dumps({**said, "ships": "onnx"}).encode())
    with pytest.raises(Tampered, match=r"optimization\.json"):
        load_package("flight_delays", "1")
