"""The rows of one day: the features of every request with its label, kept in the lake for the next dataset version.

A day's rows depend on ``features.sql``, the label, a few parameters and the manifests that its requests see. They are
kept under the hash of these, so that preparing one more day reads the partitions of that day only.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.datasets.day_tables import DayTables
from driftgate.datasets.features import run_features
from driftgate.datasets.labels import LABEL, label_columns, run_labels
from driftgate.datasets.locked_sql import locked_duckdb, quoted, run_select
from driftgate.datasets.parameters import FEATURES, Parameters
from driftgate.errors import SourceMissing, Tampered
from driftgate.lake import publish, read_manifest, read_table
from driftgate.records import canonical_json, sha256

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FORM = 1  # of the kept rows; raise it when other code would make other rows of the same inputs


class DayRows:
    """Makes the rows of a version day by day, in ascending order of the days."""

    def __init__(self, made_with: Parameters, features_sql: str, tables: DayTables, *, cached: bool) -> None:
        self.version, self.lookback_days = made_with.version, made_with.prepare.lookback_days
        self.features_sql = features_sql
        self.tables = tables
        self.cached = cached
        folder = f"include/use_cases/{self.version.use_case}"
        self.label_from, self.features_from = f"{folder}/use_case.yaml, key 'label.expression',", f"{folder}/{FEATURES}"
        self._outcomes: dict[str, list[str]] = {}  # by schema

    def of(self, days: list[str]) -> "Iterator[pa.Table]":
        """Yield the rows of each day: the columns of features.sql and ``label``, null where no outcome ever comes.

        :raises ConfigError: ``features.sql`` or ``label.expression`` is wrong
        """
        with locked_duckdb() as connection:
            for day in days:
                path = uris.prepared(self.version.use_case, day, self._inputs_hash(day))
                rows = self._kept(path) if self.cached else None
                if rows is None:
                    rows = self._made(connection, day)
                    if self.cached:
                        publish(self.tables.store, path, rows, inputs=tuple(sorted(self._manifests(day))))
                yield rows

    def _inputs_hash(self, day: str) -> str:
        about = self.version.model_dump(mode="json", include={"datasets", "request_key", "event_time", "label"})
        days = {"lookback": self.lookback_days, "history": self.version.history_days}
        return sha256(canonical_json([FORM, about, days, sha256(self.features_sql.encode()), self.tables.pinned(day)]))

    def _manifests(self, day: str) -> set[str]:
        return {digest for found in self.tables.pinned(day).values() for digest in found.values()}

    def _kept(self, path: str) -> "pa.Table | None":
        """Return rows that were kept; what is damaged is made anew."""
        try:
            return read_table(self.tables.store, read_manifest(self.tables.store, path))
        except (SourceMissing, Tampered):
            return None

    def _made(self, connection: "duckdb.DuckDBPyConnection", day: str) -> "pa.Table":
        version = self.version
        requests = self.tables.requests(day)
        labels = run_labels(connection, version.label, requests, version.request_key, where=self.label_from)
        tables = self.tables.tables(day, self._outcomes_of(connection, day, requests))
        features = run_features(
            connection, self.features_sql, tables, version.request_key, version.event_time, where=self.features_from
        )
        keys = ", ".join(map(quoted, version.request_key))
        sql = f"SELECT features.*, {LABEL} FROM features JOIN labels USING ({keys}) ORDER BY {keys}"  # noqa: S608  quoted
        return run_select(connection, sql, {"features": features, "labels": labels}, where=self.features_from)

    def _outcomes_of(self, connection: "duckdb.DuckDBPyConnection", day: str, requests: "pa.Table") -> list[str]:
        """Return the columns that no request has: the manifest names them, else they are those that the label reads."""
        if named := self.tables.manifest(day).outcomes:
            return list(named)
        schema = str(requests.schema)
        if schema not in self._outcomes:
            self._outcomes[schema] = label_columns(connection, self.version.label, requests, where=self.label_from)
        return self._outcomes[schema]
