"""Entity features: CTEs of ``features.sql`` with one row per entity, computed from the history alone.

They are the same for all requests of a day, so the value that is kept online is the value that training saw. The SQL of
a view is the text of its CTE and of those that it reads: one definition for both.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from driftgate.datasets.ctes import needed, parsed, sources, texts
from driftgate.datasets.locked_sql import locked_duckdb, quoted, run_select
from driftgate.errors import ConfigError, nearest
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


def online_views(use_case: UseCase) -> dict[str, str]:
    """Return the SELECT of each view that the use case keeps online, by its name.

    :raises ConfigError: ``features.sql`` has no such CTE
    """
    where = str(use_case.folder / "features.sql")
    return {name: view_sql(use_case.features_sql, name, where=where) for name in use_case.online}


def view_sql(sql: str, name: str, *, where: str) -> str:
    """Return the CTE ``name`` of ``sql`` as a SELECT of its own."""
    tree, written = parsed(sql, where=where), texts(sql)
    if name not in written:
        raise ConfigError(f"{where} has no CTE {name!r}{nearest(name, written)}")
    wanted = needed(name, sources(tree))
    parts = ",\n".join(text for cte, text in written.items() if cte in wanted)
    return f"WITH {parts}\nSELECT * FROM {quoted(name)}"


def compute_view(use_case: UseCase, name: str, tables: "Mapping[str, pa.Table]") -> "pa.Table":
    """Return the rows of the view ``name``, one per key, ordered by the key.

    :param tables: the history, as ``flights_history``
    :raises ConfigError: there is no such view, it reads other tables, or it gives a key more than once
    """
    where = f"{use_case.folder / 'features.sql'}, CTE {name!r},"
    if name not in use_case.online:
        raise ConfigError(
            f"{use_case.folder / 'use_case.yaml'}: key 'online' has no view {name!r}{nearest(name, use_case.online)}"
        )
    key = use_case.online[name].key
    rows = run_view(online_views(use_case)[name], key, tables, where=where)
    entities = rows.group_by(list(key)).aggregate([]).num_rows
    if entities != rows.num_rows:
        raise ConfigError(f"{where} gives {rows.num_rows} rows for {entities} keys; group it by {', '.join(key)}.")
    return rows


def run_view(sql: str, key: Sequence[str], tables: "Mapping[str, pa.Table]", *, where: str) -> "pa.Table":
    """Return the rows of a view with the SELECT ``sql``, read from ``where``, ordered by its key, that a join can find.

    :raises ConfigError: it reads other tables, or does not run on these
    """
    known = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in key)  # a join finds no null
    ordered = f"{sql} WHERE {known} ORDER BY {', '.join(map(quoted, key))}"
    with locked_duckdb() as connection:
        return run_select(connection, ordered, tables, where=where)
