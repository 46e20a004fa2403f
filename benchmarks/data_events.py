"""The project and the delivery of ``data.py``: two days of a shop, one row in a hundred of the second day broken."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
SOURCE, DATASET, USE_CASE = "shop", "events", "returns"
FIRST, KEY = "2024-03-01", "2024-03-02"
SMALL_DAY = 50_000  # rows of the first day, which only gives the second one a history
COUNTRIES = ["AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "IT", "NL", "NO", "PL", "PT", "SE"]
CHANNELS = ["app", "web", "shop", "phone"]
PART_ROWS = 1_000_000
SECONDS_A_DAY = 86_400


def make_project(root: Path) -> None:
    """Make a project of the one dataset and the one use case in ``benchmarks/shop``."""
    shutil.copytree(ROOT / "benchmarks" / "shop", root)
    shutil.copytree(ROOT / "include" / "settings", root / "include" / "settings")
    shutil.copy(ROOT / "include" / "compute.yaml", root / "include")
    shutil.copy(ROOT / "dvc.yaml", root)


def deliver(drop: Path, rows: int) -> None:
    """Write both days as the source drops them, in parts, so that any number of rows needs the memory of one part."""
    for key, count, broken in ((FIRST, SMALL_DAY, False), (KEY, rows, True)):
        path = drop / SOURCE / DATASET / f"{key}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = None
        for first in range(0, count, PART_ROWS):
            part = _part(key, first, min(PART_ROWS, count - first), broken=broken)
            writer = writer or pq.ParquetWriter(path, part.schema)
            writer.write_table(part)
        if writer:
            writer.close()


def _part(key: str, first: int, rows: int, *, broken: bool) -> pa.Table:
    chance = np.random.default_rng([7, first])
    identity = np.arange(first, first + rows)
    amount = np.round(chance.lognormal(3, 1, rows), 2)
    country = chance.choice(COUNTRIES, rows).astype(object)
    quantity = chance.integers(1, 20, rows)
    if broken:
        places = np.array_split(np.arange(50, rows, 100), 4)
        amount[places[0]] = -1.0
        country[places[1]] = "XX"
        quantity[places[2]] = 100_000
        identity[places[3]] = identity[places[3] - 1]  # a repeated key breaks both rows
    day = np.datetime64(key, "us") + (identity % SECONDS_A_DAY).astype("timedelta64[s]")
    return pa.table(
        {
            "event": pa.array(identity, pa.int64()),
            "occurred_at": pa.array(day, pa.timestamp("us")),
            "customer": pa.array(chance.integers(1, 500_000, rows), pa.int64()),
            "country": pa.array(country, pa.string()),
            "channel": pa.array(chance.choice(CHANNELS, rows).astype(object), pa.string()),
            "product": pa.array([f"P{number:05d}" for number in chance.integers(1, 20_000, rows)], pa.string()),
            "amount_eur": pa.array(amount, pa.float64()),
            "quantity": pa.array(quantity, pa.int32()),
            "discount_percent": pa.array(chance.choice([0.0, 5.0, 10.0, 25.0], rows), pa.float64()),
            "session_seconds": pa.array(chance.exponential(300, rows).astype(np.int32), pa.int32()),
            "rating": pa.array(chance.integers(1, 6, rows), pa.int32(), mask=chance.random(rows) < 0.2),
            "returned": pa.array(chance.random(rows) < 0.1, pa.bool_()),
        }
    )
