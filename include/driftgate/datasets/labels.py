"""Labels: the use case's expression over the outcome columns of its first dataset."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.datasets.locked_sql import locked_duckdb, quoted, run_select
from driftgate.errors import ConfigError
from driftgate.problems import Problem
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LABEL = "label"


def compute_labels(use_case: UseCase, truth: "pa.Table") -> "pa.Table":
    """Return the request key columns of ``truth`` and ``label``, ordered by the request key.

    ``label`` is null where the expression is: the outcome never comes, as for a cancelled flight.

    :param truth: rows of the use case's first dataset with their outcomes
    :raises ConfigError: the expression is not one, reads an unknown column, or answers something else than the problem
        asks for
    """
    where = f"{use_case.folder / 'use_case.yaml'}, key 'label.expression',"
    with locked_duckdb() as connection:
        labels = run_labels(connection, use_case.label.expression, truth, use_case.request_key, where=where)
    require_labels_of(use_case.problem, labels.schema.field(LABEL).type, where=where)
    return labels.sort_by([(name, "ascending") for name in use_case.request_key])


def run_labels(
    connection: "duckdb.DuckDBPyConnection",
    expression: str,
    truth: "pa.Table",
    request_key: Sequence[str],
    *,
    where: str,
) -> "pa.Table":
    """Return what :func:`compute_labels` does, in any order, for the text ``expression`` read from ``where``.

    Numbers of any type become doubles; whether the problem asks for them is :func:`require_labels_of`'s to say.
    """
    import pyarrow as pa

    columns = ", ".join((*map(quoted, request_key), f"({expression}\n) AS {LABEL}"))
    labels = run_select(connection, f"SELECT {columns} FROM outcomes", {"outcomes": truth}, where=where)  # noqa: S608  locked
    found = labels.schema.field(LABEL).type
    if found == pa.bool_():
        return labels
    if not (pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_decimal(found)):
        raise ConfigError(f"{where} gives {found}; write a comparison that is true or false, or a number.")
    place = labels.column_names.index(LABEL)
    return labels.set_column(place, LABEL, _finite(labels.column(LABEL).cast(pa.float64()), where))


def require_labels_of(problem: Problem, found: object, *, where: str) -> None:
    """Return when labels of the Arrow type ``found`` are true or false in a binary problem, numbers in a regression.

    :raises ConfigError: they are the other
    """
    boolean = str(found) == "bool"
    if problem == "binary" and not boolean:
        raise ConfigError(f"{where} gives a number; write a comparison that is true or false.")
    if problem == "regression" and boolean:
        raise ConfigError(f"{where} gives true or false; a regression needs a number, or say 'problem: binary'.")


def _finite(column: "pa.ChunkedArray", where: str) -> "pa.ChunkedArray":
    import pyarrow.compute as pc

    if broken := pc.sum(pc.invert(pc.is_finite(column))).as_py():
        raise ConfigError(f"{where} is infinite or no number in {broken} rows; guard the division (nullif).")
    return column


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
