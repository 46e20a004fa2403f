"""What the page of a profile says about one column, as pairs of a word and a text."""

import re
from collections import Counter
from dataclasses import dataclass

from driftgate.profiles.columns import CategoricalColumn, Column, HiddenColumn, NumericColumn
from driftgate.profiles.findings import percent
from driftgate.profiles.numbers import cut, number, shown

QUANTILES = {"5 % are at most": 0.05, "a quarter": 0.25, "half (median)": 0.5, "three quarters": 0.75, "95 %": 0.95}
SHAPES = 3


@dataclass(frozen=True)
class Fact:
    """One line of a column's table; ``before`` is None where there is nothing to compare with."""

    name: str
    now: str
    before: str | None


def facts(now: Column, before: Column | None) -> list[Fact]:
    """Return the facts about a column beside those of the partition before, if it had a column of this kind."""
    told = _told(now)
    earlier = _told(before) if before is not None and before.kind == now.kind else {}
    return [Fact(name, text, earlier.get(name)) for name, text in told.items()]


def kind_of(column: Column) -> str:
    """Return the kind of a column in a word."""
    if isinstance(column, NumericColumn):
        return "times" if column.temporal else "numbers"
    return "words" if isinstance(column, CategoricalColumn) else "values not shown"


def shapes(column: CategoricalColumn) -> list[tuple[str, int]]:
    """Return how the named categories are written, most frequent first: ``N123AA`` and ``N7BB`` are ``A9A``."""
    counts: Counter[str] = Counter()
    for word, count in column.categories.items():
        counts[re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", word))] += count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _told(column: Column) -> dict[str, str]:
    rows = max(column.rows, 1)
    told = {"rows with a value": f"{column.count:,}", "missing": f"{column.nulls:,} ({percent(column.nulls / rows)})"}
    if column.distinct is not None:
        exact = isinstance(column, HiddenColumn) or column.distinct_sketch is None
        told["different values"] = f"{'' if exact else 'about '}{column.distinct:,}"
    if isinstance(column, NumericColumn):
        return told | _numbers(column)
    return told | _words(column) if isinstance(column, CategoricalColumn) else told


def _numbers(column: NumericColumn) -> dict[str, str]:
    told = {}
    if column.infinite:
        told["infinite"] = f"{column.infinite:,} ({percent(column.infinite / column.rows)})"
    if not column.count or column.minimum is None or column.maximum is None:
        return told
    if not column.temporal:
        told["mean ± std. deviation"] = f"{number(column.mean)} ± {number(column.standard_deviation)}"
        told["zeros"] = "not counted" if column.zeros is None else f"{column.zeros:,}"
    told["smallest"] = shown(column.minimum, temporal=column.temporal)
    for name, value in zip(QUANTILES, column.sketch.quantiles(list(QUANTILES.values())), strict=True):
        told[name] = shown(value, temporal=column.temporal)
    told["largest"] = shown(column.maximum, temporal=column.temporal)
    return told


def _words(column: CategoricalColumn) -> dict[str, str]:
    if not column.count:
        return {}
    told = {}
    if column.shortest is not None:
        told["length in characters"] = f"{column.shortest:,} to {column.longest:,}"
    named = shapes(column)
    more = f" and {len(named) - SHAPES} more" if len(named) > SHAPES else ""
    told["written like"] = ", ".join(cut(shape) for shape, _ in named[:SHAPES]) + more
    return told
