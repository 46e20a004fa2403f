"""Small training rows with every kind of column, and a model trained on them."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from driftgate.models import Preprocessing, Scorer, Signature
from driftgate.models.lightgbm_scorer import LightgbmScorer

FEATURES = ["carrier", "dest", "distance_miles", "departure_hour", "visibility_miles", "wind_gust_mph"]
REQUIRED = ["carrier", "flight", "scheduled_departure"]
ROWS = 600


@pytest.fixture(scope="session")
def table() -> pa.Table:
    """600 flights; dest and wind_gust_mph have nulls, visibility_miles has none."""
    random = np.random.default_rng(3)
    dest = random.choice(["ATL", "BOS", "LAX", "ORD"], ROWS).astype(object)
    dest[::50] = None
    return pa.table(
        {
            "carrier": pa.array(random.choice(["AA", "B6", "UA"], ROWS)),
            "flight": pa.array(np.arange(ROWS), pa.int32()),
            "scheduled_departure": pa.array([datetime(2013, 3, 1) + timedelta(minutes=5 * n) for n in range(ROWS)]),
            "dest": pa.array(dest, pa.string()),
            "distance_miles": pa.array(random.integers(100, 2500, ROWS), pa.int32()),
            "departure_hour": pa.array(random.integers(5, 23, ROWS), pa.int64()),
            "visibility_miles": pa.array(random.uniform(0, 10, ROWS)),
            "wind_gust_mph": pa.array(random.uniform(10, 40, ROWS), mask=random.uniform(size=ROWS) < 0.3),
        }
    )


@pytest.fixture(scope="session")
def preprocessing(table: pa.Table) -> Preprocessing:
    return Preprocessing.fit(table, FEATURES)


@pytest.fixture(scope="session")
def signature(table: pa.Table, preprocessing: Preprocessing) -> Signature:
    return Signature.of(table, preprocessing, REQUIRED)


@pytest.fixture
def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The same rows as JSON objects."""
    return [{**row, "scheduled_departure": row["scheduled_departure"].isoformat()} for row in table.to_pylist()]


@pytest.fixture(scope="session")
def model_text(table: pa.Table, preprocessing: Preprocessing) -> str:
    matrix = preprocessing.encode_table(table)
    data = lightgbm.Dataset(
        matrix,
        label=matrix[:, 3] + 2 * np.nan_to_num(matrix[:, 0]) > 15,
        feature_name=preprocessing.names,
        categorical_feature=preprocessing.categorical,
    )
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 10}
    return lightgbm.train(parameters, data, 40).model_to_string()


@pytest.fixture(scope="session")
def scorer(model_text: str, preprocessing: Preprocessing) -> Scorer:
    return LightgbmScorer.load(model_text, preprocessing)


@pytest.fixture
def wrong_in_threads(rows: list[dict[str, Any]]) -> Callable[..., list[int]]:
    """Return where eight threads that score five rows at a time get other scores than the table's, as ``same`` says."""

    def asked(scorer: Any, scores: Any, same: Callable[[Any, Any], bool]) -> list[int]:
        wrong = []

        def ask(first: int) -> None:
            for start in range(first, 500, 7):
                if not same(scorer.score_rows(rows[start : start + 5]), scores[start : start + 5]):
                    wrong.append(start)

        threads = [threading.Thread(target=ask, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return wrong

    return asked
