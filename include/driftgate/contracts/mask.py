"""Which rows break a rule: the contract once more, as masks over Arrow batches.

Great Expectations judges by the suite made in ``suite.py`` from what is counted here; a test holds the two equal, rule
by rule. Arrow's kernels judge a million rows by fifty rules in half a second, DuckDB's one query takes twice as long.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Rule
from driftgate.contracts.keys import Connection, comparable, repeated_rows, unknown_rows
from driftgate.contracts.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Find = Callable[[pa.RecordBatch, int], Mask | None]
    Known = Callable[[], Iterator[pa.RecordBatch]]

SAMPLE, MANY = 1_000, 500  # a column whose first 1,000 values have more than 500 different ones is not worth encoding
# Patterns that mean the same to Python's engine and to Arrow's ten times faster one, as long as the text is ASCII.
_PLAIN = r"[\w @,:;/#%&=<>!~'\"-]"
_ESCAPED = r"\\[d.+*?(){}|\[\]/@-]"
_IN_SET = rf"(?:{_PLAIN}|{_ESCAPED}|[.+*?(){{}}|$])"
_TIMES = r"(?:[*+?]|\{\d{1,2}(?:,\d{0,2})?\})?"
PORTABLE = re.compile(rf"(?:(?:{_PLAIN}|{_ESCAPED}|\.|\[\^?{_IN_SET}+\]){_TIMES})*", re.ASCII)


@dataclass(frozen=True)
class Facts:
    """What the rules need beyond the batch they look at.

    ``known`` gives, for the id of a rule about another dataset, the values that occur there, in batches of one column.
    """

    rows: Rows
    connection: "Connection"
    known: "Mapping[str, Known]"


def finder(rule: Rule, facts: Facts) -> "Find":
    """Return what finds the rows of a batch that break ``rule``, whatever share of rows may do so.

    It takes the batch, in which NaN is missing already, and the number of its first row; it returns a mask, or None
    when no row does. A rule about the number of rows is broken by none of them.
    """
    make = _FINDERS.get(rule.kind)
    return make(rule, facts) if make else _nothing


def without_nan(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Return ``batch`` as the rules see it: NaN is a missing value, and there is one zero."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([comparable(column) for column in batch.columns], names=batch.schema.names)


def whole_value(pattern: str) -> str:
    """Return ``pattern`` as a regular expression that has to match the whole value."""
    return rf"\A(?:{pattern})\Z"


def _nothing(_: "pa.RecordBatch", __: int) -> None:
    return None


def _nulls(rule: Rule, _: Facts) -> "Find":
    def find(batch: "pa.RecordBatch", _: int) -> "Mask | None":
        column = batch.column(rule.columns[0])
        return _numpy(column.is_null()) if column.null_count else None

    return find


def _unique(rule: Rule, facts: Facts) -> "Find":
    return _part_of(repeated_rows(facts.rows, rule.columns, facts.connection))


def _reference(rule: Rule, facts: Facts) -> "Find":
    return _part_of(unknown_rows(facts.rows, rule.columns[0], facts.known[rule.id](), facts.connection))


def _part_of(mask: "Mask") -> "Find":
    return lambda batch, first: mask[first : first + batch.num_rows]


def _values(rule: Rule, facts: Facts) -> "Find":
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = facts.rows.schema.field(rule.columns[0]).type
    allowed = pa.array([value for value in rule.values if _fits(value, kind)], kind)

    def find(batch: "pa.RecordBatch", _: int) -> "Mask":
        column = batch.column(rule.columns[0])
        return ~_numpy(pc.or_(pc.is_in(column, value_set=allowed), column.is_null()))

    return find


def _fits(value: Any, kind: Any) -> bool:
    """Return whether a column of this type can hold ``value`` at all."""
    import pyarrow as pa

    return not pa.types.is_int32(kind) or -(2**31) <= value < 2**31


def _pattern(rule: Rule, _: Facts) -> "Find":
    import numpy as np
    import pyarrow.compute as pc

    pattern = str(rule.pattern)
    matches, portable = re.compile(whole_value(pattern)).search, PORTABLE.fullmatch(pattern)

    def find(batch: "pa.RecordBatch", _: int) -> "Mask":
        column = batch.column(rule.columns[0])
        if portable and _has_many(column) and pc.all(pc.string_is_ascii(column)).as_py():
            return ~_numpy(pc.match_substring_regex(column, rf"\A(?:{pattern})\z").fill_null(True))
        encoded = column.dictionary_encode()
        broken = [found is None for found in map(matches, encoded.dictionary.to_pylist())]
        mask: Mask = np.array([*broken, False])[encoded.indices.fill_null(len(broken)).to_numpy()]
        return mask

    return find


def _has_many(column: Any) -> bool:
    return len(column.slice(0, SAMPLE).unique()) > MANY


def _range(rule: Rule, _: Facts) -> "Find":
    import pyarrow.compute as pc

    def find(batch: "pa.RecordBatch", _: int) -> "Mask | None":
        column = batch.column(rule.columns[0])
        extremes = pc.min_max(column).as_py()
        mask = None
        if rule.minimum is not None and extremes["min"] is not None and extremes["min"] < rule.minimum:
            mask = _numpy(pc.less(column, rule.minimum).fill_null(False))
        if rule.maximum is not None and extremes["max"] is not None and extremes["max"] > rule.maximum:
            above = _numpy(pc.greater(column, rule.maximum).fill_null(False))
            mask = above if mask is None else mask | above
        return mask

    return find


_FINDERS: "dict[str, Callable[[Rule, Facts], Find]]" = {
    "nulls": _nulls,
    "unique": _unique,
    "reference": _reference,
    "values": _values,
    "pattern": _pattern,
    "range": _range,
}


def _numpy(booleans: Any) -> "Mask":
    mask: Mask = booleans.to_numpy(zero_copy_only=False)
    return mask
