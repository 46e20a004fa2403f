"""What differs between two partitions so much that a person should look; monitoring's verdicts are made elsewhere."""

from collections.abc import Iterator

import numpy as np

from driftgate.profiles.columns import CategoricalColumn, Column, NumericColumn
from driftgate.profiles.findings import percent
from driftgate.profiles.numbers import number
from driftgate.profiles.profile import Profile
from driftgate.records import Record

ROWS_FACTOR = 1.5  # so many times more or fewer rows
SHARE_STEP = 0.05  # of all rows, more or fewer missing
DISTANCE = 0.3  # largest difference of cumulative shares (numbers), or half the sum of differences of shares (words)
CATEGORY_SHARE = 0.01  # a category that comes or goes is told from this share on
MOST_CATEGORIES = 5
NOISE = 1.63  # Kolmogorov-Smirnov's critical value at 1 %: small partitions differ by chance


class Change(Record):
    """One thing that stands out against an earlier partition; ``column`` is None for the partition as a whole."""

    column: str | None
    sentence: str


def changes(now: Profile, before: Profile) -> tuple[Change, ...]:
    """Return what stands out in ``now`` against ``before``."""
    found = [Change(column=None, sentence=sentence) for sentence in _of_table(now, before)]
    for name, column in now.columns.items():
        if name in before.columns and column.rows and before.columns[name].rows:
            found += [Change(column=name, sentence=text) for text in _of_column(column, before.columns[name])]
    return tuple(found)


def _of_table(now: Profile, before: Profile) -> Iterator[str]:
    if not now.rows or not before.rows or max(now.rows / before.rows, before.rows / now.rows) >= ROWS_FACTOR:
        yield f"{now.rows:,} rows, {before.rows:,} before"
    for what, names in (("new", now.columns.keys() - before.columns), ("gone", before.columns.keys() - now.columns)):
        if names:
            yield f"columns {what}: {', '.join(sorted(names))}"


def _of_column(now: Column, before: Column) -> Iterator[str]:
    if now.kind != before.kind:
        yield f"{now.kind} now, {before.kind} before"
        return
    missing = now.nulls / now.rows, before.nulls / before.rows
    if abs(missing[0] - missing[1]) >= SHARE_STEP:
        yield f"{percent(missing[0])} missing, {percent(missing[1])} before"
    if isinstance(now, NumericColumn) and isinstance(before, NumericColumn):
        yield from _of_numbers(now, before)
    if isinstance(now, CategoricalColumn) and isinstance(before, CategoricalColumn):
        yield from _of_words(now, before)


def _of_numbers(now: NumericColumn, before: NumericColumn) -> Iterator[str]:
    if now.infinite and not before.infinite:
        yield f"{now.infinite:,} infinite values, none before"
    if now.temporal or not now.count or not before.count:  # a time is always later than the one before
        return
    places = np.union1d(now.sketch.values, before.sketch.values)
    distance = float(np.abs(now.sketch.share_up_to(places) - before.sketch.share_up_to(places)).max())
    if distance >= _threshold(now, before):
        medians = [number(column.sketch.quantiles([0.5])[0]) for column in (now, before)]
        yield f"values moved: median {medians[0]}, {medians[1]} before"


def _of_words(now: CategoricalColumn, before: CategoricalColumn) -> Iterator[str]:
    if not now.count or not before.count:
        return
    for what, column, other in (("new", now, before), ("gone", before, now)):
        if not other.others:  # else it may be among those
            names = [
                name
                for name, count in column.categories.items()
                if name not in other.categories and count / column.count >= CATEGORY_SHARE
            ]
            more = f" and {len(names) - MOST_CATEGORIES} more" if len(names) > MOST_CATEGORIES else ""
            if names:
                yield f"{what}: {', '.join(names[:MOST_CATEGORIES])}{more}"
    names = sorted(now.categories.keys() & before.categories.keys())
    shares = [np.array([column.categories[name] for name in names]) / column.count for column in (now, before)]
    rest = abs(shares[0].sum() - shares[1].sum())
    if float(np.abs(shares[0] - shares[1]).sum() + rest) / 2 >= _threshold(now, before):
        yield "shares of categories moved"


def _threshold(now: Column, before: Column) -> float:
    return max(DISTANCE, NOISE * float(np.sqrt(1 / now.count + 1 / before.count)))
