"""Labels: the use case's expression over the outcome columns of its first dataset."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftgate.datasets.locked_sql import quoted, selected
from driftgate.errors import ConfigError
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

LABEL = "label"


def compute_labels(use_case: UseCase, truth: "pa.Table") -> "pa.Table":
    """Return the request key columns of ``truth`` and ``label``, ordered by the request key.

    ``label`` is null where the expression is: the outcome never comes, as for a cancelled flight.

    :param truth: rows of the use case's first dataset with their outcomes
    :raises ConfigError: the expression is not one, reads an unknown column, or answers neither true nor false
    """
    where = f"{use_case.folder / 'use_case.yaml'}, key 'label.expression',"
    return run_labels(use_case.label.expression, truth, use_case.datasets[0], use_case.request_key, where=where)


def run_labels(
    expression: str, truth: "pa.Table", dataset: str, request_key: Sequence[str], *, where: str
) -> "pa.Table":
    """Return :func:`compute_labels` of the text ``expression``, which was read from ``where``."""
    keys = ", ".join(map(quoted, request_key))
    sql = f"SELECT {keys}, ({expression}\n) AS {LABEL} FROM {quoted(dataset)}"  # noqa: S608  locked_sql runs it locked
    with selected(sql, {dataset: truth}, where=where) as relation:
        if relation.types[-1] != "BOOLEAN":
            raise ConfigError(f"{where} gives {relation.types[-1]}; write a comparison that is true or false.")
        table: pa.Table = relation.order(keys).to_arrow_table().combine_chunks()
    return table


def label_columns(expression: str, truth: "pa.Table", dataset: str, *, where: str) -> list[str]:
    """Return the columns that ``expression`` reads: those without which it no longer runs. They are outcomes."""
    empty = truth.slice(0, 0)
    return [name for name in truth.column_names if not _runs(expression, empty.drop_columns([name]), dataset, where)]


def _runs(expression: str, truth: "pa.Table", dataset: str, where: str) -> bool:
    try:
        run_labels(expression, truth, dataset, truth.column_names[:1], where=where)
    except ConfigError:
        return False
    return True
