"""Rules in words, for pages, sentences and reviews."""

from collections.abc import Callable

from driftgate.contracts.contract import Rule

CONSEQUENCES = {
    "critical": "else the partition fails",
    "row": "else the row goes to quarantine",
    "warn": "else it is reported",
}


def in_words(rule: Rule) -> str:
    """Return what ``rule`` asks for and what follows when it is broken, without a full stop."""
    return f"{_PROMISES[rule.kind](rule)}, {CONSEQUENCES[rule.severity]}"


def _unique(rule: Rule) -> str:
    return f"{', '.join(rule.columns)} {'together ' if len(rule.columns) > 1 else ''}must be unique"


def _nulls(rule: Rule) -> str:
    if rule.max_percent:
        return f"at most {rule.max_percent:g} % of {rule.columns[0]} may be missing"
    return f"{rule.columns[0]} must not be missing"


def _values(rule: Rule) -> str:
    return _known(rule, f"one of {', '.join(str(value) for value in rule.values)}")


def _pattern(rule: Rule) -> str:
    return _known(rule, f"of the form {rule.pattern}")


def _range(rule: Rule) -> str:
    return _known(rule, _bounds(rule))


def _row_count(rule: Rule) -> str:
    return f"the number of rows must be {_bounds(rule)}"


def _reference(rule: Rule) -> str:
    return _known(rule, f"in {rule.references}")


def _volume(rule: Rule) -> str:
    return f"the number of rows must be as usual ({_history(rule)})"


def _freshness(rule: Rule) -> str:
    return f"the newest {rule.columns[0]} must not be earlier in the day than usual ({_history(rule)})"


def _known(rule: Rule, what: str) -> str:
    some = f"; at most {rule.max_percent:g} % are not" if rule.max_percent else ""
    return f"known values of {rule.columns[0]} must be {what}{some}"


def _history(rule: Rule) -> str:
    return (
        f"within {rule.tolerance:g} robust deviations of the median of the last {rule.history_days} days, once there "
        f"are {rule.min_history_days}"
    )


def _bounds(rule: Rule) -> str:
    if rule.minimum is None:
        return f"at most {rule.maximum}"
    return f"at least {rule.minimum}" if rule.maximum is None else f"from {rule.minimum} to {rule.maximum}"


_PROMISES: dict[str, Callable[[Rule], str]] = {
    "unique": _unique,
    "nulls": _nulls,
    "values": _values,
    "pattern": _pattern,
    "range": _range,
    "row_count": _row_count,
    "reference": _reference,
    "volume": _volume,
    "freshness": _freshness,
}
