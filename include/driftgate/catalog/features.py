"""The feature catalogue: what each ``features.sql`` computes, from which columns, for whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from driftgate.catalog.entries import ColumnEntry, DatasetEntry, FeatureEntry, Known
from driftgate.catalog.expressions import Expression, expressions
from driftgate.catalog.models import KnownModel
from driftgate.catalog.sensitivity import inherited
from driftgate.contracts import Contract, load_contract, published_schema
from driftgate.contracts.contract import Classification
from driftgate.datasets.feature_columns import columns_read
from driftgate.datasets.history import DAYS_AGO
from driftgate.use_cases import UseCase

HISTORY = "_history"  # the earlier partitions of the first dataset, with their outcomes
PARTITION_KEY = "partition_key"
ORDER: tuple[Known, ...] = ("prediction", "event", "outcome")


def feature_entries(
    use_case: UseCase, datasets: Mapping[str, DatasetEntry], models: Sequence[KnownModel]
) -> list[FeatureEntry]:
    """Return the entry of every column that the use case's SQL gives, in its order.

    :param datasets: the entries of its datasets, which have the statistics
    :raises ConfigError: ``features.sql`` does not run on the columns of its contracts
    """
    contracts = {name: load_contract(name) for name in use_case.datasets}
    tables, where = _columns(use_case, contracts), _where(use_case)
    found = expressions(use_case.features_sql, tables, where=where)
    read = columns_read(use_case.features_sql, tables, where=where)
    types = feature_types(use_case)
    return [
        _entry(use_case, name, expression, _named(read[name]), types.get(name, "unknown"), contracts, datasets, models)
        for name, expression in found.items()
    ]


def feature_sensitivity(use_case: UseCase) -> dict[str, Classification]:
    """Return how sensitive every column is that the use case's SQL gives.

    :raises ConfigError: ``features.sql`` cannot be followed to the columns of its contracts
    """
    contracts = {name: load_contract(name) for name in use_case.datasets}
    read = columns_read(use_case.features_sql, _columns(use_case, contracts), where=_where(use_case))
    found = {name: tuple(map(_of_dataset, _named(columns))) for name, columns in read.items()}
    return {name: _sensitivity(columns, contracts) for name, columns in found.items()}


def columns_used(use_case: UseCase) -> frozenset[str]:
    """Return every ``dataset.column`` that a feature is made of, or that decides which row it is taken from.

    :raises ConfigError: ``features.sql`` cannot be followed to the columns of its contracts
    """
    contracts = {name: load_contract(name) for name in use_case.datasets}
    tables, where = _columns(use_case, contracts), _where(use_case)
    read = columns_read(use_case.features_sql, tables, where=where, joined=True)
    features = [columns for name, columns in read.items() if name not in use_case.not_features]
    return frozenset(_of_dataset(column) for columns in features for column in _named(columns))


def highest_sensitivity(use_case: UseCase) -> Classification:
    """Return how sensitive the worst published column of the use case's datasets is."""
    contracts = {name: load_contract(name) for name in use_case.datasets}
    columns = [f"{name}.{column.name}" for name, contract in contracts.items() for column in contract.published_columns]
    return _sensitivity(columns, contracts)


def feature_types(use_case: UseCase) -> dict[str, str]:
    """Return the Arrow type of every feature, found by running the SQL on tables without rows."""
    from driftgate.datasets.history import tables_without_rows
    from driftgate.datasets.locked_sql import locked_duckdb, run_select

    schemas = {name: published_schema(load_contract(name)) for name in use_case.datasets}
    outcomes = load_contract(use_case.datasets[0]).outcomes
    tables = tables_without_rows(use_case, schemas, outcomes)
    with locked_duckdb() as connection:
        rows = run_select(connection, use_case.features_sql, tables, where=_where(use_case))
    return {field.name: str(field.type) for field in rows.schema}


