"""A use case's SQL, run where it can do nothing but read the tables it is given.

DuckDB runs it without file or network access, without a way to change that, and on one thread: equal tables give equal
bytes.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

from driftgate.datasets.sql_rules import refuse_all_but_one_select, refuse_what_is_not_reproducible
from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LONGEST_MESSAGE = 400  # characters of DuckDB's own message, which may repeat the SQL at length
LONGEST_SECONDS = 600.0  # of one SELECT; a day of two million requests takes a tenth of that


def locked_duckdb() -> "duckdb.DuckDBPyConnection":
    """Return a connection that reaches nothing outside itself; close it with ``with``."""
    import duckdb

    connection = duckdb.connect(config={"enable_external_access": False, "threads": 1})
    connection.execute("SET python_enable_replacements = false")  # or SQL could read our own variables by name
    connection.execute("SET lock_configuration = true")
    return connection


def run_select(
    connection: "duckdb.DuckDBPyConnection",
    sql: str,
    tables: "Mapping[str, pa.Table]",
    *,
    where: str,
    outcomes: Mapping[str, str] | None = None,
) -> "pa.Table":
    """Return the rows of one SELECT, in one chunk.

    :param connection: of :func:`locked_duckdb`; opening one costs more than a day's features, so it may be used again
    :param tables: all that the SELECT may read, by name
    :param where: the file (and key) that the SQL comes from, for the sentence
    :param outcomes: columns that a table does not have because they are outcomes, and the table that has them
    :raises ConfigError: ``sql`` is not one SELECT, reads what is not in ``tables``, depends on more than these, takes
        too long, or fails on their rows
    """
    import duckdb

    for name, table in tables.items():
        connection.register(name, table)
    try:
        refuse_all_but_one_select(connection, sql, where)
        columns = {column.lower() for table in tables.values() for column in table.column_names}
        refuse_what_is_not_reproducible(connection, sql, list(tables), columns, where)
        with _time_limit(connection):
            rows: pa.Table = connection.sql(sql).to_arrow_table()
    except duckdb.InterruptException:
        raise ConfigError(
            f"{where} was stopped after {LONGEST_SECONDS:g} seconds; give each join a condition that finds few rows, "
            "and each recursion an end."
        ) from None
    except duckdb.Error as error:
        raise _sentence(str(error), list(tables), outcomes or {}, where) from None
    finally:
        for name in tables:
            connection.unregister(name)
    return rows.combine_chunks()


def quoted(name: str) -> str:
    """Return ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _time_limit(connection: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    timer = Timer(LONGEST_SECONDS, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _sentence(message: str, tables: list[str], outcomes: Mapping[str, str], where: str) -> ConfigError:
    """Return DuckDB's message as a sentence: of an outcome that a request does not have, why it has none."""
    words = re.findall(r'"([^"]+)"', message.partition("Candidate bindings")[0])
    asked = next((name for name in outcomes if name.lower() in {word.split(".")[-1].lower() for word in words}), None)
    if asked and ("not found" in message or "does not have" in message):
        return ConfigError(
            f"{where} reads {asked!r} of a request, an outcome: it is known only after the event; "
            f"take that of earlier days from {outcomes[asked]}, or leave it out."
        )
    short = " ".join(message.split())[:LONGEST_MESSAGE]
    return ConfigError(f"{where} does not run on {', '.join(tables)} ({short}); correct it.")
