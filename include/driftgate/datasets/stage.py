"""The DVC stage ``prepare``: ``python -m driftgate.datasets.stage`` in a clone of the data repository.

It reads ``params.yaml``, ``sources.json`` (pinned partitions of the lake) and ``features.sql``, and writes
``data/rows.parquet`` and ``data/version.json``; nothing else decides what is in them. Features are computed day by day,
from the tables that exist when that day's requests come, so training cannot see what serving will not.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.features import run_features
from driftgate.datasets.labels import LABEL, label_columns, run_labels
from driftgate.datasets.locked_sql import locked_duckdb, quoted, run_select
from driftgate.datasets.parameters import FAILURE, FEATURES, PARAMETERS, SOURCES, Parameters, inputs_hash
from driftgate.datasets.version import ROWS, VERSION, named
from driftgate.errors import DriftgateError, SourceMissing
from driftgate.lake import lake, manifest_of, read_table, to_parquet
from driftgate.partition_keys import keys_before, keys_between
from driftgate.records import load_yaml, sha256

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class Days:
    """The pinned partitions, each read once and checked against its hash."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources
        self.store = lake()
        self.tables: dict[str, pa.Table] = {}

    def table(self, dataset: str, days: list[str]) -> "pa.Table":
        """Return the rows of those of ``days`` that are pinned, with the column ``partition_key``."""
        import pyarrow as pa

        paths = {day: uris.partition("validated", dataset, day) for day in days}
        return pa.concat_tables(self._read(path, day) for day, path in paths.items() if path in self.sources)

    def _read(self, path: str, day: str) -> "pa.Table":
        import pyarrow as pa

        if path not in self.tables:
            table = read_table(self.store, manifest_of(self.store, path, self.sources[path]))
            self.tables[path] = table.append_column("partition_key", pa.repeat(day, table.num_rows))
        return self.tables[path]


def build(folder: Path) -> None:
    """Make the dataset version that the files in ``folder`` describe, in ``folder/data``."""
    made_with = load_yaml(folder / PARAMETERS, Parameters)
    features_sql = (folder / FEATURES).read_bytes()
    days = Days(json.loads((folder / SOURCES).read_text()))
    requests = days.table(made_with.version.datasets[0], _window(made_with))
    rows = _rows(made_with, features_sql.decode(), days, requests)
    data = to_parquet(rows)
    version = named(
        {
            **_described(made_with, rows, requests.num_rows),
            "feature_set_sha256": sha256(features_sql),
            "inputs_sha256": inputs_hash(made_with, days.sources, features_sql),
            "files": {ROWS: sha256(data)},
            "dvc_md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),  # the name that DVC gives a file
            "sources": days.sources,
        }
    )
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / ROWS).write_bytes(data)
    (folder / "data" / VERSION).write_bytes(version.canonical())


def _window(made_with: Parameters) -> list[str]:
    return keys_between(made_with.version.first, made_with.version.key)


def _rows(made_with: Parameters, features_sql: str, days: Days, requests: "pa.Table") -> "pa.Table":
    """Return the features of every request with an outcome, with ``label`` and ``split``."""
    version, folder = made_with.version, f"include/use_cases/{made_with.version.use_case}"
    keys, where = ("partition_key", *version.request_key), f"{folder}/use_case.yaml, key 'label.expression',"
    with locked_duckdb() as connection:
        labels = run_labels(connection, version.label, requests, keys, where=where)
        outcomes = label_columns(connection, version.label, requests, where=where)
        features = _features(connection, made_with, features_sql, days, outcomes, f"{folder}/{FEATURES}")
        rows = _joined(connection, made_with, features, labels, f"{folder}/{FEATURES}")
    if not rows.num_rows:
        raise SourceMissing(
            f"No request of {version.use_case} from {version.first} to {version.key} has a label; "
            "check 'label.expression' and that the outcomes of these days were ingested."
        )
    return rows


def _features(
    connection: "duckdb.DuckDBPyConnection",
    made_with: Parameters,
    features_sql: str,
    days: Days,
    outcomes: list[str],
    where: str,
) -> "pa.Table":
    """Return each day's features from what is there when its requests come: never the outcome that is the label."""
    import pyarrow as pa

    version = made_with.version
    requests, *others = version.datasets
    parts = []
    for day in _window(made_with):
        known = keys_before(day, made_with.prepare.lookback_days + 1)
        tables = {requests: days.table(requests, [day]).drop_columns(outcomes)}
        tables |= {dataset: days.table(dataset, known) for dataset in others}
        part = run_features(connection, features_sql, tables, version.request_key, version.event_time, where=where)
        parts.append(part.append_column("partition_key", pa.repeat(day, part.num_rows)))
    return pa.concat_tables(parts)


def _joined(
    connection: "duckdb.DuckDBPyConnection",
    made_with: Parameters,
    features: "pa.Table",
    labels: "pa.Table",
    where: str,
) -> "pa.Table":
    keys = ", ".join(map(quoted, ("partition_key", *made_with.version.request_key)))
    training = f"partition_key < '{made_with.version.validation_first}'"
    sql = f"""
        SELECT features.* EXCLUDE (partition_key), {LABEL},
               CASE WHEN {training} THEN 'train' ELSE 'validation' END AS split
        FROM features JOIN labels USING ({keys})
        WHERE {LABEL} IS NOT NULL
        ORDER BY {keys}
    """  # noqa: S608  the names are quoted, the day is a partition key
    return run_select(connection, sql, {"features": features, "labels": labels}, where=where)


def _described(made_with: Parameters, rows: "pa.Table", requests: int) -> dict[str, object]:
    import pyarrow.compute as pc

    version = made_with.version
    positive = pc.sum(rows.column(LABEL)).as_py()
    training = pc.sum(pc.equal(rows.column("split"), "train")).as_py()
    return {
        "schema_version": 1,
        "use_case": version.use_case,
        "key": version.key,
        "window": {"first": version.first, "last": version.key},
        "rows": rows.num_rows,
        "split": {
            "validation_first": version.validation_first,
            "train_rows": training,
            "validation_rows": rows.num_rows - training,
        },
        "labels": {
            "positive": positive,
            "negative": rows.num_rows - positive,
            "without_outcome": requests - rows.num_rows,
        },
        "columns": {field.name: str(field.type) for field in rows.schema},
    }


if __name__ == "__main__":
    try:
        build(Path.cwd())
    except DriftgateError as error:
        Path(FAILURE).write_text(json.dumps({"kind": type(error).__name__, "sentence": str(error)}))
        sys.exit(str(error))
