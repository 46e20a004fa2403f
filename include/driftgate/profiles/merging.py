"""Columns of several tables, merged into the column of all their rows together."""

import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np

from driftgate.profiles.columns import CategoricalColumn, HiddenColumn, NumericColumn
from driftgate.profiles.distinct import distinct_estimate
from driftgate.profiles.reading import MAX_CATEGORIES, distinct_values, words_column
from driftgate.profiles.sketches import merge_sketches

AnyColumn = NumericColumn | CategoricalColumn | HiddenColumn


def merge_columns(columns: Sequence[AnyColumn], *, most: int = MAX_CATEGORIES) -> AnyColumn:
    """Return the column of all rows together; once hidden is always hidden."""
    numeric = [column for column in columns if isinstance(column, NumericColumn)]
    if len(numeric) == len(columns):
        return _merge_numeric(numeric)
    if any(isinstance(column, HiddenColumn) for column in columns):
        nulls = sum(column.nulls for column in columns)
        return HiddenColumn(count=sum(column.rows for column in columns) - nulls, nulls=nulls)
    return _merge_words(columns, most)


def _merge_words(columns: Sequence[AnyColumn], most: int) -> CategoricalColumn:
    counts: Counter[str] = Counter()
    lengths: list[int | None] = []
    sketches, others = [], 0
    for column in columns:
        if isinstance(column, CategoricalColumn):
            counts.update(column.categories)
            others += column.others
            lengths += [column.shortest, column.longest]
            sketches += [column.distinct_sketch] if column.distinct_sketch else []
        else:  # one table had no word in this column, so Arrow called it numeric: only its nulls can be merged
            others += column.rows - column.nulls
    nulls = sum(column.nulls for column in columns)
    return words_column(counts, nulls=nulls, most=most, others=others, sketches=sketches, lengths=lengths)


def _merge_numeric(columns: Sequence[NumericColumn]) -> NumericColumn:
    # Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    count = sum(column.count for column in columns)
    mean = sum(column.mean * (column.count / count) for column in columns) if count else 0.0
    deviations = sum(
        column.squared_deviations + column.count * (column.mean - mean) * (column.mean - mean) for column in columns
    )
    lows = [column.minimum for column in columns if column.minimum is not None]
    highs = [column.maximum for column in columns if column.maximum is not None]
    zeros = [column.zeros for column in columns if column.zeros is not None]
    distinct, summary = _merge_distinct(columns)
    return NumericColumn(
        temporal=all(column.temporal for column in columns),
        count=count,
        nulls=sum(column.nulls for column in columns),
        infinite=sum(column.infinite for column in columns),
        zeros=sum(zeros) if len(zeros) == len(columns) else None,
        distinct=distinct,
        distinct_sketch=summary,
        mean=mean,
        squared_deviations=min(deviations, sys.float_info.max),
        minimum=min(lows, default=None),
        maximum=max(highs, default=None),
        sketch=merge_sketches(column.sketch for column in columns),
    )


def _merge_distinct(columns: Sequence[NumericColumn]) -> tuple[int | None, str | None]:
    if any(column.distinct is None for column in columns):
        return None, None
    sketches = [column.distinct_sketch for column in columns if column.distinct_sketch]
    exact = [column.sketch.values for column in columns if not column.distinct_sketch]
    values = np.unique(np.concatenate([np.array(part, dtype=float) for part in [(), *exact]]))
    summary = distinct_values(values, sketches)
    return len(values) if summary is None else distinct_estimate(summary), summary
