"""The profile of a table: what monitoring keeps of it. Two profiles merge into that of both tables together."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from driftgate import uris
from driftgate.lake import lake, read_manifest, read_table
from driftgate.monitoring.sketches import Sketch, merge_sketches, sketch_of
from driftgate.records import Record, parse_record

if TYPE_CHECKING:
    import pyarrow as pa

# More categories than this are counted together as "others": a profile stays small whatever a column holds.
MAX_CATEGORIES = 256


class NumericColumn(Record):
    """Numbers; a timestamp counts as seconds since 1970, NaN and infinity as null."""

    kind: Literal["numeric"] = "numeric"
    count: int
    nulls: int
    mean: float
    squared_deviations: float  # sum of (value - mean)², which merges without cancellation
    minimum: float | None
    maximum: float | None
    sketch: Sketch

    @property
    def standard_deviation(self) -> float:
        """The population's standard deviation."""
        return float(np.sqrt(self.squared_deviations / self.count)) if self.count else 0.0


class CategoricalColumn(Record):
    """Words; the most frequent ones by name, the rest in ``others``."""

    kind: Literal["categorical"] = "categorical"
    count: int
    nulls: int
    categories: dict[str, int]
    others: int


Column = Annotated[NumericColumn | CategoricalColumn, Field(discriminator="kind")]


class Profile(Record):
    """The mergeable statistical sketch of one table. ``count`` plus ``nulls`` of every column is ``rows``."""

    schema_version: int = 1
    rows: int
    columns: dict[str, Column]


def profile_table(table: "pa.Table", *, columns: Sequence[str] | None = None) -> Profile:
    """Return the profile of ``table``, of all its columns or of those named."""
    names = list(columns) if columns is not None else table.column_names
    return Profile(rows=table.num_rows, columns={name: profile_column(table.column(name)) for name in names})


def profile_column(column: "pa.ChunkedArray") -> NumericColumn | CategoricalColumn:
    """Return the profile of one Arrow column; numbers and times are numeric, everything else is categorical."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        column = pc.divide(pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64()), 1e6)
    elif pa.types.is_dictionary(kind) or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return _categorical(column)
    return numeric_column(column.cast(pa.float64()).drop_null().to_numpy(), rows=len(column))


def numeric_column(values: "np.typing.NDArray[np.float64]", *, rows: int) -> NumericColumn:
    """Return the profile of ``values``, the known ones of ``rows`` rows."""
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if len(finite) else 0.0
    return NumericColumn(
        count=len(finite),
        nulls=rows - len(finite),
        mean=mean,
        squared_deviations=float(np.square(finite - mean).sum()),
        minimum=float(finite.min()) if len(finite) else None,
        maximum=float(finite.max()) if len(finite) else None,
        sketch=sketch_of(finite),
    )


def merge(*profiles: Profile) -> Profile:
    """Return the profile of all tables together; they must have the same columns."""
    columns = {name: _merge_columns([profile.columns[name] for profile in profiles]) for name in profiles[0].columns}
    return Profile(rows=sum(profile.rows for profile in profiles), columns=columns)


def profile_partition(dataset: str, key: str) -> Profile:
    """Write the profile of a validated partition to the lake and return it.

    :raises SourceMissing: the partition is not published
    """
    store = lake()
    profile = profile_table(read_table(store, read_manifest(store, uris.partition("validated", dataset, key))))
    store.write(uris.profile(dataset, key), profile.canonical())
    return profile


def read_profile(dataset: str, key: str) -> Profile | None:
    """Return the profile of a partition, or None when none was written."""
    path = uris.profile(dataset, key)
    if not lake().exists(path):
        return None
    return parse_record(json.loads(lake().read(path)), Profile, where=lake().uri(path))


def _categorical(column: "pa.ChunkedArray") -> CategoricalColumn:
    import pyarrow as pa

    counted = column.cast(pa.string()).drop_null().value_counts().to_pylist()
    counts = {item["values"]: item["counts"] for item in counted}
    return _bounded(counts, nulls=column.null_count, others=0)


def _bounded(counts: dict[str, int], *, nulls: int, others: int) -> CategoricalColumn:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:MAX_CATEGORIES])
    total = sum(counts.values())
    return CategoricalColumn(
        count=total + others, nulls=nulls, categories=kept, others=total + others - sum(kept.values())
    )


def _merge_columns(columns: Sequence[NumericColumn | CategoricalColumn]) -> NumericColumn | CategoricalColumn:
    numeric = [column for column in columns if isinstance(column, NumericColumn)]
    if len(numeric) == len(columns):
        return _merge_numeric(numeric)
    counts: Counter[str] = Counter()
    others = 0
    for column in columns:
        if isinstance(column, CategoricalColumn):
            counts.update(column.categories)
            others += column.others
        else:  # one table had no word in this column, so Arrow called it numeric: only its nulls can be merged
            others += column.count
    return _bounded(counts, nulls=sum(column.nulls for column in columns), others=others)


def _merge_numeric(columns: Sequence[NumericColumn]) -> NumericColumn:
    # Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    count = sum(column.count for column in columns)
    mean = sum(column.mean * column.count for column in columns) / count if count else 0.0
    deviations = sum(column.squared_deviations + column.count * (column.mean - mean) ** 2 for column in columns)
    lows = [column.minimum for column in columns if column.minimum is not None]
    highs = [column.maximum for column in columns if column.maximum is not None]
    return NumericColumn(
        count=count,
        nulls=sum(column.nulls for column in columns),
        mean=mean,
        squared_deviations=deviations,
        minimum=min(lows, default=None),
        maximum=max(highs, default=None),
        sketch=merge_sketches(column.sketch for column in columns),
    )
