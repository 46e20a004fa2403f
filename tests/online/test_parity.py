"""What the endpoint sees is what training saw: ten thousand real flights both ways, bit for bit.

A correction comes in on the way, and one night's outcomes come late: each is seen from the next midnight on, both ways.
"""

import json
import struct
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from driftgate.captures import read_captures
from driftgate.datasets import compute_features, history_name
from driftgate.datasets.day_rows import DayRows
from driftgate.datasets.day_tables import DayTables
from driftgate.datasets.history import history_table, keyed
from driftgate.datasets.parameters import parameters, stage_parameters
from driftgate.datasets.views import current_views
from driftgate.datasets.window import pin
from driftgate.endpoint.server import Server
from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.lake import Manifest
from driftgate.metadata import metadata
from driftgate.models import Preprocessing, Signature
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.online import materialize
from driftgate.partition_keys import keys_between
from driftgate.profiles import profile_table
from driftgate.promotion.state import KIND, variants
from driftgate.registry import ModelVersion
from driftgate.sources import sample
from driftgate.use_cases import UseCase

PUBLISHED = keys_between("2013-03-01", "2013-03-16")
ASKED = PUBLISHED[5:]
CORRECTED, CORRECTED_AT = "2013-03-07", datetime(2013, 3, 10, 12)
LATE, LATE_AT = "2013-03-12", datetime(2013, 3, 14, 7)
ROWS_AT_ONCE = 2_000


def delayed(day: str) -> pa.Table:
    """A day's flights as a correction says: every arrival an hour later."""
    table = sample.table_of("flights", day)
    place = table.schema.get_field_index("arr_delay_minutes")
    values = pa.array([None if value is None else value + 60 for value in table.column(place).to_pylist()])
    return table.set_column(place, table.schema.field(place), values.cast(table.schema.field(place).type))


def requests(use_case: UseCase, day: str) -> list[dict[str, Any]]:
    """What the callers of a day know: no history."""
    history = history_table({}, day, sample.table_of("flights", day).schema)
    tables = {"flights": keyed(sample.requests_of(day), day), history_name("flights"): history}
    joined = [name for view in current_views(use_case) for name in view.columns]
    rows = compute_features(use_case, tables).drop_columns(joined).to_pylist()
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def bits(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: struct.pack("d", value) if type(value) is float else (type(value), value) for name, value in row.items()
    }


def deploy(use_case: UseCase, rows: pa.Table, put_package: Callable[..., ModelVersion]) -> None:
    """Serve a small model of the use case's features."""
    table = rows.drop_columns("label")
    preprocessing = Preprocessing.fit(table, [name for name in table.column_names if name not in use_case.not_features])
    signature = Signature.of(table, preprocessing, use_case.request_key, current_views(use_case))
    labels = np.array([bool(label) for label in rows.column("label").to_pylist()])
    data = lgb.Dataset(
        preprocessing.encode_table(table),
        label=labels,
        feature_name=preprocessing.names,
        categorical_feature=preprocessing.categorical,
    )
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, num_boost_round=5)
    scorer, profile = (
        LightgbmScorer.load(booster.model_to_string(), preprocessing),
        profile_table(table, columns=preprocessing.names),
    )
    judged = rows.filter(rows.column("label").is_valid())
    files = {
        "model.txt": booster.model_to_string().encode(),
        "preprocessing.json": preprocessing.canonical(),
        "signature.json": signature.canonical(),
        "feature_baseline.json": feature_baseline(use_case, scorer, table, judged, profile).canonical(),
    }
    put_package("1", files, use_case=use_case.name)
    serving = [variant.model_dump() for variant in variants("1", None, "serving")]
    state = {"use_case": use_case.name, "step": "serving", "champion": "1", "variants": serving}
    metadata().append(KIND, use_case.name, {**state, "actor": "test", "reason": "a test"})


def trained_on(use_case: UseCase) -> dict[str, pa.Table]:
    """The rows of each day as the stage makes them for a dataset version."""
    train = use_case.train.model_copy(update={"window_days": len(PUBLISHED), "validation_days": 2})
    shaped, stage = use_case.model_copy(update={"train": train}), stage_parameters()
    days, pins = pin(shaped, PUBLISHED[-1], stage)
    made_with = parameters(shaped, stage, days)
    rows = DayRows(made_with, shaped.features_sql, DayTables(made_with, pins), cached=False)
    return dict(zip(days, rows.of(days), strict=True))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.journal.close()


@pytest.mark.slow
def test_ten_thousand_flights_have_the_same_features_both_ways(
    use_case: UseCase, publish_day: Callable[..., Manifest], server: Server, put_package: Callable[..., ModelVersion]
) -> None:
    for day in PUBLISHED:
        publish_day(day, known_at=LATE_AT if day == LATE else None)
        materialize(use_case, day)
        if day == CORRECTED_AT.date().isoformat():
            publish_day(CORRECTED, rows=delayed(CORRECTED), known_at=CORRECTED_AT)
            materialize(use_case, CORRECTED)
    offline = trained_on(use_case)
    deploy(use_case, offline[ASKED[0]], put_package)
    server.watcher.poll()
    for day in ASKED:
        ask(server, use_case, requests(use_case, day))
    server.journal.close_segment(older_than_seconds=0)
    server.shipper.ship()

    compared = 0
    for day in ASKED:
        seen = [json.loads(row) for row in read_captures(use_case.name, day).column("features").to_pylist()]
        captured = {tuple(row[name] for name in use_case.request_key): bits(row) for row in seen}
        for row in offline[day].drop_columns("label").to_pylist():
            truth = {name: plain(value) for name, value in row.items()}
            assert captured[tuple(truth[name] for name in use_case.request_key)] == bits(truth)
            compared += 1
        assert len(captured) == offline[day].num_rows
    assert compared >= 10_000
    assert sum(row["carrier_late_share"] is not None for row in seen) > 700, "the online values are there"
    share = {day: offline[day].column("carrier_late_share")[0].as_py() for day in ASKED}
    assert len(set(share.values())) == len(ASKED), "each day has values of its own"


def ask(server: Server, use_case: UseCase, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        body = {"use_case": use_case.name, "rows": rows[start : start + ROWS_AT_ONCE]}
        answer = TestClient(server).post("/invocations", json=body).raise_for_status().json()
        assert not [warning for warning in answer["warnings"] if "online" in warning]
