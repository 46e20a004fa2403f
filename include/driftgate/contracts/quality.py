"""Reading the rules of a contract from ``quality``."""

import math
import re
from typing import TYPE_CHECKING, Any, get_args

from driftgate.contracts.clauses import Clause, needed, one_of
from driftgate.contracts.contract import Rule, Severity
from driftgate.contracts.mask import whole_value
from driftgate.contracts.schema import TYPES

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, SchemaProperty

OPERATORS = ("mustBe", "mustBeBetween", "mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo")
PYTHON_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float)}


def read_column_rule(item: "DataQuality", column: "SchemaProperty", at: str) -> Rule:
    """Return the rule ``item`` of a column."""
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


def read_table_rule(item: "DataQuality", at: str) -> Rule:
    """Return the rule ``item`` of the whole table: how many rows a partition may have."""
    one_of(f"{at}.metric", item.metric, ("rowCount",))
    _refuse_arguments(item, at)
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
