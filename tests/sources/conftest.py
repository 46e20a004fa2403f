"""Dropping a file as the operations system would, with something wrong in it."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.lake import to_parquet
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
