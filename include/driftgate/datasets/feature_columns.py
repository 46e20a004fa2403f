"""Which columns of which datasets a feature is made of: column lineage of a use case's SELECT, read from its text."""

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError

if TYPE_CHECKING:
    from sqlglot.optimizer.scope import Scope

Columns = frozenset[tuple[str, str]]
NOTHING: Columns = frozenset()
LONGEST_MESSAGE = 200  # characters of sqlglot's own message, which repeats the SQL


def columns_read(
    sql: str, tables: Mapping[str, Collection[str]], *, where: str = "features.sql", joined: bool = False
) -> dict[str, Columns]:
    """Return, for each feature that ``sql`` selects, the (table, column) pairs that its value comes from.

    Names are in lower case, as DuckDB compares them.

    :param tables: the columns of every table that ``sql`` may read; they say what ``*`` stands for
    :param joined: count besides what decides which rows the value comes from: conditions of joins, WHERE, GROUP BY
    :raises ConfigError: ``sql`` is not one SELECT, or reads a table or column that is not there
    """
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema: dict[str, object] = {table: dict.fromkeys(columns, "unknown") for table, columns in tables.items()}
    try:
        statements = [statement for statement in parse(sql, dialect="duckdb") if statement is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise ConfigError(f"{where} must be exactly one SELECT; leave the SELECT only.")
        query = qualify(statements[0], schema=schema, dialect="duckdb", quote_identifiers=False, identify=False)
        root = build_scope(query)
    except SqlglotError as error:
        message = " ".join(str(error).split())[:LONGEST_MESSAGE]
        raise ConfigError(f"{where} cannot be followed to its columns ({message}); correct it.") from None
    if root is None:
        return {}
    reading = _Reading(root, joined)
    return {str(name): reading.of_output(root, position) for position, name in enumerate(query.named_selects)}


class _Reading:
    """One walk through the scopes of a SELECT: its CTEs, its subqueries and itself."""

    def __init__(self, root: "Scope", joined: bool) -> None:
        self._joined = joined
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._open: set[tuple[int, int]] = set()  # what is being worked out: a recursive CTE comes back to itself

    def of_output(self, scope: "Scope", position: int) -> Columns:
        """Return what the output at ``position`` of ``scope`` reads."""
        key = (id(scope), position)
        if key in self._open:
            return NOTHING
        self._open.add(key)
        try:
            if scope.set_operation_scopes:
                return self._union(self.of_output(branch, position) for branch in scope.set_operation_scopes)
            selects: list[Any] = getattr(scope.expression, "selects", [])  # VALUES has none: it reads nothing
            return self._of_select(scope, selects[position]) if position < len(selects) else NOTHING
        finally:
            self._open.remove(key)

    def _of_select(self, scope: "Scope", expression: Any) -> Columns:
        read = self._of_expression(expression)
        if self._joined:
            read |= self._of_joins(scope, {column.table for column in _columns(expression)})
            clauses = (scope.expression.args.get(name) for name in ("where", "group", "having", "qualify"))
            read |= self._union(self._of_expression(clause) for clause in clauses if clause)
        return read

    def _of_joins(self, scope: "Scope", used: set[str]) -> Columns:
        """Return what the conditions read that join the tables ``used``, and the tables that these are joined by."""
        conditions = {join.alias_or_name: join.args.get("on") for join in scope.expression.args.get("joins") or ()}
        seen: set[str] = set()
        read = NOTHING
        while used - seen:
            name = min(used - seen)
            seen.add(name)
            condition = conditions.get(name)
            if condition is not None:
                read |= self._of_expression(condition)
                used = used | {column.table for column in _columns(condition)}
        return read

    def _of_expression(self, expression: Any) -> Columns:
        return self._union(self._of_column(column) for column in _columns(expression))

    def _of_column(self, column: Any) -> Columns:
        from sqlglot import exp

        scope = self._scope_of(column)
        while scope is not None:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                return frozenset({(source.name, column.name)})
            if source is not None:
                return self._of_source(source, column.name)
            scope = scope.parent  # a correlated subquery names a table of the query around it
        return NOTHING

    def _of_source(self, source: "Scope", name: str) -> Columns:
        """Return what the output ``name`` of a CTE, a subquery or a table function reads."""
        from sqlglot import exp

        inner = (
            source if isinstance(source.expression, exp.Query) else self._scopes.get(_first_query(source.expression))
        )
        if inner is None:  # unnest and its like: every output comes from all that it is given
            return self._of_expression(source.expression)
        names: list[str] = getattr(inner.expression, "named_selects", [])
        return self.of_output(inner, names.index(name)) if name in names else NOTHING

    def _scope_of(self, column: Any) -> "Scope | None":
        from sqlglot import exp

        query = column.find_ancestor(exp.Query)
        while query is not None and id(query) not in self._scopes:
            query = query.find_ancestor(exp.Query)
        return self._scopes.get(id(query)) if query is not None else None

    @staticmethod
    def _union(parts: Iterator[Columns] | Any) -> Columns:
        return reduce(or_, parts, NOTHING)


def _first_query(expression: Any) -> int:
    from sqlglot import exp

    return id(expression.find(exp.Query).unnest()) if expression.find(exp.Query) else 0


def _columns(expression: Any) -> list[Any]:
    from sqlglot import exp

    return list(expression.find_all(exp.Column))
