"""What a reader should know about one partition, found in its profile alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from driftgate.profiles.columns import CategoricalColumn, HiddenColumn, NumericColumn
from driftgate.records import Record

MOST_SPELLINGS = 4  # written out per group; the sentence counts the others


class Finding(Record):
    """One thing about a column: the share of the rows that it concerns, and a sentence."""

    column: str
    kind: Literal["empty", "missing", "infinite", "constant", "spelling"]
    share: float
    sentence: str


def findings(columns: Mapping[str, NumericColumn | CategoricalColumn | HiddenColumn]) -> tuple[Finding, ...]:
    """Return everything that is to be said about ``columns``, in their order."""
    return tuple(item for name, column in columns.items() if column.rows for item in _of_column(name, column))


def alike(column: CategoricalColumn) -> list[dict[str, int]]:
    """Return the groups of named categories that are equal up to case and space, each with its most frequent first."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for word, count in column.categories.items():
        groups[" ".join(word.casefold().split())][word] = count
    several = [group for group in groups.values() if len(group) > 1]
    return [dict(sorted(group.items(), key=lambda item: (-item[1], item[0]))) for group in several]


def misspelt(column: CategoricalColumn) -> int:
    """Return how many rows write a category in another way than most rows do."""
    return sum(sum(group.values()) - max(group.values()) for group in alike(column))


def percent(share: float) -> str:
    """Return a share as people write it; one that is neither none nor all never looks like it."""
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %"


def _of_column(name: str, column: NumericColumn | CategoricalColumn | HiddenColumn) -> Iterator[Finding]:
    if column.nulls == column.rows:
        yield Finding(column=name, kind="empty", share=1.0, sentence=f"{name} has no value in any row.")
        return
    if column.nulls:
        yield _counted(name, "missing", column.nulls, column.rows, "is missing")
    if column.distinct == 1 and column.rows > 1:
        sentence = f"{name} has the same value in every row that has one."
        yield Finding(column=name, kind="constant", share=1 - column.nulls / column.rows, sentence=sentence)
    if isinstance(column, NumericColumn) and column.infinite:
        yield _counted(name, "infinite", column.infinite, column.rows, "is infinite")
    if isinstance(column, CategoricalColumn):
        yield from _spellings(name, column)


def _counted(name: str, kind: Literal["missing", "infinite"], count: int, rows: int, what: str) -> Finding:
    sentence = f"{name} {what} in {percent(count / rows)} of the rows ({count:,} of {rows:,})."
    return Finding(column=name, kind=kind, share=count / rows, sentence=sentence)


def _spellings(name: str, column: CategoricalColumn) -> Iterator[Finding]:
    for group in alike(column):
        usual, *others = group
        rest = sum(group[word] for word in others)
        shown = ", ".join(repr(word) for word in others[:MOST_SPELLINGS])
        more = f" and {len(others) - MOST_SPELLINGS} more" if len(others) > MOST_SPELLINGS else ""
        sentence = (
            f"{name} writes {usual!r} also as {shown}{more}, equal up to case and space, in "
            f"{percent(rest / column.rows)} of the rows ({rest:,} of {column.rows:,})."
        )
        yield Finding(column=name, kind="spelling", share=rest / column.rows, sentence=sentence)