def with_duplicates(entries: Sequence[FeatureEntry]) -> list[FeatureEntry]:
    """Return the entries, each naming the others that compute the same from the same columns.

    The request key is no duplicate: use cases share it because they are about the same requests.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.role == "feature":
            groups[entry.fingerprint].append(entry.name)
    return [
        entry.model_copy(update={"same_as": tuple(name for name in groups[entry.fingerprint] if name != entry.name)})
        if entry.role == "feature"
        else entry
        for entry in entries
    ]


def _columns(use_case: UseCase, contracts: Mapping[str, Contract]) -> dict[str, dict[str, str]]:
    tables = {
        name: {column.name: column.published_type for column in contract.published_columns} | {PARTITION_KEY: "string"}
        for name, contract in contracts.items()
    }
    first = use_case.datasets[0]
    return {**tables, f"{first}{HISTORY}": tables[first] | {DAYS_AGO: "int64"}}


def _entry(
    use_case: UseCase,
    name: str,
    expression: Expression,
    read: tuple[str, ...],
    kind: str,
    contracts: Mapping[str, Contract],
    datasets: Mapping[str, DatasetEntry],
    models: Sequence[KnownModel],
) -> FeatureEntry:
    columns = tuple(map(_of_dataset, read))
    source = _column(datasets, expression.unchanged)
    sources = {column.partition(".")[0] for column in columns} & set(datasets)
    days = [day for dataset in sources if (day := datasets[dataset].partitions.last)]
    return FeatureEntry(
        name=f"{use_case.name}/{name}",
        use_case=use_case.name,
        owner=use_case.owner.team,
        type=kind,
        unit=source.unit if source else None,
        description=source.description if source else None,
        role="identifier" if name in use_case.not_features else "feature",
        expression=expression.text,
        fingerprint=expression.fingerprint,
        columns=columns,
        known=_known(read, contracts),
        online=_is_online(use_case, read),
        sensitivity=_sensitivity(columns, contracts),
        fresh_until=min(days, default=None),
        statistics=source,
        models=tuple(model.name for model in models if name in model.columns),
        importance_percent=tuple(model.shares[name] for model in models if model.shares and name in model.shares),
    )


def _named(columns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{table}.{column}" for table, column in columns))


def _of_dataset(column: str) -> str:
    """Return ``table.column`` with the dataset's name in place of the name of its history."""
    table, _, name = column.partition(".")
    return f"{table.removesuffix(HISTORY)}.{name}"


def _column(datasets: Mapping[str, DatasetEntry], column: str | None) -> ColumnEntry | None:
    dataset, _, name = _of_dataset(column or "").partition(".")
    columns = datasets[dataset].columns if dataset in datasets else ()
    return next((item for item in columns if item.name == name), None)


def _known(columns: Sequence[str], contracts: Mapping[str, Contract]) -> Known:
    if any(column.partition(".")[0].endswith(HISTORY) for column in columns):
        return "history"
    times = {
        f"{contract.name}.{column.name}": column.available_at
        for contract in contracts.values()
        for column in contract.columns
    }
    return max((times[column] for column in columns if column in times), key=ORDER.index, default="prediction")


def _is_online(use_case: UseCase, read: Sequence[str]) -> bool:
    """Return whether the value is kept in the online store: only what history taught is, the rest is in the request."""
    from_history = any(column.partition(".")[0].endswith(HISTORY) for column in read)
    return from_history and bool(getattr(use_case, "online", None))


def _sensitivity(columns: Sequence[str], contracts: Mapping[str, Contract]) -> Classification:
    declared = {
        f"{contract.name}.{column.name}": column for contract in contracts.values() for column in contract.columns
    }
    used = {name: declared[name] for name in columns if name in declared}
    levels = inherited(
        {name: column.classification for name, column in used.items()},
        {"feature": {name: column.treatment for name, column in used.items()}},
    )
    return levels["feature"]


def _where(use_case: UseCase) -> str:
    return str(use_case.folder / "features.sql")
