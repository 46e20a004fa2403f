"""From an Arrow column to what a profile keeps of it."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from driftgate.profiles.columns import CategoricalColumn, NumericColumn
from driftgate.profiles.distinct import distinct_estimate, distinct_sketch
from driftgate.profiles.sketches import POINTS, Floats, Integers, weighted_sketch

if TYPE_CHECKING:
    import pyarrow as pa

# More categories than this are counted together as "others": a profile stays small whatever a column holds.
MAX_CATEGORIES = 256
# A longer text is counted with the others, never by name: it is prose, not a category.
LONGEST_CATEGORY = 200
LARGEST_WHOLE = 2.0**52  # beyond, a double's steps are not 1
WIDEST_COUNTED = 2**20  # 8 MB of counts


def profile_column(column: "pa.ChunkedArray", *, most: int = MAX_CATEGORIES) -> NumericColumn | CategoricalColumn:
    """Return the profile of one Arrow column; numbers and times are numeric, everything else is categorical."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    temporal = pa.types.is_timestamp(kind) or pa.types.is_date(kind)
    if temporal:
        microseconds = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
        column = pc.divide(pc.cast(microseconds, pa.float64(), safe=False), 1e6)  # the year 9999 has no exact double
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return _categorical(column, most)
    numbers = column.cast(pa.float64(), safe=False).drop_null().to_numpy()
    return numeric_column(numbers, rows=len(column), temporal=temporal)


def numeric_column(values: Floats, *, rows: int, temporal: bool = False) -> NumericColumn:
    """Return the profile of ``values``, the known ones of ``rows`` rows."""
    usable = np.isfinite(values)
    known = values if usable.all() else values[~np.isnan(values)]  # most columns need no copy
    finite = (values if usable.all() else values[usable]) + 0.0  # makes -0.0 a 0.0, which has other bits
    distinct, counts = counted(finite)
    mean, deviations = _moments(finite)
    summary = distinct_values(distinct)
    return NumericColumn(
        temporal=temporal,
        count=len(finite),
        nulls=rows - len(known),
        infinite=len(known) - len(finite),
        zeros=len(finite) - int(np.count_nonzero(finite)),
        distinct=len(distinct),
        distinct_sketch=summary,
        mean=mean,
        squared_deviations=deviations,
        minimum=float(distinct[0]) if len(distinct) else None,
        maximum=float(distinct[-1]) if len(distinct) else None,
        sketch=weighted_sketch(distinct, counts),
    )


def counted(finite: Floats) -> tuple[Floats, Integers]:
    """Return the sorted different values and how often each occurs, as ``np.unique`` does.

    Whole numbers that lie close together (codes, hours, minutes) are counted in one pass instead of sorted.
    """
    if len(finite):
        low, high = finite.min(), finite.max()
        if abs(low) < LARGEST_WHOLE and high - low < min(len(finite), WIDEST_COUNTED):
            places = finite.astype(np.int64)
            if np.array_equal(places, finite):
                counts = np.bincount(places - int(low))
                found = np.flatnonzero(counts)
                return found + low, counts[found]
    return np.unique(finite, return_counts=True)


def distinct_values(values: Floats, others: Sequence[str] = ()) -> str | None:
    """Return the distinct sketch of the different numbers ``values``, None while a numeric sketch holds them all."""
    if len(values) <= POINTS and not others:
        return None
    return distinct_sketch(values.view(np.int64).data, others)  # a list of them would cost more than the sketch


def words_column(
    counts: Mapping[str, int],
    *,
    nulls: int,
    most: int,
    others: int = 0,
    words: Iterable[str] = (),
    sketches: Sequence[str] = (),
    lengths: Sequence[int | None] = (),
) -> CategoricalColumn:
    """Return the profile of words that were counted.

    :param others: how many rows hold words that are not in ``counts``
    :param words: those words, unless ``sketches`` have seen them
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:most])
    count = sum(counts.values()) + others
    rest = count - sum(kept.values())
    sketch = distinct_sketch([*counts, *words], sketches) if rest else None
    known = [length for length in lengths if length is not None]
    return CategoricalColumn(
        count=count,
        nulls=nulls,
        categories=kept,
        others=rest,
        shortest=min(known, default=None),
        longest=max(known, default=None),
        distinct=len(kept) if sketch is None else distinct_estimate(sketch),
        distinct_sketch=sketch,
    )


def _moments(finite: Floats) -> tuple[float, float]:
    """Return mean and sum of squared deviations, both finite whatever the values are."""
    if not len(finite):
        return 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(finite.mean())
        if not np.isfinite(mean):  # the sum was too large for a double
            mean = float((finite / len(finite)).sum())
        return mean, min(float(np.square(finite - mean).sum()), sys.float_info.max)


def _categorical(column: "pa.ChunkedArray", most: int) -> CategoricalColumn:
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = column.cast(pa.string()).drop_null().value_counts()
    words, counts = counted.field("values"), counted.field("counts").to_numpy()
    lengths = pc.utf8_length(words)
    named = np.flatnonzero(lengths.to_numpy() <= LONGEST_CATEGORY)
    if len(named) > most:  # sorting a million words would cost a second; the order of their arrival is as good
        named = named[np.argsort(-counts[named], kind="stable")[:most]]
    kept = dict(zip(words.take(pa.array(named)).to_pylist(), counts[named].tolist(), strict=True))
    others = int(counts.sum()) - sum(kept.values())
    extremes: dict[str, Any] = pc.min_max(lengths).as_py()
    return words_column(
        kept,
        nulls=column.null_count,
        most=most,
        others=others,
        words=words.to_pylist() if others else (),
        lengths=list(extremes.values()),
    )
