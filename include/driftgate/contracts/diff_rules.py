"""Which rules changed, and whether fewer or more rows keep them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, get_args

from driftgate.contracts.contract import Rule
from driftgate.contracts.words import in_words
from driftgate.validation_report import Severity

KEY = "primary_key"
REQUIRED = ".required"


@dataclass(frozen=True)
class RuleChange:
    """What happened to one rule: a name in the policy, and a sentence."""

    what: str
    rule: Rule
    sentence: str


def changed_rules(old: Sequence[Rule], new: Sequence[Rule]) -> Iterator[RuleChange]:
    """Yield the rules that came, went or changed, by id."""
    before, after = {rule.id: rule for rule in old}, {rule.id: rule for rule in new}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None and other is not None:
            yield RuleChange(_added(other), other, f"Rule {name!r} is new: {in_words(other)}.")
        elif other is None and one is not None:
            what = "key changed" if name == KEY else "rule loosened"
            yield RuleChange(what, one, f"Rule {name!r} is gone: {in_words(one)}.")
        elif one is not None and other is not None and one != other:
            sentence = f"Rule {name!r} is now: {in_words(other)}; was: {in_words(one)}."
            yield RuleChange(_changed(one, other), other, sentence)


def _added(rule: Rule) -> str:
    if rule.severity == "warn":
        return "report changed"
    if rule.id == KEY:
        return "key changed"
    return "required added" if rule.id.endswith(REQUIRED) and rule.kind == "nulls" else "rule tightened"


def _changed(old: Rule, new: Rule) -> str:
    if new.id == KEY and old.columns != new.columns:
        return "key changed"
    if old == new.model_copy(update={"description": old.description}):
        return "documentation"
    if new.severity == "warn":
        return "report changed"
    return "rule tightened" if _is_tighter(old, new) else "rule loosened"


def _is_tighter(old: Rule, new: Rule) -> bool:
    """Return whether some rows may keep the old rule and break the new one, or cost more when they do."""
    severities = get_args(Severity)  # the worst first
    if severities.index(new.severity) < severities.index(old.severity):
        return True
    return any(tighter(getattr(old, field), getattr(new, field)) for field, tighter in _TIGHTER.items())


def _differs(before: Any, after: Any) -> bool:
    return bool(before != after)


def _falls(before: float, after: float) -> bool:
    return after < before


# field -> whether its new value lets less through; where nobody can tell, another value does
_TIGHTER: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("kind", "columns", "pattern", "references", "history_days"), _differs),
    "values": lambda before, after: not set(before) <= set(after),
    "minimum": lambda before, after: (-inf if after is None else after) > (-inf if before is None else before),
    "maximum": lambda before, after: (inf if after is None else after) < (inf if before is None else before),
    "max_percent": _falls,
    "tolerance": _falls,
    "min_history_days": _falls,  # it judges where it did not
}
