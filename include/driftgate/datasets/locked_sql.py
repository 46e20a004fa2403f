"""A use case's SQL, run where it can do nothing but read the tables it is given.

DuckDB runs it without file or network access, without a way to change that, and on one thread: equal tables give equal
bytes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LONGEST_MESSAGE = 400  # characters of DuckDB's own message, which may repeat the SQL at length


def locked_duckdb() -> "duckdb.DuckDBPyConnection":
    """Return a connection that reaches nothing outside itself; close it with ``with``."""
    import duckdb

    connection = duckdb.connect(config={"enable_external_access": False, "threads": 1})
    connection.execute("SET python_enable_replacements = false")  # or SQL could read our own variables by name
    connection.execute("SET lock_configuration = true")
    return connection


def run_select(
    connection: "duckdb.DuckDBPyConnection", sql: str, tables: "Mapping[str, pa.Table]", *, where: str
) -> "pa.Table":
    """Return the rows of one SELECT, in one chunk.

    :param connection: of :func:`locked_duckdb`; opening one costs more than a day's features, so it may be used again
    :param tables: all that the SELECT may read, by name
    :param where: the file (and key) that the SQL comes from, for the sentence
    :raises ConfigError: ``sql`` is not one SELECT, reads what is not in ``tables``, or fails on their rows
    """
    import duckdb

    for name, table in tables.items():
        connection.register(name, table)
    try:
        _refuse_all_but_one_select(connection, sql, where)
        rows: pa.Table = connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        message = " ".join(str(error).split())[:LONGEST_MESSAGE]
        raise ConfigError(f"{where} does not run on {', '.join(tables)} ({message}); correct it.") from None
    finally:
        for name in tables:
            connection.unregister(name)
    return rows.combine_chunks()


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _refuse_all_but_one_select(connection: "duckdb.DuckDBPyConnection", sql: str, where: str) -> None:
    import duckdb

    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "no statement"
        raise ConfigError(f"{where} must be exactly one SELECT, found {found}; leave the SELECT only.")
