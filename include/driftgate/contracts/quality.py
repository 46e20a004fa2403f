"""Reading the rules of a contract from ``quality``."""

import math
import re
from typing import TYPE_CHECKING, Any, get_args

from driftgate.contracts.clauses import Clause, needed, number, one_of, properties, text, whole
from driftgate.contracts.contract import HISTORY_DAYS, MIN_HISTORY_DAYS, TOLERANCE, Rule
from driftgate.contracts.mask import whole_value
from driftgate.contracts.schema import TYPES
from driftgate.validation_report import Severity

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, Relationship, SchemaObject, SchemaProperty

OPERATORS = ("mustBe", "mustBeBetween", "mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo")
HISTORY_CHECKS = ("volume", "freshness")
MOST_HISTORY_DAYS = 366
BELOW_ALL = 99.9  # a rule that every value may break promises nothing
PYTHON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}


def read_column_rule(item: "DataQuality", column: "SchemaProperty", at: str) -> Rule:
    """Return the rule ``item`` of a column."""
    one_of(f"{at}.type", item.type or "library", ("library",))
    _refuse_custom(item, at)
    metric = one_of(f"{at}.metric", item.metric, ("invalidValues", "nullValues"))
    severity = one_of(f"{at}.severity", item.severity, get_args(Severity))
    max_percent = _max_percent(item, at)
    if severity == "row" and max_percent:
        raise Clause(f"key '{at}.severity' is 'row', which allows no broken row: write mustBe: 0")
    if metric == "invalidValues":
        promise = _valid(item.arguments or {}, column, f"{at}.arguments")
    else:
        promise = {"kind": "nulls"}
        _refuse_arguments(item, at)
    return Rule(
        id=f"{column.name}.{needed(f'{at}.id', item.id)}",
        columns=(str(column.name),),
        severity=severity,
        max_percent=max_percent,
        description=item.description,
        **promise,
    )


def read_reference(item: "Relationship", column: "SchemaProperty", at: str) -> Rule:
    """Return the rule that a known value of ``column`` occurs in a column of another dataset."""
    if item.type not in (None, "foreignKey"):
        raise Clause(f"key '{at}.type' is {item.type!r}; only foreignKey is known")
    if not isinstance(item.to, str) or not re.fullmatch(r"\w+\.\w+", item.to):
        raise Clause(f"key '{at}.to' must be one column of another dataset, as planes.tail_number, found {item.to!r}")
    custom = properties(f"{at}.customProperties", item.customProperties, ("severity", "maxPercent", "description"))
    severity = one_of(f"{at}.customProperties.severity", custom.get("severity"), get_args(Severity))
    max_percent = number(f"{at}.customProperties.maxPercent", custom.get("maxPercent", 0), 0, BELOW_ALL)
    if severity == "row" and max_percent:
        raise Clause(f"key '{at}.customProperties.severity' is 'row', which allows no broken row: remove maxPercent")
    return Rule(
        id=f"{column.name}.{item.id or 'reference'}",
        kind="reference",
        severity=severity,
        columns=(str(column.name),),
        references=item.to,
        max_percent=max_percent,
        description=text(f"{at}.customProperties.description", custom.get("description")),
    )


def read_table_rule(item: "DataQuality", schema: "SchemaObject", at: str) -> Rule:
    """Return the rule ``item`` of the whole table: how many rows a partition may have, or how it compares to others."""
    if one_of(f"{at}.type", item.type or "library", ("library", "custom")) == "custom":
        return _read_history_rule(item, schema, at)
    one_of(f"{at}.metric", item.metric, ("rowCount",))
    _refuse_arguments(item, at)
    _refuse_custom(item, at)
    if item.unit not in (None, "rows"):
        raise Clause(f"key '{at}.unit' is {item.unit!r}; a rowCount is in rows")
    operator = _operator(item, at)
    low, high = {
        "mustBe": (item.mustBe, item.mustBe),
        "mustBeBetween": tuple(item.mustBeBetween or (None, None)),
        "mustBeGreaterOrEqualTo": (item.mustBeGreaterOrEqualTo, None),
        "mustBeLessOrEqualTo": (None, item.mustBeLessOrEqualTo),
    }[operator]
    return Rule(
        id=needed(f"{at}.id", item.id),
        kind="row_count",
        severity=one_of(f"{at}.severity", item.severity, ("critical", "warn")),
        description=item.description,
        **_bounds(low, high, f"{at}.{operator}"),
    )


def _read_history_rule(item: "DataQuality", schema: "SchemaObject", at: str) -> Rule:
    """Return the rule ``item``, which judges a partition against earlier ones."""
    one_of(f"{at}.engine", item.engine, ("driftgate",))
    extra = {"metric", "arguments", "unit", *OPERATORS} & item.model_fields_set
    if extra:
        raise Clause(f"key '{at}.{min(extra)}' means nothing to a rule of type custom; remove it")
    given = needed(f"{at}.implementation", item.implementation)
    if not isinstance(given, dict):
        raise Clause(f"key '{at}.implementation' must be a mapping, as {{check: volume}}, found {given!r}")
    kind, at_given = one_of(f"{at}.implementation.check", given.get("check"), HISTORY_CHECKS), f"{at}.implementation"
    history = whole(f"{at_given}.historyDays", given.get("historyDays", HISTORY_DAYS), 1, MOST_HISTORY_DAYS)
    least = min(MIN_HISTORY_DAYS, history)
    return Rule(
        id=needed(f"{at}.id", item.id),
        kind=kind,
        severity=one_of(f"{at}.severity", item.severity, ("critical", "warn")),
        columns=_timestamp_of(schema, at) if kind == "freshness" else (),
        history_days=history,
        min_history_days=whole(f"{at_given}.minHistoryDays", given.get("minHistoryDays", least), 1, history),
        tolerance=number(f"{at_given}.tolerance", given.get("tolerance", TOLERANCE), 1, 1000),
        description=item.description,
    )


