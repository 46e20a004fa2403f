"""How rows are written: the key as one text, the values as another, and one digest of a whole snapshot."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from driftgate.errors import ConfigError
from driftgate.online.store import Key, Values
from driftgate.records import canonical_json


def key_text(key: Key) -> str:
    """Return the key as it is stored, ``["UA"]``."""
    return canonical_json(list(key)).decode()


def written(view: str, rows: Iterable[tuple[Key, Values]]) -> dict[str, str]:
    """Return the stored text of every row by that of its key, sorted.

    :raises ConfigError: a key comes twice, or a value is not finite
    """
    found: dict[str, str] = {}
    for key, values in rows:
        text = key_text(key)
        if text in found:
            raise ConfigError(f"View {view} gives {text} twice; make it one row per key in features.sql (GROUP BY).")
        found[text] = _value_text(view, text, values)
    return dict(sorted(found.items()))


def digest_of(rows: Mapping[str, str]) -> str:
    """Return a digest that is equal for equal rows and no others."""
    digest = hashlib.sha256()
    for item in rows.items():
        digest.update(canonical_json(item))
    return digest.hexdigest()[:16]


def is_about(text: str, names: Sequence[str], subject: Mapping[str, str | int]) -> bool:
    """Return whether the stored key ``text`` with columns ``names`` has every column of ``subject`` with its value."""
    key = dict(zip(names, json.loads(text), strict=True))
    return all(name in key and key[name] == value for name, value in subject.items())


def _value_text(view: str, key: str, values: Values) -> str:
    try:
        return canonical_json(values).decode()
    except ValueError:
        raise ConfigError(
            f"View {view} gives {key} a value that is not finite; guard the division in features.sql (nullif)."
        ) from None
