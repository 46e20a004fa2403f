"""What is wrong with a value of a contract, as a clause of the sentence that names the file.

``read`` functions of this room raise :class:`Clause`; whoever reads a list of things collects one per thing, so that a
person sees every column that is wrong at once.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from driftgate.errors import nearest

Value = TypeVar("Value")


class Clause(Exception):
    """One thing that is wrong, in words that follow the name of the file and a colon."""


def needed(key: str, value: Value | None) -> Value:
    """Return ``value``, which must not be empty."""
    if value is None or value in ("", []):
        raise Clause(f"key '{key}' is missing; add it")
    return value


def one_of(key: str, value: str | None, allowed: Collection[str]) -> Any:
    """Return ``value``, which must be one of ``allowed``."""
    if value is None:
        raise Clause(f"key '{key}' is missing; add it. Known: {', '.join(sorted(allowed))}")
    if value not in allowed:
        raise Clause(f"key '{key}' is {value!r}{nearest(str(value), allowed)}")
    return value


def properties(at: str, items: Any, allowed: Collection[str]) -> dict[str, str]:
    """Return ``customProperties`` as a mapping to texts; each name must be one of ``allowed``."""
    found = {one_of(f"{at}.property", item.property, allowed): item.value for item in items or ()}
    for name, value in found.items():
        if not isinstance(value, str):
            raise Clause(f"key '{at}.{name}' must be text, found {value!r}")
    return found


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, each once."""
    return [name for name, times in Counter(names).items() if times > 1]
