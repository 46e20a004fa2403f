"""The sample source ``nycflights``: every flight out of New York in 2013, hourly weather, the aircraft registry.

It plays the operations system, which drops one Parquet file per dataset and day.
"""

import os
import tempfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.contracts import load_contract
from driftgate.errors import ConfigError, SourceMissing, nearest
from driftgate.partition_keys import keys_between, parse_key
from driftgate.sources import nycflights
from driftgate.sources.delivery import delivery_file

if TYPE_CHECKING:
    import pyarrow as pa

SOURCE = "nycflights"
YEAR = 2013
TABLES = {"flights": nycflights.flights, "weather": nycflights.weather, "planes": nycflights.planes}
EVENT_TIMES = {"flights": "scheduled_departure", "weather": "observed_at"}  # planes is a snapshot, the same every day


def deliver(first: str, last: str) -> None:
    """Drop the files of every day from ``first`` to ``last``, as the operations system does when a day is over.

    A file that is there with the same bytes is left alone. A dataset without rows on a day (weather on 31 December)
    drops no file.

    :raises SourceMissing: a day lies outside 2013
    """
    for key in keys_between(first, last):
        for dataset in TABLES:
            if table_of(dataset, key).num_rows:
                _drop(delivery_file(SOURCE, dataset, key), _file_of(dataset, key))


def requests_of(key: str) -> "pa.Table":
    """Return the flights scheduled on the day ``key`` without their outcomes."""
    return table_of("flights", key).drop_columns(list(load_contract("flights").outcomes))


def table_of(dataset: str, key: str) -> "pa.Table":
    """Return one day of a dataset, outcomes included, sorted by time; of ``planes`` the whole registry.

    :raises ConfigError: the sample has no such dataset
    :raises SourceMissing: the day lies outside 2013
    """
    if dataset not in TABLES:
        raise ConfigError(f"The source {SOURCE!r} has no dataset {dataset!r}{nearest(dataset, TABLES)}")
    day = parse_key(key)
    if day.year != YEAR:
        raise SourceMissing(f"The source {SOURCE!r} has no data for {key}; choose a day of {YEAR}.")
    return _days(dataset)[day] if dataset in EVENT_TIMES else _whole(dataset)


@cache
def _whole(dataset: str) -> "pa.Table":
    return TABLES[dataset]()


@cache
def _days(dataset: str) -> dict[date, "pa.Table"]:
    """Return every day of the year: one sort, then slices that share its memory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = _whole(dataset)
    names = [EVENT_TIMES[dataset], *(name for name in table.column_names[:4] if name != EVENT_TIMES[dataset])]
    table = table.sort_by([(name, "ascending") for name in names])
    days = {date.fromisoformat(key): table.slice(0, 0) for key in keys_between(f"{YEAR}-01-01", f"{YEAR}-12-31")}
    offset = 0
    for count in pc.value_counts(table[EVENT_TIMES[dataset]].cast(pa.date32())).to_pylist():  # in order of appearance
        days[count["values"]] = table.slice(offset, count["counts"])
        offset += count["counts"]
    return days


def _file_of(dataset: str, key: str) -> bytes:
    from driftgate.lake import to_parquet

    return to_parquet(table_of(dataset, key)) if dataset in EVENT_TIMES else _snapshot(dataset)


@cache
def _snapshot(dataset: str) -> bytes:
    from driftgate.lake import to_parquet

    return to_parquet(_whole(dataset))


def _drop(path: Path, data: bytes) -> None:
    """Write a file under another name, then rename it: whoever looks sees all of it or nothing."""
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".dropping-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)
