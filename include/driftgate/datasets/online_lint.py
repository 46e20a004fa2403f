"""Can the views that a use case keeps online be joined to a request so that it sees what training saw?"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, cast

from driftgate.datasets.ctes import needed, parsed, sources, texts
from driftgate.datasets.history import history_name
from driftgate.errors import nearest
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from sqlglot import exp


def online_problems(use_case: UseCase, sql: str, *, where: str) -> Iterator[str]:
    """Yield one sentence per problem of the use case's online views.

    :param sql: the text of features.sql, from the file ``where``
    :raises ConfigError: the SQL cannot be taken apart
    """
    from sqlglot import exp

    if not use_case.online:
        return
    tree = parsed(sql, where=where)
    if not isinstance(tree, exp.Select) or tree.args.get("group") or tree.args.get("distinct"):
        yield f"{where} must end in a plain SELECT from the requests, as it joins online views; move the rest to a CTE."
        return
    history = history_name(use_case.datasets[0])
    for name, view in use_case.online.items():
        if name not in texts(sql):
            yield f"{where} has no CTE {name!r}, as the key 'online' of the use case says{nearest(name, texts(sql))}"
        else:
            body = next(cte.this for cte in tree.ctes if cte.alias == name)
            others = needed(name, sources(tree)) - set(texts(sql)) - {history}
            yield from (f"{where}: {problem}" for problem in _of_cte(name, body, view.key, others, history))
            yield from (f"{where}: {problem}" for problem in _of_join(name, tree, body, view.key))


def _of_cte(
    name: str, body: "exp.Expression", key: tuple[str, ...], others: Collection[str], history: str
) -> Iterator[str]:
    from sqlglot import exp

    if others:
        yield (
            f"the CTE {name!r} reads {', '.join(sorted(others))}; what is kept online is the same for all requests "
            f"of a day, so let it read {history} only."
        )
    group = body.args.get("group") if isinstance(body, exp.Select) else None
    grouped = {column.name for column in group.expressions} if group else set()
    if grouped != set(key):
        yield f"the CTE {name!r} must have one row per key; let it GROUP BY {', '.join(key)}, as the key 'online' says."
    columns = _columns(body)
    if "*" in columns or not set(key) <= set(columns):
        yield f"the CTE {name!r} must name its columns, {', '.join(key)} among them, instead of *."


def _of_join(name: str, tree: "exp.Select", body: "exp.Expression", key: tuple[str, ...]) -> Iterator[str]:
    """Yield what would make a feature of the final SELECT differ from the column of the view."""
    join = next((join for join in tree.args.get("joins", []) if join.this.name == name), None)
    if join is None or join.side != "LEFT" or set(_equal(join)) != set(key):
        yield f"the final SELECT must join the online view with LEFT JOIN {name} USING ({', '.join(key)})."
        return
    alias = join.this.alias_or_name
    chosen = {column.alias_or_name: column for column in tree.expressions}
    for column in key:
        if not _is_unchanged(chosen.get(column), column) or _table(chosen[column]) == alias:
            yield f"the final SELECT must select {column!r} of the requests unchanged, for {name!r} is joined by it."
    for column in _columns(body):
        if column not in (*key, "*") and not (
            _is_unchanged(chosen.get(column), column) and _table(chosen[column]) == alias
        ):
            yield f"the final SELECT must select {alias}.{column} unchanged, which the online store keeps by that name."


def _equal(join: "exp.Join") -> list[str]:
    """Return the columns that a join compares: of USING, or of ON; '' stands for anything else."""
    from sqlglot import exp

    if join.args.get("using"):
        return [column.name for column in join.args["using"]]
    condition = join.args.get("on")
    terms = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    return [_same(term, join.this.alias_or_name) for term in terms]


def _same(term: Any, alias: str) -> str:
    from sqlglot import exp

    if not isinstance(term, exp.EQ) or not all(isinstance(side, exp.Column) for side in (term.left, term.right)):
        return ""
    return (
        str(term.left.name)
        if term.left.name == term.right.name and alias in map(_table, (term.left, term.right))
        else ""
    )


def _columns(body: "exp.Expression") -> list[str]:
    return cast("list[str]", getattr(body, "named_selects", []))


def _is_unchanged(chosen: "exp.Expression | None", column: str) -> bool:
    from sqlglot import exp

    return isinstance(chosen, exp.Column) and chosen.name == column


def _table(chosen: Any) -> str:
    return str(chosen.args["table"].name) if chosen.args.get("table") else ""
