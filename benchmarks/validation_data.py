"""A partition of 25 columns and its contract of 50 rules, with four kinds of broken rows in equal shares."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from driftgate.contracts.contract import Column, Contract, Files, Permissions, Rule

KEY = "2013-04-01"
BROKEN_PERMILLE = 10
TEXTS = {f"text_{place}": [f"{chr(65 + place)}{number:02d}" for number in range(40)] for place in range(7)}
WHOLE = [f"whole_{place}" for place in range(8)]
REAL = [f"real_{place}" for place in range(7)]
TYPES = (
    {"id": "int64", "email": "string", "at": "timestamp[us]"}
    | dict.fromkeys(TEXTS, "string")
    | dict.fromkeys(WHOLE, "int32")
    | dict.fromkeys(REAL, "double")
)


def contract() -> Contract:
    """Return the contract: 25 columns, 50 rules of every kind that one table can be judged by."""
    return Contract(
        name="wide",
        version="1.0.0",
        owner="benchmarks",
        contact="benchmarks",
        purpose="benchmarks",
        licence="none",
        source="benchmarks",
        server=Files(location="local", format="parquet", path="benchmarks/wide/{key}.parquet"),
        partition_column="at",
        retention_days=1,
        permissions=Permissions(ml_use=True, legal_basis="none needed"),
        data_class="benchmarks",
        synthetic=True,
        columns=tuple(
            Column(name=name, type=kind, description=name, classification="public", available_at="event")
            for name, kind in TYPES.items()
        ),
        rules=tuple(_rules()),
    )


def _rules() -> Iterator[Rule]:
    for name in TYPES:
        if name in REAL:
            yield Rule(id=f"{name}.complete", kind="nulls", severity="warn", columns=(name,), max_percent=5)
        else:
            yield Rule(id=f"{name}.required", kind="nulls", severity="row", columns=(name,))
    for name in WHOLE:
        yield Rule(id=f"{name}.range", kind="range", severity="row", columns=(name,), minimum=0, maximum=1000)
    for name in REAL:
        yield Rule(id=f"{name}.range", kind="range", severity="row", columns=(name,), minimum=-500, maximum=500.5)
    for name in list(TEXTS)[:4]:
        yield Rule(id=f"{name}.form", kind="pattern", severity="row", columns=(name,), pattern=r"[A-Z]\d{2}")
    for name in list(TEXTS)[4:]:
        yield Rule(id=f"{name}.known", kind="values", severity="row", columns=(name,), values=tuple(TEXTS[name]))
    yield Rule(id="email.form", kind="pattern", severity="row", columns=("email",), pattern=r"[^@ ]+@[^@ ]+")
    yield Rule(id="id.unique", kind="unique", severity="row", columns=("id",))
    yield Rule(id="volume", kind="row_count", severity="critical", minimum=1)


def batches(rows: int, batch_rows: int = 500_000) -> Iterator[pa.RecordBatch]:
    """Yield the partition; no row is in memory longer than its batch is."""
    chance = np.random.default_rng(7)
    for first in range(0, rows, batch_rows):
        size = min(batch_rows, rows - first)
        columns = _good(chance, first, size)
        broken = chance.choice(np.arange(1, size), size * BROKEN_PERMILLE // 1000, replace=False)
        for name, value, places in zip(
            ("text_0", "whole_0", "email"), ("???", -5, "nobody"), np.array_split(broken, 4), strict=False
        ):
            columns[name][places] = value
        repeated = np.array_split(broken, 4)[3]
        columns["id"][repeated] = columns["id"][repeated - 1]
        yield pa.record_batch({name: pa.array(columns[name], _TYPES[kind]) for name, kind in TYPES.items()})


def _good(chance: np.random.Generator, first: int, size: int) -> dict[str, np.ndarray]:
    numbers = np.arange(first, first + size)
    columns: dict[str, np.ndarray] = {
        "id": numbers.copy(),
        "email": np.array([f"u{number}@example.com" for number in numbers], dtype=object),
        "at": np.datetime64(KEY, "us") + (numbers % 86_400_000_000),
    }
    columns |= {name: np.array(words, dtype=object)[chance.integers(0, 40, size)] for name, words in TEXTS.items()}
    columns |= {name: chance.integers(0, 1000, size).astype(np.int32) for name in WHOLE}
    columns |= {name: np.where(chance.random(size) < 0.02, np.nan, chance.normal(50, 10, size)) for name in REAL}
    return columns


_TYPES = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "timestamp[us]": pa.timestamp("us"),
}
