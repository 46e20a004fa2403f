"""The DVC stage ``prepare``: ``python -m driftgate.datasets.stage`` in a clone of the data repository.

It reads ``params.yaml``, ``sources.json`` (pinned partitions of the lake) and ``features.sql``, and writes
``data/rows.parquet`` and ``data/version.json``; nothing else decides what is in them. Features are computed day by day,
from what was known when that day began, so training cannot see what serving will not.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.datasets.day_rows import DayRows
from driftgate.datasets.day_tables import DayTables
from driftgate.datasets.labels import LABEL
from driftgate.datasets.parameters import FAILURE, FEATURES, PARAMETERS, SOURCES, Parameters, inputs_hash
from driftgate.datasets.pins import Pins
from driftgate.datasets.reviewed_labels import corrected
from driftgate.datasets.version import ROWS, VERSION, named
from driftgate.datasets.views import views_of
from driftgate.errors import ConfigError, DriftgateError, SourceMissing
from driftgate.lake.parquet import digest_of, write_one
from driftgate.models.views import View
from driftgate.records import load_yaml, parse_record, sha256

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Labels:
    """Sums over the labels of all rows; a sum of booleans counts the true ones."""

    binary: bool
    total: float = 0
    squares: float = 0
    minimum: float = math.inf
    maximum: float = -math.inf

    def add(self, column: "pa.ChunkedArray") -> None:
        """Take a day's labels into account."""
        import numpy as np

        if not len(column):
            return
        values = column.to_numpy(zero_copy_only=False).astype(np.float64)
        self.total += float(values.sum())
        self.squares += float((values**2).sum())
        self.minimum, self.maximum = min(self.minimum, float(values.min())), max(self.maximum, float(values.max()))

    def described(self, rows: int) -> dict[str, float]:
        """Return what a dataset version says of them."""
        if self.binary:
            return {"positive": int(self.total), "negative": rows - int(self.total)}
        mean = self.total / rows
        spread = math.sqrt(max(self.squares / rows - mean**2, 0.0))
        found = {"mean": mean, "standard_deviation": spread, "minimum": self.minimum, "maximum": self.maximum}
        return {name: round(value, 6) for name, value in found.items()}


@dataclass
class Counts:
    """What the rows that were written come to."""

    training: int = 0
    validation: int = 0
    labels: "Labels | None" = None
    schema: "pa.Schema | None" = None


def build(folder: Path, *, cached: bool = True) -> None:
    """Make the dataset version that the files in ``folder`` describe, in ``folder/data``.

    :param cached: whether rows that an earlier version made of the same inputs may be used; the bytes are the same
    """
    made_with = load_yaml(folder / PARAMETERS, Parameters)
    features_sql = (folder / FEATURES).read_bytes()
    pins = parse_record(json.loads((folder / SOURCES).read_text()), Pins, where=str(folder / SOURCES))
    tables = DayTables(made_with, pins)
    days = sorted(path.rpartition("/")[2] for path in pins.requests)  # those in quarantine are not among them
    counts = Counts()
    (folder / "data").mkdir(exist_ok=True)
    rows = DayRows(made_with, features_sql.decode(), tables, cached=cached).of(days)
    labelled = corrected(rows, days, made_with.version.request_key, tables.store, pins.reviewed)
    write_one(folder / "data" / ROWS, _labelled(made_with, days, labelled, counts))
    _require_labels(made_with, counts)
    requests = sum(tables.manifest(day).rows for day in days)
    version = named(
        {
            **_described(made_with, counts, requests),
            "feature_set_sha256": sha256(features_sql),
            "inputs_sha256": inputs_hash(made_with, pins, features_sql),
            "files": {ROWS: digest_of(folder / "data" / ROWS)},
            "dvc_md5": _md5(folder / "data" / ROWS),
            "sources": pins.newest,
            "older_sources": pins.older,
            "views": [view.model_dump(mode="json") for view in _views(made_with, features_sql.decode())],
        }
    )
    (folder / "data" / VERSION).write_bytes(version.canonical())


def _views(made_with: Parameters, features_sql: str) -> tuple[View, ...]:
    version = made_with.version
    return views_of(
        version.use_case,
        features_sql,
        version.online,
        dataset=version.datasets[0],
        history_days=version.history_days,
    )


def _labelled(
    made_with: Parameters, days: list[str], parts: "Iterator[pa.Table]", counts: Counts
) -> "Iterator[pa.Table]":
    """Yield each day's requests that have an outcome, with ``split``, and count them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for day, part in zip(days, parts, strict=True):
        rows = part.filter(pc.is_valid(part.column(LABEL)))
        training = day < made_with.version.validation_first
        split = pa.repeat(pa.scalar("train" if training else "validation", pa.string()), rows.num_rows)
        rows = rows.append_column("split", split)
        counts.schema = counts.schema or rows.schema
        _refuse_other_types(made_with, day, counts.schema, rows.schema)
        counts.training += rows.num_rows if training else 0
        counts.validation += 0 if training else rows.num_rows
        counts.labels = counts.labels or Labels(binary=pa.types.is_boolean(rows.schema.field(LABEL).type))
        counts.labels.add(rows.column(LABEL))
        yield rows


def _refuse_other_types(made_with: Parameters, day: str, first: "pa.Schema", found: "pa.Schema") -> None:
    if not found.equals(first):
        other = next(
            (field for field in found if first.get_field_index(field.name) < 0 or first.field(field.name) != field),
            found[0],
        )
        raise ConfigError(
            f"include/use_cases/{made_with.version.use_case}/{FEATURES} gives {other.name!r} as {other.type} on {day} "
            f"and otherwise on {made_with.version.first}; cast it to one type."
        )


def _require_labels(made_with: Parameters, counts: Counts) -> None:
    version = made_with.version
    if not counts.training + counts.validation:
        raise SourceMissing(
            f"No request of {version.use_case} from {version.first} to {version.key} has a label; "
            "check 'label.expression' and that the outcomes of these days were ingested."
        )


def _described(made_with: Parameters, counts: Counts, requests: int) -> dict[str, object]:
    version, rows = made_with.version, counts.training + counts.validation
    return {
        "schema_version": 1,
        "use_case": version.use_case,
        "key": version.key,
        "as_of": version.model_dump(mode="json")["as_of"],
        "window": {"first": version.first, "last": version.key},
        "rows": rows,
        "split": {
            "validation_first": version.validation_first,
            "train_rows": counts.training,
            "validation_rows": counts.validation,
        },
        "labels": {**(counts.labels.described(rows) if counts.labels else {}), "without_outcome": requests - rows},
        "columns": {field.name: str(field.type) for field in counts.schema or ()},
    }


def _md5(path: Path) -> str:
    """Return the name that DVC gives a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


if __name__ == "__main__":
    try:
        build(Path.cwd())
    except DriftgateError as error:
        Path(FAILURE).write_text(json.dumps({"kind": type(error).__name__, "sentence": str(error)}))
        sys.exit(str(error))