def _timestamp_of(schema: "SchemaObject", at: str) -> tuple[str]:
    """Return the partition column, which must tell the time: how late the newest row is, is judged by it."""
    for item in schema.properties or ():
        if item.partitioned and item.logicalType == "timestamp":
            return (str(item.name),)
    raise Clause(f"key '{at}.implementation.check' is 'freshness', which needs a partitioned column, a timestamp")


def _refuse_custom(item: "DataQuality", at: str) -> None:
    for key in ("engine", "implementation"):
        if getattr(item, key):
            raise Clause(f"key '{at}.{key}' goes with type: custom; add that, or remove it")


def _refuse_arguments(item: "DataQuality", at: str) -> None:
    if item.arguments:
        raise Clause(f"key '{at}.arguments' means nothing to the metric {item.metric}; remove it")


def _operator(item: "DataQuality", at: str) -> str:
    used = [name for name in OPERATORS if name in item.model_fields_set]
    if len(used) != 1:
        raise Clause(f"key '{at}' needs exactly one of {', '.join(OPERATORS)}, found {', '.join(used) or 'none'}")
    return used[0]


def _max_percent(item: "DataQuality", at: str) -> float:
    operator = _operator(item, at)
    if operator == "mustBe" and item.mustBe == 0:
        return 0.0
    percent = item.mustBeLessOrEqualTo
    if percent is None or item.unit != "percent" or not 0 <= percent < 100:
        raise Clause(f"key '{at}' must say mustBe: 0, or mustBeLessOrEqualTo: a number below 100 with unit: percent")
    return float(percent)


def _valid(arguments: dict[str, Any], column: "SchemaProperty", at: str) -> dict[str, Any]:
    """Return what makes a value of ``column`` valid: a set, a pattern, or a range."""
    kinds = {key for key in arguments if key in ("validValues", "pattern")} | (
        {"range"} if {"minimum", "maximum"} & set(arguments) else set()
    )
    if len(kinds) != 1:
        raise Clause(
            f"key '{at}' needs validValues, or pattern, or minimum and maximum, found {sorted(kinds) or 'none'}"
        )
    logical = TYPES.get(str(column.physicalType), "")
    if kinds == {"range"}:
        return {"kind": "range", **_range(arguments, logical, at)}
    return _pattern(arguments, logical, at) if kinds == {"pattern"} else _values(arguments, logical, at)


def _range(arguments: dict[str, Any], logical: str, at: str) -> dict[str, Any]:
    if logical not in ("integer", "number"):
        raise Clause(f"key '{at}' has minimum or maximum, which only a column of numbers can have")
    return _bounds(arguments.get("minimum"), arguments.get("maximum"), at)


def _pattern(arguments: dict[str, Any], logical: str, at: str) -> dict[str, Any]:
    pattern = arguments["pattern"]
    if logical != "string" or not isinstance(pattern, str):
        raise Clause(f"key '{at}.pattern' must be a regular expression of a column of strings, found {pattern!r}")
    try:
        groups = max(re.compile(form).groups for form in (pattern, whole_value(pattern)))
    except re.error as error:
        raise Clause(f"key '{at}.pattern' is no regular expression ({error}): {pattern!r}") from None
    if groups:  # pandas, which Great Expectations uses, would complain about them each night
        raise Clause(f"key '{at}.pattern' captures a group; write (?:…) instead of (…), found {pattern!r}")
    return {"kind": "pattern", "pattern": pattern}


def _values(arguments: dict[str, Any], logical: str, at: str) -> dict[str, Any]:
    values, types = arguments["validValues"], PYTHON_TYPES.get(logical, ())
    plain = isinstance(values, list) and all(type(value) in types and _is_plain(value) for value in values)
    if not plain or not values:
        raise Clause(
            f"key '{at}.validValues' must be a list of values of the column's type {logical}, found {values!r}"
        )
    return {"kind": "values", "values": tuple(values)}


def _bounds(low: Any, high: Any, at: str) -> dict[str, Any]:
    known = [bound for bound in (low, high) if bound is not None]
    plain = all(type(bound) in (int, float) and _is_plain(bound) for bound in known)
    if not known or not plain or known != sorted(known):
        raise Clause(f"key '{at}' must be numbers, the smaller one first, found {low!r} and {high!r}")
    return {"minimum": low, "maximum": high}


def _is_plain(value: Any) -> bool:
    """Return whether ``value`` is text, or a number that integers and floats hold exactly."""
    return isinstance(value, str) or (math.isfinite(value) and (isinstance(value, float) or abs(value) <= 2**53))
