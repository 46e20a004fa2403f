"""From a parsed file of the standard to a :class:`Contract`, or to one sentence with everything that is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_args

from driftgate.contracts.clauses import Clause, needed, one_of, properties, repeated
from driftgate.contracts.contract import AvailableAt, Classification, Column, Contract, Rule
from driftgate.contracts.odcs import read_odcs
from driftgate.contracts.quality import read_column_rule, read_table_rule
from driftgate.contracts.schema import TYPES
from driftgate.contracts.split import REASON
from driftgate.errors import ConfigError

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

API_VERSIONS = ("v3.1.0", "v3.2.0")
RESERVED = (REASON, "partition_key")  # columns that quarantine and features.sql add

Given = ParamSpec("Given")
Read = TypeVar("Read")


def read_contract(path: Path) -> Contract:
    """Return the contract in the file ``path``.

    :raises ConfigError: something in it is missing, unknown, or not as the standard and we want it
    """
    odcs = read_odcs(path)
    problems: list[str] = []

    def collect(read: Callable[Given, Read], *args: Given.args, **kwargs: Given.kwargs) -> list[Read]:
        try:
            return [read(*args, **kwargs)]
        except Clause as clause:
            problems.append(str(clause))
            return []

    header: dict[str, str] = {}
    for read_part in _HEADER:
        for part in collect(read_part, odcs, path.stem):
            header |= part
    for schema in collect(_schema, odcs, path.stem):
        columns, rules = _columns_and_rules(schema, collect)
        collect(_refuse_repetition, columns, rules)
        partition_column = next(iter(collect(_partition_column, schema)), None)
    if problems:
        raise ConfigError(f"{path}: " + "; ".join(problems[:10]))
    return Contract(columns=tuple(columns), rules=tuple(rules), partition_column=partition_column, **header)


def _names(odcs: "OpenDataContractStandard", dataset: str) -> dict[str, str]:
    one_of("apiVersion", odcs.apiVersion, API_VERSIONS)
    one_of("kind", odcs.kind, ("DataContract",))
    needed("id", odcs.id)
    one_of("name", odcs.name, (dataset,))
    return {"name": dataset, "version": needed("version", odcs.version)}


def _owner(odcs: "OpenDataContractStandard", _: str) -> dict[str, str]:
    if odcs.team is None or isinstance(odcs.team, list):
        raise Clause(
            "key 'team.name' is missing; name the team that owns the data, as team: {name: network-operations}"
        )
    support = needed("support", odcs.support)
    return {"owner": needed("team.name", odcs.team.name), "contact": needed("support.0.url", support[0].url)}


def _terms(odcs: "OpenDataContractStandard", _: str) -> dict[str, str]:
    custom = properties("customProperties", odcs.customProperties, ("licence",))
    purpose = needed("description", odcs.description).purpose
    return {
        "purpose": needed("description.purpose", purpose),
        "licence": needed("customProperties.licence", custom.get("licence")),
    }


def _source(odcs: "OpenDataContractStandard", dataset: str) -> dict[str, str]:
    servers = needed("servers", odcs.servers)
    if len(servers) != 1:
        raise Clause(f"key 'servers' must have one entry, the source of the dataset, found {len(servers)}")
    server = servers[0]
    source = needed("servers.0.server", server.server)
    one_of(f"servers.{source}.type", server.type, ("local",))
    one_of(f"servers.{source}.format", server.format, ("parquet",))
    one_of(f"servers.{source}.path", server.path, (f"{source}/{dataset}/{{key}}.parquet",))
    return {"source": source}


_HEADER = (_names, _owner, _terms, _source)


def _schema(odcs: "OpenDataContractStandard", dataset: str) -> "SchemaObject":
    schemas = needed("schema", odcs.schema_)
    if len(schemas) != 1:
        raise Clause(f"key 'schema' must have one entry, the dataset itself, found {len(schemas)}")
    one_of("schema.0.name", schemas[0].name, (dataset,))
    needed(f"schema.{dataset}.properties", schemas[0].properties)
    return schemas[0]


def _columns_and_rules(schema: "SchemaObject", collect: Callable[..., list[Any]]) -> tuple[list[Column], list[Rule]]:
    columns: list[Column] = []
    rules = [
        rule for item in schema.quality or () for rule in collect(read_table_rule, item, f"schema.quality.{item.id}")
    ]
    keys = tuple(str(item.name) for item in schema.properties or () if item.primaryKey)
    if keys:
        rules.append(Rule(id="primary_key", kind="unique", severity="row", columns=keys))
    for item in schema.properties or ():
        at = f"schema.properties.{item.name}"
        columns += collect(_column, item, at)
        rules += _implied_rules(item)
        for quality in item.quality or ():
            rules += collect(read_column_rule, quality, item, f"{at}.quality.{quality.id}")
    return columns, rules


def _column(item: "SchemaProperty", at: str) -> Column:
    name = needed(f"{at}.name", item.name)
    if not name.isidentifier() or name in RESERVED:
        raise Clause(f"key '{at}.name' must be a word of letters, digits and _, and none of {', '.join(RESERVED)}")
    custom = properties(f"{at}.customProperties", item.customProperties, ("availableAt", "unit"))
    physical = one_of(f"{at}.physicalType", item.physicalType, TYPES)
    one_of(f"{at}.logicalType", item.logicalType, (TYPES[physical],))
    return Column(
        name=name,
        type=physical,
        description=needed(f"{at}.description", item.description),
        unit=custom.get("unit"),
        classification=one_of(f"{at}.classification", item.classification, get_args(Classification)),
        available_at=one_of(f"{at}.customProperties.availableAt", custom.get("availableAt"), get_args(AvailableAt)),
    )


def _implied_rules(item: "SchemaProperty") -> list[Rule]:
    name = str(item.name)
    required = Rule(id=f"{name}.required", kind="nulls", severity="row", columns=(name,))
    unique = Rule(id=f"{name}.unique", kind="unique", severity="row", columns=(name,))
    return [required] * bool(item.required or item.primaryKey) + [unique] * bool(item.unique)


def _refuse_repetition(columns: list[Column], rules: list[Rule]) -> None:
    for kind, names in (("column", [column.name for column in columns]), ("rule", [rule.id for rule in rules])):
        twice = repeated(names)
        if twice:
            raise Clause(f"{kind} {twice[0]!r} is named twice under 'schema'; give each {kind} its own name")


def _partition_column(schema: "SchemaObject") -> str | None:
    named = [item for item in schema.properties or () if item.partitioned]
    if len(named) > 1 or any(item.logicalType not in ("date", "timestamp") for item in named):
        raise Clause(
            "key 'partitioned' may be true for one column only, a date or a timestamp whose day is the partition"
        )
    return str(named[0].name) if named else None
