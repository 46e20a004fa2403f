"""Features: the use case's one SELECT, run the same way for training rows and for requests."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from driftgate.datasets.history import DAYS_AGO, history_name
from driftgate.datasets.locked_sql import locked_duckdb, run_select
from driftgate.errors import ConfigError, nearest
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

RESERVED = ("label", "split", "partition_key")  # columns that a dataset version adds, or that only the views have


def compute_features(use_case: UseCase, tables: "Mapping[str, pa.Table]") -> "pa.Table":
    """Return the features of every request in the use case's first dataset, ordered by the request key.

    :param tables: each dataset of the use case by name, with the extra column ``partition_key``, and the history of the
        first one as :func:`driftgate.datasets.known_history` gives it
    :raises ConfigError: ``features.sql`` is not one SELECT, reads an unknown table or column, leaves out a column of
        the request key or the event time, gives a request twice, or gives a column of another type than string,
        integer, double or timestamp
    """
    where = str(use_case.folder / "features.sql")
    with locked_duckdb() as connection:
        features = run_features(
            connection, use_case.features_sql, tables, use_case.request_key, use_case.event_time, where=where
        )
    return features.sort_by([(name, "ascending") for name in use_case.request_key])


def run_features(
    connection: "duckdb.DuckDBPyConnection",
    sql: str,
    tables: "Mapping[str, pa.Table]",
    request_key: Sequence[str],
    event_time: str,
    *,
    where: str,
) -> "pa.Table":
    """Return what :func:`compute_features` does, in any order, for the text ``sql`` read from ``where``."""
    features = run_select(connection, sql, tables, where=where, outcomes=_outcomes(tables))
    _refuse_wrong_columns(features.column_names, request_key, event_time, where)
    _refuse_wrong_types(features, where)
    _refuse_repeated_requests(features, request_key, where)
    return features


def _outcomes(tables: "Mapping[str, pa.Table]") -> dict[str, str]:
    """Return the columns that only the history has, with its name: what is known after the event."""
    pairs = [(name, history_name(name)) for name in tables if history_name(name) in tables]
    return {
        column: history
        for name, history in pairs
        for column in tables[history].column_names
        if column not in (*tables[name].column_names, DAYS_AGO)
    }


def _refuse_wrong_columns(columns: Sequence[str], request_key: Sequence[str], event_time: str, where: str) -> None:
    for name in (*request_key, event_time):
        if name not in columns:
            role = "in request_key" if name in request_key else "the event_time"
            raise ConfigError(f"{where} must select {name!r}, which is {role} of the use case{nearest(name, columns)}")
    for name in columns:
        if name in RESERVED:
            raise ConfigError(f"{where} selects a column named {name!r}, a name that dataset versions use; rename it.")
        if columns.count(name) > 1:
            raise ConfigError(f"{where} selects {name!r} more than once; leave one, or rename one with AS.")


def _refuse_wrong_types(features: "pa.Table", where: str) -> None:
    import pyarrow as pa

    plain = (pa.string(), pa.float64(), pa.timestamp("us"))
    for field in features.schema:
        if field.type not in plain and not pa.types.is_integer(field.type):
            raise ConfigError(
                f"{where} gives {field.name!r} as {field.type}; cast it to VARCHAR, BIGINT, DOUBLE or TIMESTAMP."
            )


def _refuse_repeated_requests(features: "pa.Table", request_key: Sequence[str], where: str) -> None:
    requests = features.group_by(list(request_key)).aggregate([]).num_rows
    if requests != features.num_rows:
        raise ConfigError(
            f"{where} gives {features.num_rows} rows for {requests} requests; make each join find at most one row."
        )
