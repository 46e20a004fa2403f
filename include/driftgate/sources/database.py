"""A database as a source, through SQLAlchemy: how it is reached, and what its errors mean."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.contracts import Contract, Sql
from driftgate.errors import ConfigError, SourceBroken, SourceUnready, nearest
from driftgate.sources.shape import bounds_of_day, contract_type

if TYPE_CHECKING:
    import sqlalchemy as sa

BUSY = ("locked", "busy")  # what SQLite says when another process writes

# Classes of SQL states that pass: connection, deadlock, resources, locks, shutdown, disk.
PASSING = ("08", "40", "53", "55", "57", "58", "XX")


@contextmanager
def connected(contract: Contract, server: Sql) -> "Iterator[sa.Connection]":
    """Give a connection that only reads; errors of the database inside become ours.

    :raises ConfigError: the variable with the address is not set, or is no address
    :raises SourceBroken: the database answers, and refuses: a table, a column or a right is missing
    :raises SourceUnready: the database does not answer, or went away
    """
    import sqlalchemy as sa

    engine = _engine(server)
    try:
        with engine.connect().execution_options(**_read_only(engine)) as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise _meaning(error, contract, engine.dialect.name) from None
    finally:
        engine.dispose()


def subject(contract: Contract, server: Sql) -> "sa.FromClause":
    """Return what is delivered, with the types of the contract: a table, or a query in brackets.

    :raises ConfigError: the query is not one SELECT
    """
    import sqlalchemy as sa

    columns = [sa.Column(column.name, _type(column.type)) for column in contract.columns]
    if server.watermark and server.watermark not in {column.name for column in contract.columns}:
        columns.append(sa.Column(server.watermark, sa.types.NullType()))
    if server.table:
        return sa.table(server.table, *columns, schema=server.table_schema)
    _require_select(contract, str(server.query))
    literal = str(server.query).strip().rstrip(";").replace(":", "\\:")  # a colon begins no parameter
    return sa.text(literal).columns(*columns).subquery("delivered")


def names_in(connection: "sa.Connection", delivered: "sa.FromClause") -> list[str]:
    """Return the columns that the table or the query has."""
    import sqlalchemy as sa

    everything: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(delivered)
    return list(connection.execute(everything.limit(0)).keys())


def on_day(delivered: "sa.FromClause", contract: Contract, key: str, dialect: str) -> "sa.ColumnElement[bool]":
    """Return the condition that a row belongs to the partition ``key``; an index on the column can answer it."""
    import sqlalchemy as sa

    if contract.partition_column is None:
        return sa.true()
    column = delivered.c[contract.partition_column]
    low, high = bounds_of_day(key, timed=contract_type(contract, contract.partition_column) != "date32")
    if dialect == "sqlite":  # it has no times, only text that begins with the day
        text = sa.type_coerce(column, sa.String)
        return sa.and_(text >= str(low)[:10], text < str(high)[:10])
    return sa.and_(column >= low, column < high)


def require_watermark(names: list[str], contract: Contract, server: Sql) -> None:
    """Check that the column of the watermark is there.

    :raises ConfigError: it is not
    """
    if server.watermark and server.watermark not in names:
        raise ConfigError(
            f"The watermark {server.watermark!r} of {contract.name} is no column of what {contract.source!r} delivers"
            f"{nearest(server.watermark, names)}"
        )


def _engine(server: Sql) -> "sa.Engine":
    import sqlalchemy as sa

    address = os.environ.get(server.connection)
    if not address:
        raise ConfigError(
            f"The environment variable {server.connection} is not set; set it to the address of the database, as "
            "postgresql+psycopg://reader@host/database."
        )
    try:
        url = sa.make_url(address)
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
            raise ConfigError(f"The database file that {server.connection} names does not exist; correct it.")
        return sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    except (sa.exc.ArgumentError, ImportError):  # never the address itself: it may have a password in it
        raise ConfigError(
            f"The environment variable {server.connection} is no address that SQLAlchemy understands, or its driver is "
            "not installed; write it as postgresql+psycopg://reader@host/database."
        ) from None


def _read_only(engine: "sa.Engine") -> dict[str, Any]:
    return {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}


def _type(name: str) -> Any:
    import sqlalchemy as sa

    return {
        "string": sa.String(),
        "int32": sa.Integer(),
        "int64": sa.BigInteger(),
        "double": sa.Float(),
        "bool": sa.Boolean(),
        "date32": sa.Date(),
        "timestamp[us]": sa.DateTime(),
    }[name]


def _require_select(contract: Contract, query: str) -> None:
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(query)
    except sqlglot.errors.SqlglotError:
        statements = []
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ConfigError(f"The query of {contract.name} is not one SELECT; correct 'servers' in its contract.")


def _meaning(error: Any, contract: Contract, dialect: str) -> Exception:
    """Return what an error of the database means. Its own words may hold values, so most of them are not repeated."""
    import sqlalchemy as sa

    name = type(error.orig).__name__
    if _is_refusal(error, dialect):
        about = "" if isinstance(error, sa.exc.DataError) else f": {str(error.orig).splitlines()[0]}"
        return SourceBroken(
            f"The database of {contract.source!r} refuses to deliver {contract.name} ({name}{about}); correct the "
            "table, the rights or the contract, then run the partition again."
        )
    return SourceUnready(
        f"The database of {contract.source!r} does not answer or went away while {contract.name} was read ({name}); "
        "nothing of it was taken, it is read again when the task is tried again."
    )


def _is_refusal(error: Any, dialect: str) -> bool:
    """Return whether the database answers and says no, so that asking again is of no use."""
    import sqlalchemy as sa

    if dialect == "sqlite":
        return not any(word in str(error.orig) for word in BUSY)
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state:
        return state[:2] not in PASSING
    return isinstance(error, sa.exc.ProgrammingError | sa.exc.DataError | sa.exc.NotSupportedError)
