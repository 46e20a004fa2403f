"""What is wrong with a value of a contract, as a clause of the sentence that names the file.

``read`` functions of this room raise :class:`Clause`; whoever reads a list of things collects one per thing, so that a
person sees every column that is wrong at once.
"""

import math
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


def text(key: str, value: Any) -> str | None:
    """Return ``value``, which must be text or left out."""
    if value is not None and not isinstance(value, str):
        raise Clause(f"key '{key}' must be text, found {value!r}")
    return value


def flag(key: str, value: Any) -> bool:
    """Return ``value``, which must be true or false; false when it is left out."""
    if value is not None and not isinstance(value, bool):
        raise Clause(f"key '{key}' must be true or false, found {value!r}")
    return bool(value)


def number(key: str, value: Any, low: float, high: float) -> float:
    """Return ``value``, which must be a number from ``low`` to ``high``."""
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not plain or not low <= value <= high:
        raise Clause(f"key '{key}' must be a number from {low:g} to {high:g}, found {value!r}")
    return float(value)


def whole(key: str, value: Any, low: int, high: int) -> int:
    """Return ``value``, which must be a whole number from ``low`` to ``high``."""
    if type(value) is not int or not low <= value <= high:
        raise Clause(f"key '{key}' must be a whole number from {low} to {high}, found {value!r}")
    return value


def properties(at: str, items: Any, allowed: Collection[str]) -> dict[str, Any]:
    """Return ``customProperties`` or ``slaProperties`` as a mapping to values; each name must be one of ``allowed``."""
    named = [(one_of(f"{at}.property", item.property, allowed), item.value) for item in items or ()]
    twice = repeated(name for name, _ in named)
    if twice:
        raise Clause(f"key '{at}' has the property {twice[0]!r} twice; leave one")
    return dict(named)


def texts(at: str, items: Any, allowed: Collection[str]) -> dict[str, str]:
    """Return ``customProperties`` as :func:`properties` does; each value must be text."""
    found = properties(at, items, allowed)
    for name, value in found.items():
        text(f"{at}.{name}", needed(f"{at}.{name}", value))
    return found


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, each once."""
    return [name for name, times in Counter(names).items() if times > 1]
