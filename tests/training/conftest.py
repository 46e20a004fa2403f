"""Rows small enough to train on in a fraction of a second, shaped like ``rows.parquet`` of a dataset version."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.compute import Attempt, JobSpec
from driftgate.training import training_spec
from driftgate.use_cases import UseCase, load_use_case

DATASET_VERSION = "flight_delays/2013-03-31-3f9c2a1"
# What an attempt that was not measured has: nothing.
BARE: dict[str, Any] = {
    name: None
    for name, field in Attempt.model_fields.items()
    if field.is_required() and field.annotation is not None and type(None) in getattr(field.annotation, "__args__", ())
}


@pytest.fixture
def shaped() -> Callable[..., UseCase]:
    """Return ``flight_delays`` with other settings in its section ``train``."""
    whole = load_use_case("flight_delays")
    return lambda **train: whole.model_copy(update={"train": whole.train.model_copy(update=train)})


@pytest.fixture
def make_spec(shaped: Callable[..., UseCase]) -> Callable[..., JobSpec]:
    """Return the spec of a small training, with these parameters changed."""

    def of(**parameters: Any) -> JobSpec:
        small = {"num_iterations": 60, "min_data_in_leaf": 10, "num_leaves": 7, **parameters}
        return training_spec(shaped(parameters=small), DATASET_VERSION, "job-1")

    return of


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    """Twenty days of 60 flights, five of them to validate on; evenings and one carrier are late."""
    random = np.random.default_rng(5)
    count = 20 * 60
    day, hour = np.repeat(np.arange(20), 60), random.integers(5, 23, count)
    carrier = random.integers(0, 4, count)
    late = random.uniform(size=count) < 1 / (1 + np.exp(3.5 - 0.15 * hour - 1.5 * (carrier == 2)))
    times = [datetime(2013, 3, 12) + timedelta(days=int(d), hours=int(h)) for d, h in zip(day, hour, strict=True)]
    return pa.table(
        {
            "carrier": pa.array(np.array(["AA", "B6", "DL", "UA"])[carrier]),
            "flight": pa.array(np.arange(count), pa.int32()),
            "origin": pa.array(random.choice(["EWR", "JFK", "LGA"], count)),
            "scheduled_departure": pa.array(times, pa.timestamp("us")),
            "tail_number": pa.array([f"N{number % 40}" for number in range(count)]),
            "departure_hour": pa.array(hour, pa.int64()),
            "visibility_miles": pa.array(random.uniform(0, 10, count), mask=random.uniform(size=count) < 0.1),
            "label": pa.array(late),
            "split": pa.array(np.where(day < 15, "train", "validation")),
        }
    )


@pytest.fixture(scope="session")
def with_column() -> Callable[..., pa.Table]:
    """Return a table with one column replaced."""

    def replaced(table: pa.Table, name: str, values: Any, kind: pa.DataType | None = None) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, pa.array(values, kind))

    return replaced


@pytest.fixture
def attempt() -> Callable[[float, str], Attempt]:
    """Return an attempt that took so many seconds and ended so."""

    def of(seconds: float, outcome: str) -> Attempt:
        known = {"job_id": "job-1", "number": 1, "use_case": "u", "trainer": "lightgbm", "target": "t"}
        numbers = {name: 1.0 for name, field in Attempt.model_fields.items() if field.annotation in (int, float)}
        told = {"started_at": datetime(2013, 4, 1, tzinfo=UTC), "seconds": seconds, "outcome": outcome}
        return Attempt.model_construct(**{**BARE, **numbers, **known, **told})

    return of
