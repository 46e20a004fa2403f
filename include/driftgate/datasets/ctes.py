"""The common table expressions of ``features.sql``, each in the words it was written in."""

from functools import lru_cache
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError

if TYPE_CHECKING:
    from sqlglot import Token, TokenType, exp

DIALECT = "duckdb"


def parsed(sql: str, *, where: str) -> "exp.Query":
    """Return the syntax tree of one statement.

    :raises ConfigError: it is no SELECT that sqlglot can read; DuckDB, which runs it, may all the same
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, dialect=DIALECT)
    except SqlglotError as error:
        raise ConfigError(
            f"{where} cannot be taken apart ({' '.join(str(error).split())[:200]}); simplify it."
        ) from None
    if not isinstance(tree, exp.Query):
        raise ConfigError(f"{where} must be exactly one SELECT; leave the SELECT only.")
    return tree


@lru_cache(maxsize=16)
def texts(sql: str) -> dict[str, str]:
    """Return the text of each CTE by its name, as ``name AS (…)``: written anew it might mean something else."""
    import sqlglot
    from sqlglot import TokenType

    tokens = sqlglot.tokenize(sql, read=DIALECT)
    place, found = 0, {}
    while tokens[place].token_type in (TokenType.WITH, TokenType.COMMA):
        first = place + 1
        begin = _next(tokens, TokenType.L_PAREN, _next(tokens, TokenType.ALIAS, first))
        place = _closing(tokens, begin)
        found[tokens[first].text] = sql[tokens[first].start : tokens[place].end + 1]
        place += 1
    return found


def sources(tree: "exp.Query") -> dict[str, set[str]]:
    """Return the tables that each CTE reads, other CTEs among them."""
    from sqlglot import exp

    return {cte.alias: {table.name for table in cte.find_all(exp.Table)} for cte in tree.ctes}


def needed(name: str, reads: dict[str, set[str]]) -> set[str]:
    """Return the CTE ``name``, and the tables and CTEs that it reads, directly or through others."""
    found, waiting = {name}, [name]
    while waiting:
        for table in reads.get(waiting.pop(), set()) - found:
            found.add(table)
            waiting.append(table)
    return found


def _next(tokens: "list[Token]", kind: "TokenType", place: int) -> int:
    """Return the place of the next token of a kind, from ``place`` on."""
    return next(number for number in range(place, len(tokens)) if tokens[number].token_type == kind)


def _closing(tokens: "list[Token]", place: int) -> int:
    """Return the place of the bracket that closes the one at ``place``."""
    from sqlglot import TokenType

    depth = 0
    for number in range(place, len(tokens)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[number].token_type, 0)
        if depth == 0:
            return number
    raise AssertionError("sqlglot parsed it, so every bracket closes")
