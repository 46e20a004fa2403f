"""Labels: the use case's expression over the outcome columns of its first dataset."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.datasets.locked_sql import locked_duckdb, quoted, run_select
from driftgate.errors import ConfigError
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LABEL = "label"


def compute_labels(use_case: UseCase, truth: "pa.Table") -> "pa.Table":
    """Return the request key columns of ``truth`` and ``label``, ordered by the request key.

    ``label`` is null where the expression is: the outcome never comes, as for a cancelled flight.

    :param truth: rows of the use case's first dataset with their outcomes
    :raises ConfigError: the expression is not one, reads an unknown column, or answers neither true nor false
    """
    where = f"{use_case.folder / 'use_case.yaml'}, key 'label.expression',"
    with locked_duckdb() as connection:
        labels = run_labels(connection, use_case.label.expression, truth, use_case.request_key, where=where)
    return labels.sort_by([(name, "ascending") for name in use_case.request_key])


def run_labels(
    connection: "duckdb.DuckDBPyConnection",
    expression: str,
    truth: "pa.Table",
    request_key: Sequence[str],
    *,
    where: str,
) -> "pa.Table":
    """Return what :func:`compute_labels` does, in any order, for the text ``expression`` read from ``where``."""
    import pyarrow as pa

    columns = ", ".join((*map(quoted, request_key), f"({expression}\n) AS {LABEL}"))
    labels = run_select(connection, f"SELECT {columns} FROM outcomes", {"outcomes": truth}, where=where)  # noqa: S608  locked
    found = labels.schema.field(LABEL).type
    if found != pa.bool_():
        raise ConfigError(f"{where} gives {found}; write a comparison that is true or false.")
    return labels


def label_columns(
    connection: "duckdb.DuckDBPyConnection", expression: str, truth: "pa.Table", *, where: str
) -> list[str]:
    """Return the columns that ``expression`` reads: those without which it no longer runs. They are outcomes."""
    empty = truth.slice(0, 0)

    def runs_without(name: str) -> bool:
        try:
            run_labels(connection, expression, empty.drop_columns([name]), (), where=where)
        except ConfigError:
            return False
        return True

    return [name for name in truth.column_names if not runs_without(name)]
