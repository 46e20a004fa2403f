"""What the SQL of a use case may not do, found in DuckDB's own syntax tree before it runs.

DuckDB is locked all the same (:mod:`driftgate.datasets.locked_sql`); these rules turn what would fail, or would give
another answer tomorrow, into a sentence.
"""

import json
from collections.abc import Collection, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    import duckdb

# Words that DuckDB reads as calls of the functions that its catalogue lists.
CLOCK_WORDS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})


def refuse_all_but_one_select(connection: "duckdb.DuckDBPyConnection", sql: str, where: str) -> None:
    """Raise when ``sql`` is not one statement, a SELECT."""
    import duckdb

    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        found = ", ".join(kind.name for kind in kinds) or "no statement"
        raise ConfigError(f"{where} must be exactly one SELECT, found {found}; leave the SELECT only.")


def refuse_what_is_not_reproducible(
    connection: "duckdb.DuckDBPyConnection", sql: str, tables: Collection[str], columns: Collection[str], where: str
) -> None:
    """Raise when the SELECT reads anything but ``tables``, or calls what gives another answer at another time.

    :param columns: the names of the tables' columns, which may be words that are functions elsewhere
    """
    ((serialized,),) = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(serialized)
    if tree.get("error", True):
        raise ConfigError(
            f"{where} cannot be checked ({tree.get('error_message', 'no SELECT')}); write a plain SELECT."
        )
    named = {item["key"] for node in _nodes(tree) for item in node.get("cte_map", {}).get("map", [])}
    for node in _nodes(tree):
        _refuse_source(node, {*tables, *named}, tables, where)
        _refuse_function(node, columns, where)


def _refuse_source(node: dict[str, Any], known: Collection[str], tables: Collection[str], where: str) -> None:
    kind, only = node.get("type"), f"it may only read {', '.join(tables)}"
    if node.get("sample"):
        raise ConfigError(f"{where} takes a sample, another one each time; take it by a condition on the columns.")
    if kind == "SHOW_REF":
        raise ConfigError(f"{where} describes instead of selecting; {only}.")
    if kind == "TABLE_FUNCTION" and (name := node["function"]["function_name"].lower()) not in TABLE_FUNCTIONS:
        raise ConfigError(f"{where} calls {name}(), which reads files or DuckDB itself; {only}.")
    if kind == "BASE_TABLE":
        name = ".".join(filter(None, (node["catalog_name"], node["schema_name"], node["table_name"])))
        if name.lower() not in {one.lower() for one in known}:
            problem = "the file" if set(node["table_name"]) & set("/.:*") else "the table"
            raise ConfigError(
                f"{where} reads {problem} {name!r}, which is no table of the use case{nearest(name, known)}"
            )


def _refuse_function(node: dict[str, Any], columns: Collection[str], where: str) -> None:
    name = _called(node, columns)
    if name in _changing_functions() or (name == "age" and len(node["arguments"]) == 1):
        raise ConfigError(
            f"{where} uses {name}, which gives another answer at another time, so no version could be made again; "
            "use the time of the request, or days_ago of the history."
        )


def _called(node: dict[str, Any], columns: Collection[str]) -> str:
    """Return the function that a node calls; a word like ``current_date`` looks like a column."""
    if node.get("class") == "FUNCTION":
        return str(node["function_name"]).lower()
    names = node.get("column_names") or []
    word = str(names[0]).lower() if node.get("class") == "COLUMN_REF" and len(names) == 1 else ""
    return word if word in CLOCK_WORDS and word not in columns else ""


@cache
def _changing_functions() -> frozenset[str]:
    """Return the functions of which every form depends on more than its arguments, by DuckDB's own catalogue."""
    import duckdb

    sql = """
        SELECT function_name FROM duckdb_functions() WHERE function_type = 'scalar'
        GROUP BY function_name HAVING bool_and(stability IS DISTINCT FROM 'CONSISTENT')
    """
    with duckdb.connect() as connection:
        return frozenset(name for (name,) in connection.execute(sql).fetchall()) | CLOCK_WORDS


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)
