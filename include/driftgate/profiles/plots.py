"""The bars of the small plots on a profile's page, in units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from driftgate.profiles.columns import CategoricalColumn, NumericColumn
from driftgate.profiles.findings import percent
from driftgate.profiles.numbers import cut, shown
from driftgate.profiles.sketches import Floats

WIDTH, HEIGHT = 260.0, 64.0
BINS = 26
TAIL = 1.5  # what lies further out than so many times the middle 90 percent is drawn in the last bin
CATEGORIES = 8


@dataclass(frozen=True)
class Bar:
    """One bin: where it is drawn now, how high it was before, and what it says when pointed at."""

    x: float
    width: float
    height: float
    before: float | None
    title: str


@dataclass(frozen=True)
class Row:
    """One category: its share now and before, of all known values."""

    label: str
    width: float
    share: str
    before: float | None


def histogram(now: NumericColumn, before: NumericColumn | None) -> list[Bar]:
    """Return the bins of equal width; empty without any number."""
    if not now.count:
        return []
    drawn = [now, before] if before and before.count and not now.temporal else [now]
    edges = _edges(drawn)
    heights, earlier = _heights(now, edges), _heights(drawn[1], edges) if len(drawn) > 1 else None
    top = max(heights.max(), earlier.max() if earlier is not None else 0.0)
    width = WIDTH / len(heights)
    return [
        Bar(
            x=round(place * width, 2),
            width=round(width, 2),
            height=round(HEIGHT * float(share) / top, 2),
            before=None if earlier is None else round(HEIGHT * float(earlier[place]) / top, 2),
            title=f"{_range(drawn, edges, place)}: {percent(float(share))}",
        )
        for place, share in enumerate(heights)
    ]


def categories(now: CategoricalColumn, before: CategoricalColumn | None) -> list[Row]:
    """Return the most frequent categories, then all others together."""
    if not now.count:
        return []
    named = list(now.categories.items())[:CATEGORIES]
    rest = now.count - sum(count for _, count in named)
    kinds = f"all others ({now.distinct - len(named):,})" if now.distinct is not None else "all others"
    rows = [(cut(name), count, _count_before(before, name)) for name, count in named]
    if rest:
        kept = [_count_before(before, name) for name, _ in named]
        rows.append((kinds, rest, None if before is None else before.count - sum(count or 0 for count in kept)))
    known = before.count if before else 0
    return [
        Row(
            label=label,
            width=round(WIDTH * count / now.count, 2),
            share=percent(count / now.count),
            before=None if earlier is None or not known else round(WIDTH * earlier / known, 2),
        )
        for label, count, earlier in rows
    ]


def _count_before(before: CategoricalColumn | None, name: str) -> int | None:
    return None if before is None else before.categories.get(name, 0)


def _edges(columns: Sequence[NumericColumn]) -> Floats:
    """Return the edges of the bins, from the smallest to the largest value unless a long tail would hide the rest."""
    spans = [_span(column) for column in columns]
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    return np.linspace(low, high, BINS + 1) if low < high and np.isfinite(high - low) else np.array([low, low])


def _span(column: NumericColumn) -> tuple[float, float]:
    low, high = float(column.minimum or 0.0), float(column.maximum or 0.0)
    first, last = column.sketch.quantiles([0.05, 0.95])
    reach = TAIL * (last - first)
    if reach > 0 and np.isfinite(reach):
        return max(low, first - reach), min(high, last + reach)
    return low, high


def _heights(column: NumericColumn, edges: Floats) -> Floats:
    """Return the share of each bin; the first and the last also hold what lies beyond them."""
    inner = column.sketch.share_up_to(edges[1:-1])
    return np.diff(np.concatenate([[0.0], inner, [1.0]]))


def _range(columns: Sequence[NumericColumn], edges: Floats, place: int) -> str:
    lows, highs = [column.minimum or 0.0 for column in columns], [column.maximum or 0.0 for column in columns]
    first = float(edges[place]) if place else min(lows)
    last = float(edges[place + 1]) if place < len(edges) - 2 else max(highs)
    temporal = columns[0].temporal
    return f"{shown(first, temporal=temporal)} to {shown(last, temporal=temporal)}"
