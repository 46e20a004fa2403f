"""One model in each format that it can serve in: a single row, 2,000 rows, seconds to load, megabytes.

Trees with the parameters of ``flight_delays`` on made-up rows with as many columns: LightGBM's ``predict``, Driftgate's
call for a single row, and the same trees as ONNX. All run in one process on one thread and take turns. The run fails
when a score differs by more than 1e-6.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
from measurements import Row, run_script

from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.models.onnx_trees import trees_as_onnx
from driftgate.models.onnx_trees_scorer import OnnxTreesScorer
from driftgate.registry.optimization import MAX_DIFFERENCE
from driftgate.use_cases import load_use_case

PREDICT, OURS, ONNX = "LightGBM predict", "Driftgate, LightGBM", "Driftgate, ONNX trees"
TRAINED, BATCH, WORDS, NUMBERS = 20_000, 2_000, (16, 3, 100, 35), 20
Call = Callable[[Any], Any]


def measure(quick: bool, _: Path) -> list[Row]:
    random = np.random.default_rng(7)
    preprocessing, matrix = _flights(random)
    text = _trained(preprocessing, matrix, random)
    loads: dict[str, Call] = {
        PREDICT: lambda text: lightgbm.Booster(model_str=text),
        OURS: lambda text: LightgbmScorer.load(text, preprocessing),
        ONNX: lambda text: OnnxTreesScorer.load(text, preprocessing),
    }
    loaded = {name: _seconds(load, [text] * (3 if quick else 20)) for name, load in loads.items()}
    models = {name: load(text) for name, load in loads.items()}
    batches: dict[str, Call] = {
        PREDICT: lambda rows: models[PREDICT].predict(rows, num_threads=1),
        OURS: models[OURS].score_matrix,
        ONNX: models[ONNX].score_matrix,
    }
    singles: dict[str, Call] = {
        PREDICT: lambda row: models[PREDICT].predict(np.frombuffer(row).reshape(1, -1), num_threads=1),
        OURS: models[OURS].score_one,
        ONNX: models[ONNX].score_one,
    }
    _require_same(batches, matrix)
    size = {PREDICT: len(text), OURS: len(text), ONNX: len(trees_as_onnx(text, "features", "scores"))}
    rows = [Row("to load, median", name, 1000 * float(np.median(loaded[name])), "ms") for name in loads]
    rows += [Row("the model in bytes", name, size[name] / 1e6, "MB") for name in loads]
    return [
        *rows,
        *_in_turn("a single row", singles, [row.tobytes() for row in matrix[: 500 if quick else BATCH]], 1e6, "us"),
        *_in_turn(f"{BATCH:,} rows", batches, [matrix[:BATCH]] * (5 if quick else 50), 1e3, "ms"),
    ]


def _flights(random: np.random.Generator) -> tuple[Preprocessing, Any]:
    columns = {f"word_{n}": pa.array([f"w{code}" for code in random.integers(0, n, TRAINED)]) for n in WORDS}
    for place in range(NUMBERS):
        missing = random.random(TRAINED) < 0.1 * (place % 3)
        columns[f"number_{place}"] = pa.array(np.round(random.normal(0, 10, TRAINED), 1), mask=missing)
    table = pa.table(columns)
    preprocessing = Preprocessing.fit(table, table.column_names)
    return preprocessing, preprocessing.encode_table(table)


def _trained(preprocessing: Preprocessing, matrix: Any, random: np.random.Generator) -> str:
    known = np.nan_to_num(matrix)
    odds = np.sin(known[:, 0]) + np.cos(known[:, 2]) + known[:, 4:].sum(axis=1) / 30
    data = lightgbm.Dataset(
        matrix,
        label=random.random(len(matrix)) < 1 / (1 + np.exp(-odds)),
        feature_name=preprocessing.names,
        categorical_feature=preprocessing.categorical,
    )
    asked = {**load_use_case("flight_delays").train.parameters, "min_data_in_leaf": 100}
    text: str = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1, **asked}, data
    ).model_to_string()
    return text


def _require_same(batches: dict[str, Call], matrix: Any) -> None:
    expected = batches[PREDICT](matrix)
    for name, call in batches.items():
        if not (apart := float(np.abs(call(matrix) - expected).max())) <= MAX_DIFFERENCE:
            sys.exit(f"{name} answers {apart:.3g} apart from LightGBM; nothing is measured.")


def _in_turn(measured: str, calls: dict[str, Call], given: list[Any], scale: float, unit: str) -> list[Row]:
    """Time every call on every input, one after the other, so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for one in given:
        for name, call in calls.items():
            taken[name] += _seconds(call, [one])
    return [
        Row(f"{measured}, {said}", name, scale * float(np.quantile(seconds, share)), unit)
        for said, share in (("median", 0.5), ("95th percentile", 0.95))
        for name, seconds in taken.items()
    ]


def _seconds(call: Call, given: list[Any]) -> list[float]:
    found = []
    for one in given:
        began = perf_counter()
        call(one)
        found.append(perf_counter() - began)
    return found


if __name__ == "__main__":
    run_script(__doc__, measure, {"": "All take turns, so a busy machine is busy for all: compare columns, not runs."})
