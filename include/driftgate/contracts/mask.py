"""Which rows break a rule: the contract once more, as a mask over the Arrow table.

Great Expectations judges with the suite made in ``suite.py``; a test holds the two equal, rule by rule.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Rule

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
_ROW = " row"  # no column of a contract is named so


def broken_rows(rule: Rule, table: "pa.Table") -> "Mask":
    """Return, for each row of ``table``, whether it breaks ``rule``, whatever share of rows may do so.

    A rule about the number of rows is broken by none of them.
    """
    import numpy as np  # here and below: parsing a DAG file loads this module and must not pay for numpy

    broken = _BROKEN.get(rule.kind)
    return broken(rule, table.select(rule.columns)) if broken else np.zeros(table.num_rows, dtype=np.bool_)


def whole_value(pattern: str) -> str:
    """Return ``pattern`` as a regular expression that has to match the whole value."""
    return rf"\A(?:{pattern})\Z"


def _nulls(_: Rule, table: "pa.Table") -> "Mask":
    return _numpy(table.column(0).is_null())


def _unique(_: Rule, table: "pa.Table") -> "Mask":
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = pa.table([_comparable(column) for column in table.columns], table.column_names)
    known = keys.append_column(_ROW, pa.array(np.arange(table.num_rows))).drop_null()
    groups = known.group_by(table.column_names, use_threads=False).aggregate([(_ROW, "list"), (_ROW, "count")])
    repeated = groups.filter(pc.greater(groups[f"{_ROW}_count"], 1))[f"{_ROW}_list"].combine_chunks().flatten()
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    mask[repeated.to_numpy()] = True
    return mask


def _values(rule: Rule, table: "pa.Table") -> "Mask":
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _comparable(table.column(0))
    known = pc.is_in(column, value_set=pa.array(rule.values, column.type))
    return ~_numpy(known) & _numpy(column.is_valid())


def _pattern(rule: Rule, table: "pa.Table") -> "Mask":
    import numpy as np

    pattern = re.compile(whole_value(str(rule.pattern)))
    column = table.column(0).combine_chunks().dictionary_encode()
    broken = [not pattern.search(value) for value in column.dictionary.to_pylist()]
    mask: Mask = np.array([*broken, False])[column.indices.fill_null(len(broken)).to_numpy()]
    return mask


def _range(rule: Rule, table: "pa.Table") -> "Mask":
    import numpy as np
    import pyarrow.compute as pc

    column = table.column(0)
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    if rule.minimum is not None:
        mask |= _numpy(pc.less(column, rule.minimum).fill_null(False))
    if rule.maximum is not None:
        mask |= _numpy(pc.greater(column, rule.maximum).fill_null(False))
    return mask


_BROKEN: dict[str, Callable[[Rule, Any], "Mask"]] = {
    "nulls": _nulls,
    "unique": _unique,
    "values": _values,
    "pattern": _pattern,
    "range": _range,
}


def _comparable(column: Any) -> Any:
    """Return ``column`` as values that are equal when a person would say so."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        return pc.add(column, 0.0)  # makes -0.0 a 0.0, which Arrow holds for another value
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())  # a value of the contract may not fit into the column's own type
    return column


def _numpy(booleans: Any) -> "Mask":
    mask: Mask = booleans.to_numpy()
    return mask
