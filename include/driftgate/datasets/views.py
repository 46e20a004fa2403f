"""The online views of a feature set as records, which a dataset version and its models carry, and their rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from driftgate.datasets.ctes import parsed
from driftgate.datasets.history import history_name
from driftgate.datasets.online_views import run_view, view_sql
from driftgate.errors import ConfigError
from driftgate.models.columns import kind_of
from driftgate.models.views import View
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


def views_of(
    use_case_name: str, features_sql: str, keys: Mapping[str, Sequence[str]], *, dataset: str, history_days: int
) -> tuple[View, ...]:
    """Return the views of a ``features.sql`` that are kept online.

    :param keys: the key of each view by its name
    :raises ConfigError: ``features.sql`` has no such CTE, or it does not name its columns
    """
    where = _where(use_case_name)
    return tuple(
        View(
            use_case=use_case_name,
            name=name,
            key=tuple(key),
            columns=_columns(features_sql, name, key, where),
            dataset=dataset,
            history_days=history_days,
            sql=view_sql(features_sql, name, where=where),
        )
        for name, key in keys.items()
    )


def current_views(use_case: UseCase) -> tuple[View, ...]:
    """Return the views of the use case as its files are now."""
    return views_of(
        use_case.name,
        use_case.features_sql,
        {name: view.key for name, view in use_case.online.items()},
        dataset=use_case.datasets[0],
        history_days=use_case.history_days,
    )


def view_rows(view: View, history: "pa.Table") -> "Iterator[tuple[tuple[Any, ...], dict[str, Any]]]":
    """Yield key and values of every row of a view, as plain JSON; a row with a null in its key joins nothing.

    :raises ConfigError: the view does not run on this history, or gives a column that no request can carry
    """
    where = f"{_where(view.use_case)}, CTE {view.name!r},"
    table = run_view(view.sql, view.key, {history_name(view.dataset): history}, where=where)
    for field in table.schema:
        kind_of(field.name, field.type)
    for row in table.to_pylist():
        yield tuple(row[name] for name in view.key), {name: _plain(row[name]) for name in view.columns}


def _columns(features_sql: str, name: str, key: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the columns of a CTE that are features."""
    bodies = {cte.alias: cte.this for cte in parsed(features_sql, where=where).ctes}
    named: list[str] = bodies[name].named_selects if name in bodies else [*key]
    if "*" in named or not set(key) <= set(named):
        raise ConfigError(f"{where}: the CTE {name!r} must name its columns, {', '.join(key)} among them.")
    return tuple(column for column in named if column not in key)


def _where(use_case_name: str) -> str:
    return f"include/use_cases/{use_case_name}/features.sql"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value != value:  # a model reads NaN and null as the same
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
