"""What a feature is made of: its expression, written out down to the columns of the datasets.

Two features with the same text here are the same feature under two names, in whatever words their SQL says so.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError, nearest
from driftgate.records import sha256

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

DIALECT = "duckdb"
LONGEST_MESSAGE = 400
UNDERLINED = re.compile(r"\x1b\[\d*m")  # sqlglot writes for a terminal
# Parts of a SELECT that change what a column of it means to those who read from it.
SHAPE = ("joins", "where", "group", "having", "qualify", "distinct", "windows", "limit")


@dataclass(frozen=True)
class Expression:
    """One output column of ``features.sql``.

    ``text`` is what people read: the SQL where it is computed. ``canonical`` is that written out down to the datasets.
    ``unchanged`` is the ``table.column`` whose values it passes on as they are.
    """

    text: str
    canonical: str
    unchanged: str | None = None

    @property
    def fingerprint(self) -> str:
        """The sha256 of :attr:`canonical`: equal for the same feature under two names."""
        return sha256(self.canonical.encode())


def expressions(sql: str, tables: Mapping[str, Mapping[str, str]], *, where: str) -> dict[str, Expression]:
    """Return the expression of every column that the SELECT ``sql`` gives.

    :param tables: the columns (name to type) of each table that it may read
    :raises ConfigError: it is not one SELECT, or reads what is not in ``tables``
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    try:
        schema: dict[str, object] = {table: dict(columns) for table, columns in tables.items()}
        parsed = sqlglot.parse_one(sql, dialect=DIALECT)
        scope = build_scope(qualify(parsed, schema=schema, dialect=DIALECT, validate_qualify_columns=False))
    except SqlglotError as error:
        raise ConfigError(f"{where} cannot be read as SQL ({_short(error)}); correct it.") from None
    if scope is None or not isinstance(scope.expression, exp.Select):
        raise ConfigError(f"{where} must be one SELECT; a catalogue cannot say what its columns are made of.")
    _refuse_unknown_tables(scope, tables, where)
    return {item.alias_or_name: _expression(item.unalias(), scope) for item in scope.expression.selects}


def _refuse_unknown_tables(scope: "Scope", tables: Collection[str], where: str) -> None:
    from sqlglot import exp

    sources = [source for part in scope.traverse() for source in part.sources.values()]
    for name in sorted({source.name for source in sources if isinstance(source, exp.Table)}):
        if name not in tables:
            raise ConfigError(f"{where} reads {name!r}, which is no table of the use case{nearest(name, tables)}")


def _expression(node: "exp.Expr", scope: "Scope") -> Expression:
    return Expression(_readable(node, scope), _canonical(node, scope), _passed_on(node, scope))


def _readable(node: "exp.Expr", scope: "Scope") -> str:
    """Return the SQL that computes ``node``, in the SELECT that does so, and the groups if that has some."""
    from sqlglot import exp

    source, found = _origin(node, scope) if isinstance(node, exp.Column) else (None, None)
    if source is not None and found is not None:
        return _readable(found, source)
    group = scope.expression.args.get("group")
    computed = f"{_plain(node)} per {', '.join(map(_plain, group.expressions))}" if group else _plain(node)
    return f"{source.name}.{computed}" if isinstance(source, exp.Table) else computed


def _plain(node: "exp.Expr") -> str:
    """Return ``node`` as people write it: no quotes, no table before a column."""
    from sqlglot import exp

    bare = node.transform(lambda part: exp.column(part.name) if isinstance(part, exp.Column) else part)
    text: str = bare.sql(dialect=DIALECT, comments=False)
    return text


def _canonical(node: "exp.Expr", scope: "Scope") -> str:
    written = _written_out(node, scope)
    _order_operands(written)
    text: str = written.sql(dialect=DIALECT, comments=False, normalize=True)
    return text


def _order_operands(tree: "exp.Expr") -> None:
    """Put the operands of what is commutative into one order: ``a * 2`` and ``2 * a`` are the same."""
    from sqlglot import exp

    for node in reversed(list(tree.find_all(exp.Add, exp.Mul, exp.And, exp.Or, exp.EQ, exp.NEQ))):  # inner ones first
        left, right = node.this, node.expression
        if left.sql(DIALECT) > right.sql(DIALECT):
            node.set("this", right)
            node.set("expression", left)


def _written_out(node: "exp.Expr", scope: "Scope") -> "exp.Expr":
    """Return ``node`` with each column replaced by what it is in the datasets."""
    from sqlglot import exp

    def replaced(part: "exp.Expr") -> "exp.Expr":
        if isinstance(part, exp.Column):
            return _resolved(part, scope)
        if isinstance(part, exp.Table) and part.alias_or_name in scope.sources:
            source = scope.sources[part.alias_or_name]
            return exp.to_table(source.name if isinstance(source, exp.Table) else f"in_{_shape(source)}")
        return part

    return node.copy().transform(replaced)


def _resolved(column: "exp.Column", scope: "Scope") -> "exp.Expr":
    from sqlglot import exp

    source, found = _origin(column, scope)
    if found is None:
        return exp.column(column.name, table=source.name if isinstance(source, exp.Table) else column.table)
    inner = _written_out(found, source)
    shaped = any(source.expression.args.get(name) for name in SHAPE)
    return exp.Anonymous(this=f"in_{_shape(source)}", expressions=[inner]) if shaped else inner


def _passed_on(node: "exp.Expr", scope: "Scope") -> str | None:
    """Return the column of a dataset whose values ``node`` is, through however many SELECTs; None when it computes."""
    from sqlglot import exp

    if not isinstance(node, exp.Column):
        return None
    source, found = _origin(node, scope)
    if found is not None:
        return _passed_on(found, source)
    return f"{source.name}.{node.name}" if isinstance(source, exp.Table) else None


def _origin(column: "exp.Column", scope: "Scope") -> "tuple[Any, exp.Expr | None]":
    """Return the table or SELECT that ``column`` is read from, and what it is there if that is a SELECT."""
    from sqlglot import exp

    source = scope.sources.get(column.table)
    select = getattr(source, "expression", None)
    if not isinstance(select, exp.Select):
        return source, None
    found = next((item for item in select.selects if item.alias_or_name == column.name), None)
    return source, found.unalias() if found is not None else None


def _shape(scope: "Scope") -> str:
    """Return a short hash of where a SELECT gets its rows from and how it groups them, whatever its tables are called.

    A late share per carrier and one per airport are the same expression over the same columns; this tells them apart.
    """
    parts = []
    for name in ("from_", "from", *SHAPE):
        found = scope.expression.args.get(name)
        for part in found if isinstance(found, list) else [found] if found else []:
            parts.append(f"{name}:{_canonical(part, scope)}")
    return sha256("\n".join(parts).encode())[:12]


def _short(error: Exception) -> str:
    plain = UNDERLINED.sub("", str(error))
    return " ".join(plain.split())[:LONGEST_MESSAGE]
