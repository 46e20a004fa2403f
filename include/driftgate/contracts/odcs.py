"""Parsing a file of the Open Data Contract Standard: which keys we read, and sentences for what is wrong.

The standard's own library checks types but lets unknown keys pass, and knows keys that nothing here would honour.
Both are refused: a promise that nobody keeps must not look like one.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from driftgate.errors import ConfigError, nearest
from driftgate.records import read_yaml

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard

Keys = dict[str, Any]


def _leaves(*names: str) -> Keys:
    return dict.fromkeys(names)


_PROPERTY = _leaves("property", "value", "description")
_RULE = {
    **_leaves("id", "description", "dimension", "businessImpact", "type", "metric", "unit", "severity", "engine"),
    **_leaves("mustBe", "mustBeBetween", "mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo"),
    "arguments": _leaves("validValues", "pattern", "minimum", "maximum"),
    "implementation": _leaves("check", "historyDays", "minHistoryDays", "tolerance"),
}
_COLUMN = {
    **_leaves("name", "description", "businessName", "tags", "logicalType", "physicalType", "classification"),
    **_leaves("required", "unique", "primaryKey", "partitioned"),
    "customProperties": _PROPERTY,
    "relationships": {**_leaves("id", "type", "to"), "customProperties": _PROPERTY},
    "quality": _RULE,
}
# What we read, and documentation that costs nothing; a value of None ends the path.
_CONTRACT = {
    **_leaves("apiVersion", "kind", "id", "name", "version", "status", "tenant", "domain", "dataProduct", "tags"),
    "description": _leaves("purpose", "usage", "limitations"),
    "team": {**_leaves("name", "description"), "members": _leaves("username", "name", "role", "description")},
    "support": _leaves("channel", "url", "description", "tool", "scope"),
    "customProperties": _PROPERTY,
    "slaProperties": _leaves("property", "value", "unit", "description"),
    "servers": {
        **_leaves("server", "type", "description", "environment", "path", "location", "format", "endpointUrl"),
        **_leaves("host", "port", "database", "schema"),  # for people: where a database is, its connection says
        "customProperties": _PROPERTY,
    },
    "schema": {
        **_leaves("name", "description", "businessName", "tags", "logicalType", "physicalType"),
        "quality": _RULE,
        "properties": _COLUMN,
    },
}


def read_odcs(path: Path) -> "OpenDataContractStandard":
    """Return the contract in the file ``path`` as the standard's library parses it.

    :raises ConfigError: the file is not YAML, has a key that we do not read, or a value of a wrong type
    """
    from open_data_contract_standard.model import OpenDataContractStandard

    raw = read_yaml(path)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of keys, found {type(raw).__name__}.")
    problems = _unknown_keys(raw, _CONTRACT, "")
    if not problems:
        try:
            return OpenDataContractStandard.model_validate(raw)
        except ValidationError as error:
            problems = [_wrong_type(item, raw) for item in error.errors()]
    raise ConfigError(f"{path}: " + "; ".join(problems[:10]))


def _unknown_keys(raw: Any, keys: Keys, at: str) -> list[str]:
    if isinstance(raw, list):
        return [
            problem for index, item in enumerate(raw) for problem in _unknown_keys(item, keys, _step(at, item, index))
        ]
    if not isinstance(raw, dict):
        return []  # a wrong type, which the library reports
    problems = [f"unknown key '{_join(at, key)}'{nearest(str(key), keys)}" for key in raw if key not in keys]
    for key, value in raw.items():
        if keys.get(key):
            problems += _unknown_keys(value, keys[key], _join(at, key))
    return problems


def _wrong_type(item: Any, raw: Any) -> str:
    at, value = "", raw
    for part in item["loc"]:
        if isinstance(value, list) and isinstance(part, int):
            at = _step(at, value[part], part)
        elif isinstance(value, dict) and part in value:
            at = _join(at, part)
        else:
            continue  # the name of a member of a union, not a place in the file
        value = value[part]
    return f"key '{at}': {item['msg']}, found {value!r}"


def _step(at: str, item: Any, index: int) -> str:
    """Name an item of a list as a person would: by its name or id if it has one."""
    named = (item.get(key) for key in ("name", "id", "property", "server")) if isinstance(item, dict) else ()
    return _join(at, next((name for name in named if isinstance(name, str)), index))


def _join(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)
