"""What changed between two versions of a contract, and what that asks of everyone who relies on it.

What a change means is data: :data:`POLICY` is the whole of it. Pure functions of two contracts; who is hit by name, the
command line finds out.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args

from driftgate.contracts.contract import AvailableAt, Classification, Column, Contract, Permissions
from driftgate.contracts.diff_rules import changed_rules
from driftgate.records import Record

Kind = Literal["breaking", "needs-backfill", "compatible"]  # from worst to best, in this order

# What happened -> what it asks for. breaking: who reads or delivers the data has to change something. needs-backfill:
# partitions published so far are not what the contract says now, until they are run again.
POLICY: dict[str, Kind] = {
    "column removed": "breaking",
    "column renamed": "breaking",
    "column added": "needs-backfill",
    "columns reordered": "compatible",
    "type changed": "breaking",
    "unit changed": "breaking",
    "treatment changed": "breaking",
    "known later": "breaking",
    "known earlier": "compatible",
    "classification raised": "compatible",  # with another treatment it breaks as 'treatment changed'
    "classification lowered": "compatible",
    "documentation": "compatible",
    "partition column changed": "breaking",
    "key changed": "breaking",
    "required added": "breaking",
    "rule tightened": "needs-backfill",
    "rule loosened": "compatible",
    "report changed": "compatible",  # a rule that only warns
    "source changed": "compatible",
    "delivered later": "breaking",
    "delivered earlier": "compatible",
    "kept shorter": "breaking",
    "kept longer": "compatible",
    "ML use forbidden": "breaking",
    "ML use allowed": "compatible",
    "licence changed": "breaking",
    "meaning changed": "breaking",  # made-up rows for measured ones, or the reverse
}
# kind -> what step of the version announces it, and which of its three numbers that is
STEPS: dict[Kind, tuple[str, int]] = {"breaking": ("major", 0), "needs-backfill": ("minor", 1)}


class Change(Record):
    """One change: what it asks for, the place in the contract, a sentence, and the column that it is about, if one."""

    kind: Kind
    what: str
    where: str
    sentence: str
    column: str | None = None


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return every change from ``old`` to ``new``, the worst first."""
    found = [*_head(old, new), *_columns(old, new), *_rules(old, new)]
    return tuple(sorted(found, key=lambda change: (get_args(Kind).index(change.kind), change.where, change.what)))


def missing_step(old: Contract, new: Contract) -> str | None:
    """Return what is wrong with the version of ``new`` as the successor of ``old``, in a sentence; else None."""
    before, after = _numbers(old), _numbers(new)
    if after < before:
        return f"{new.name} goes back from version {old.version} to {new.version}; versions only rise."
    for change in diff(old, new)[:1]:
        step, place = STEPS.get(change.kind, ("", -1))
        if after[: place + 1] <= before[: place + 1] and place >= 0:
            return (
                f"{new.name} {old.version} → {new.version} needs a {step} step of its version, to "
                f"{_stepped(before, place)} or above, for a change is {change.kind}: {change.sentence}"
            )
    return None


def _numbers(contract: Contract) -> tuple[int, ...]:
    return tuple(int(number) for number in contract.version.split("."))


def _stepped(version: tuple[int, ...], place: int) -> str:
    return ".".join(str(number) for number in (*version[:place], version[place] + 1, 0, 0)[:3])


def _change(what: str, where: str, sentence: str, column: str | None = None) -> Change:
    return Change(kind=POLICY[what], what=what, where=where, sentence=sentence, column=column)


def _rising(up: str, down: str) -> Callable[[Any, Any], str]:
    return lambda before, after: up if after > before else down


def _later(before: str, after: str) -> str:
    moments = get_args(AvailableAt)
    return "known later" if moments.index(after) > moments.index(before) else "known earlier"


def _riskier(before: str, after: str) -> str:
    classes = get_args(Classification)
    return f"classification {'raised' if classes.index(after) > classes.index(before) else 'lowered'}"


def _loss_limit(before: float | None, after: float | None) -> str:
    return (
        "rule tightened" if (100 if after is None else after) < (100 if before is None else before) else "rule loosened"
    )


def _slices(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    return "rule tightened" if set(after) - set(before) else "rule loosened"


def _right(before: Permissions, after: Permissions) -> str:
    if before.ml_use == after.ml_use:
        return "documentation"
    return "ML use allowed" if after.ml_use else "ML use forbidden"


def _always(what: str) -> Callable[[Any, Any], str]:
    return lambda _, __: what


# field of a contract -> what another value of it is
_FIELDS: dict[str, Callable[[Any, Any], str]] = {
    **dict.fromkeys(("owner", "contact", "purpose", "data_class", "recreatable"), _always("documentation")),
    **dict.fromkeys(("source", "server"), _always("source changed")),
    "licence": _always("licence changed"),
    "synthetic": _always("meaning changed"),
    "partition_column": _always("partition column changed"),
    "retention_days": _rising("kept longer", "kept shorter"),
    "latency_hours": _rising("delivered later", "delivered earlier"),
    "permissions": _right,
    "max_quarantined_percent": _loss_limit,
    "slices": _slices,
}
_COLUMN_FIELDS: dict[str, Callable[[Any, Any], str]] = {
    "type": _always("type changed"),
    "description": _always("documentation"),
    "purpose": _always("documentation"),
    "unit": lambda before, after: "unit changed" if before and after else "documentation",
    "treatment": _always("treatment changed"),
    "classification": _riskier,
    "available_at": _later,
}


def _head(old: Contract, new: Contract) -> Iterator[Change]:
    for field, judge in _FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield _change(judge(before, after), field, f"{field} is now {_shown(after)}, was {_shown(before)}.")


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    added = {name: column for name, column in after.items() if name not in before}
    for name in before.keys() - after.keys():
        renamed = next((other for other in added.values() if _same_but_name(other, before[name])), None)
        if renamed:
            del added[renamed.name]
            yield _change("column renamed", _at(name), f"Column {name!r} is now called {renamed.name!r}.", name)
        else:
            yield _change("column removed", _at(name), f"Column {name!r} is gone.", name)
    for name in added:
        yield _change("column added", _at(name), f"Column {name!r} is new; earlier partitions lack it.", name)
    common = [name for name in before if name in after]
    if common != [name for name in after if name in before]:
        yield _change("columns reordered", "columns", "The columns are in another order.")
    for name in common:
        yield from _column(before[name], after[name])


def _column(old: Column, new: Column) -> Iterator[Change]:
    for field, judge in _COLUMN_FIELDS.items():
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            sentence = f"Column {old.name!r}: {field} is now {_shown(after)}, was {_shown(before)}."
            yield _change(judge(before, after), f"{_at(old.name)}.{field}", sentence, old.name)


def _same_but_name(one: Column, other: Column) -> bool:
    return one.model_copy(update={"name": other.name}) == other


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    """Changes of rules; those of a column that came or went are part of that."""
    kept = {column.name for column in old.columns} & {column.name for column in new.columns}
    for change in changed_rules(old.rules, new.rules):
        columns = change.rule.columns
        if change.rule.id == "primary_key" or kept.issuperset(columns):
            column = columns[0] if len(columns) == 1 else None
            yield _change(change.what, f"rules.{change.rule.id}", change.sentence, column)


def _at(name: str) -> str:
    return f"columns.{name}"


def _shown(value: Any) -> str:
    """Return ``value`` as one would write it in the contract."""
    if value is None or value == ():
        return "not given"
    return str(value.model_dump(mode="json", exclude_none=True)) if isinstance(value, Record) else repr(value)
