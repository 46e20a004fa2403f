"""From a parsed file of the standard to a :class:`Contract`, or to one sentence with everything that is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_args

from driftgate.contracts.clauses import Clause, needed, one_of, repeated, texts
from driftgate.contracts.contract import PERSONAL, AvailableAt, Classification, Column, Contract, Rule, Treatment
from driftgate.contracts.loss import OF_THE_WHOLE
from driftgate.contracts.odcs import read_odcs
from driftgate.contracts.quality import read_column_rule, read_reference, read_table_rule
from driftgate.contracts.schema import TYPES
from driftgate.contracts.split import EVIDENCE
from driftgate.contracts.terms import HEAD
from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty

RESERVED = (*EVIDENCE, "partition_key")  # columns that quarantine and features.sql add
CUSTOM = ("availableAt", "unit", "treatment", "purpose")
TREATABLE = {
    "mask": ("string",),
    "hash": ("string", "integer"),
}  # treatment -> the logical types that it can be given to

Given = ParamSpec("Given")
Read = TypeVar("Read")


def read_contract(path: Path) -> Contract:
    """Return the contract in the file ``path``; whether the datasets that it refers to exist, its catalog knows.

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

    head: dict[str, Any] = {}
    for read_part in HEAD:
        for part in collect(read_part, odcs, path.stem):
            head |= part
    for schema in collect(_schema, odcs, path.stem):
        columns, rules = _columns_and_rules(schema, collect)
        collect(_refuse_repetition, columns, rules)
        collect(_refuse_our_names, rules)
        collect(_check_slices, columns, head.get("slices", ()))
        partition_column = next(iter(collect(_partition_column, schema)), None)
    if problems:
        raise ConfigError(f"{path}: " + "; ".join(problems[:10]))
    return Contract(columns=tuple(columns), rules=tuple(rules), partition_column=partition_column, **head)


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
        rule
        for item in schema.quality or ()
        for rule in collect(read_table_rule, item, schema, f"schema.quality.{item.id}")
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
        for relationship in item.relationships or ():
            rules += collect(read_reference, relationship, item, f"{at}.relationships.{relationship.to}")
    return columns, rules


def _column(item: "SchemaProperty", at: str) -> Column:
    name = needed(f"{at}.name", item.name)
    if not name.isidentifier() or name in RESERVED:
        raise Clause(f"key '{at}.name' must be a word of letters, digits and _, and none of {', '.join(RESERVED)}")
    custom = texts(f"{at}.customProperties", item.customProperties, CUSTOM)
    physical = one_of(f"{at}.physicalType", item.physicalType, TYPES)
    one_of(f"{at}.logicalType", item.logicalType, (TYPES[physical],))
    classification = one_of(f"{at}.classification", item.classification, get_args(Classification))
    return Column(
        name=name,
        type=physical,
        description=needed(f"{at}.description", item.description),
        unit=custom.get("unit"),
        classification=classification,
        treatment=_treatment(item, custom, f"{at}.customProperties"),
        purpose=custom.get("purpose"),
        available_at=one_of(f"{at}.customProperties.availableAt", custom.get("availableAt"), get_args(AvailableAt)),
    )


def _treatment(item: "SchemaProperty", custom: dict[str, str], at: str) -> Treatment:
    """Return what is done to the column's values, which the contract must say and justify for personal data."""
    for name in ("treatment", "purpose") if item.classification in PERSONAL else ():
        if name not in custom:
            why = "why it is needed at all" if name == "purpose" else f"one of {', '.join(get_args(Treatment))}"
            raise Clause(f"key '{at}.{name}' is missing; a {item.classification} column must say {why}")
    treatment: Treatment = one_of(f"{at}.treatment", custom.get("treatment", "keep"), get_args(Treatment))
    logical = str(item.logicalType)
    if logical not in TREATABLE.get(treatment, (logical,)):
        types = " or ".join(TREATABLE[treatment])
        raise Clause(f"key '{at}.treatment' is {treatment!r}, which only a column of {types} can have, found {logical}")
    if treatment in ("mask", "drop") and (item.primaryKey or item.partitioned):
        what = "primaryKey" if item.primaryKey else "partitioned"
        raise Clause(
            f"key '{at}.treatment' is {treatment!r}, which a {what} column cannot have, for rows are told by it"
        )
    return treatment


def _implied_rules(item: "SchemaProperty") -> list[Rule]:
    name = str(item.name)
    required = Rule(id=f"{name}.required", kind="nulls", severity="row", columns=(name,))
    unique = Rule(id=f"{name}.unique", kind="unique", severity="row", columns=(name,))
    return [required] * bool(item.required or item.primaryKey) + [unique] * bool(item.unique)


def _refuse_repetition(columns: list[Column], rules: list[Rule]) -> None:
    words = [column.name.lower() for column in columns]  # SQL makes no difference between Zone and zone
    for kind, names in (("column", words), ("rule", [rule.id for rule in rules])):
        twice = repeated(names)
        if twice:
            raise Clause(f"{kind} {twice[0]!r} is named twice under 'schema'; give each {kind} its own name")


def _refuse_our_names(rules: list[Rule]) -> None:
    for rule in rules:
        if rule.id.partition(".")[0] in OF_THE_WHOLE:
            raise Clause(f"rule {rule.id!r} has the name of a check of our own; give it another one")


def _check_slices(columns: list[Column], slices: tuple[str, ...]) -> None:
    known = {column.name: column.classification for column in columns}
    for name in slices:
        if name not in known:
            raise Clause(f"key 'customProperties.slices' names {name!r}, which is no column{nearest(name, known)}")
        if known[name] in PERSONAL:
            raise Clause(f"key 'customProperties.slices' names {name!r}, whose {known[name]} values must not be shown")


def _partition_column(schema: "SchemaObject") -> str | None:
    named = [item for item in schema.properties or () if item.partitioned]
    if len(named) > 1 or any(item.logicalType not in ("date", "timestamp") for item in named):
        raise Clause(
            "key 'partitioned' may be true for one column only, a date or a timestamp whose day is the partition"
        )
    return str(named[0].name) if named else None
