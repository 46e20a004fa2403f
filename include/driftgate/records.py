"""The base of every record: frozen, strict about unknown keys, written as canonical JSON.

``parse_record`` turns pydantic's report on a bad file into sentences that name file, key, allowed values and the
nearest match.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from driftgate.errors import ConfigError, nearest

LONGEST_VALUE = 100  # characters of a wrong value that a sentence shows


class Record(BaseModel):
    """A frozen record; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    def canonical(self) -> bytes:
        """Return the record as JSON bytes that depend on its content only."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def hash(self) -> str:
        """The sha256 of :meth:`canonical`, in hex."""
        return hashlib.sha256(self.canonical()).hexdigest()


RecordType = TypeVar("RecordType", bound=Record)


class _Loader(yaml.CSafeLoader):
    """YAML with the booleans of version 1.2 (the key ``on`` is a word, not true) that refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        written = [key.value for key, _ in node.value]
        for key in written:
            if written.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is written twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(true|false)$", re.IGNORECASE), list("tTfF"))


def canonical_json(value: Any) -> bytes:
    """Return ``value`` as JSON bytes with sorted keys and no spare space; NaN is refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(data: bytes) -> str:
    """Return the hex sha256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def load_yaml(path: Path, record: type[RecordType]) -> RecordType:
    """Read a YAML file into a record.

    :raises ConfigError: the file is missing, is not YAML, or has a wrong, missing or unknown key
    """
    return parse_record(read_yaml(path), record, where=str(path))


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says.

    :raises ConfigError: the file is missing, or is not YAML
    """
    try:
        return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506  a subclass of SafeLoader
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; create it or correct the name.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); name a file that can.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text in UTF-8; save it as such.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def parse_record(raw: Any, record: type[RecordType], *, where: str) -> RecordType:
    """Validate ``raw`` into ``record``; every problem becomes a clause of one :class:`ConfigError` sentence."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: expected a mapping of keys, found {type(raw).__name__}.")
    try:
        return record.model_validate(raw)
    except ValidationError as error:
        clauses = [_clause(item, record) for item in error.errors()[:10]]
        raise ConfigError(f"{where}: " + "; ".join(clauses)) from None


def _clause(item: Any, record: type[BaseModel]) -> str:
    # A part in parentheses is the tag of a union, which is no key of the file.
    key = ".".join(str(part) for part in item["loc"] if not str(part).startswith("(")) or "(top level)"
    if item["type"] == "extra_forbidden":
        known = _fields_at(record, item["loc"][:-1])
        return f"unknown key '{key}'{nearest(str(item['loc'][-1]), known)}"
    if item["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if item["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", item["ctx"]["expected"])
        return f"key '{key}' cannot be {_shown(item['input'])}{nearest(str(item['input']), allowed)}"
    if item["type"] == "value_error":  # a check of our own, which says what it found
        return f"key '{key}': {item['ctx']['error']}"
    return f"key '{key}': {item['msg']}, found {_shown(item['input'])}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _fields_at(record: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """Return the field names allowed at ``path`` inside ``record``; empty where the path cannot be followed."""
    current: Any = record
    for part in path:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue  # an index of a list or the tag of a union: stay where we are
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())]
        current = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
        if current is None:
            return []
    return list(getattr(current, "model_fields", {}))
