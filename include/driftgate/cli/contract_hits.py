"""Who is hit by a change of a contract, by name: use cases, their features, and the models that learned from these."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftgate.errors import DriftgateError
from driftgate.settings import project_root
from driftgate.use_cases import UseCase, load_use_case, use_case_names

if TYPE_CHECKING:
    from driftgate.contracts import Contract
    from driftgate.contracts.diff import Change


@dataclass(frozen=True)
class Hit:
    """One use case that reads the dataset: what of it depends on a changed column, and the versions of its model."""

    use_case: str
    parts: tuple[str, ...]
    models: tuple[str, ...]
    unknown: str | None = None

    def __str__(self) -> str:
        parts = ", ".join(self.parts) or "none of its features"
        models = f"; model versions {', '.join(self.models)}" if self.models else ""
        return f"{self.use_case}: {self.unknown or parts}{models}"


def hits(old: "Contract", changes: "Collection[Change]") -> list[Hit]:
    """Return the use cases that the changes which ask for something can hit."""
    asking = [change for change in changes if change.kind != "compatible"]
    if not asking:
        return []
    columns = {change.column for change in asking if change.column}
    whole = any(change.column is None for change in asking)
    users = (load_use_case(name) for name in use_case_names())
    return [_hit(use_case, old, columns, whole) for use_case in users if old.name in use_case.datasets]


def referring(old: "Contract", changes: "Collection[Change]") -> Iterator[str]:
    """Yield the columns of other datasets that refer to a column which a change asks something for."""
    from driftgate.contracts import contract_names

    changed = {f"{old.name}.{change.column}" for change in changes if change.kind != "compatible"}
    for name in contract_names():
        for rule in _contract(name).references if name != old.name else ():
            if rule.references in changed:
                yield f"{name}: its {rule.columns[0]} refers to {rule.references}"


def _contract(name: str) -> "Contract":
    """Return a contract as it stands: what it refers to may just have gone, which is what is being found out."""
    from driftgate.contracts.reading import read_contract

    return read_contract(project_root() / "data_contracts" / f"{name}.yaml")


def _hit(use_case: UseCase, old: "Contract", columns: Collection[str], whole: bool) -> Hit:
    try:
        reading = _features_reading(use_case, old)
        features = {name for name, read in reading.items() if whole or read & set(columns)}
    except DriftgateError as error:  # SQL that is wrong by itself, which lint says too
        return Hit(use_case.name, (), (), unknown=f"its features are not known ({error})")
    named = [f"feature {name}" for name in reading if name in features]
    return Hit(use_case.name, (*named, *_named(use_case, old, columns)), tuple(_models(use_case.name, features)))


def _features_reading(use_case: UseCase, old: "Contract") -> dict[str, set[str]]:
    """Return, for each feature, the columns of the dataset as it was that its value or its rows depend on."""
    from driftgate.contracts import published_schema
    from driftgate.datasets.feature_columns import columns_read
    from driftgate.datasets.history import DAYS_AGO, history_name

    contracts = [old if name == old.name else _contract(name) for name in use_case.datasets]
    tables = {contract.name: [*published_schema(contract).names, "partition_key"] for contract in contracts}
    first = use_case.datasets[0]
    tables[history_name(first)] = [*tables[first], DAYS_AGO]
    read = columns_read(use_case.features_sql, tables, where=str(use_case.folder / "features.sql"), joined=True)
    names = {old.name, history_name(old.name)}
    return {name: {column for table, column in pairs if table in names} for name, pairs in read.items()}


def _named(use_case: UseCase, old: "Contract", columns: Collection[str]) -> Iterator[str]:
    """Yield the parts of ``use_case.yaml`` that name a changed column of the dataset that requests come from."""
    if use_case.datasets[0] != old.name:
        return
    for key, names in (("request_key", use_case.request_key), ("event_time", (use_case.event_time,))):
        if set(names) & set(columns):
            yield key
    if _words(use_case.label.expression) & set(columns):
        yield "label"


def _words(expression: str) -> set[str]:
    from sqlglot import exp, parse_one

    return {column.name for column in parse_one(expression, dialect="duckdb").find_all(exp.Column)}


def _models(use_case: str, features: set[str]) -> Iterator[str]:
    from driftgate.registry import list_models, verified_files

    for model in list_models(use_case):
        signature = json.loads(verified_files(model)["signature.json"])
        if features & {column["name"] for column in signature["columns"]}:
            yield model.version
