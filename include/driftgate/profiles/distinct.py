"""How many different values a column has, when they are too many to keep: HyperLogLog of Apache DataSketches.

2 KB however many values there are, a standard error of 1.6 %, and equal input in equal order gives equal bytes. The
sketch remembers hashes of values, so it is never kept of a column whose values must not be shown.
"""

from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable
from typing import Any

LOG2_REGISTERS = 12


def distinct_sketch(values: Iterable[int | str], others: Iterable[str] = ()) -> str:
    """Return, as text, the sketch of ``values`` and of everything that the sketches ``others`` have seen."""
    import datasketches

    sketch = datasketches.hll_sketch(LOG2_REGISTERS, datasketches.tgt_hll_type.HLL_4)
    deque(map(sketch.update, values), maxlen=0)  # a fifth faster than a loop
    together = [sketch, *map(_read, others)]
    if len(together) > 1:
        union = datasketches.hll_union(LOG2_REGISTERS)
        for part in together:
            union.update(part)
        sketch = union.get_result(datasketches.tgt_hll_type.HLL_4)
    return b64encode(sketch.serialize_compact()).decode()


def distinct_estimate(sketch: str) -> int:
    """Return about how many different values ``sketch`` has seen."""
    estimate: float = _read(sketch).get_estimate()
    return round(estimate)


def _read(sketch: str) -> Any:
    import datasketches

    return datasketches.hll_sketch.deserialize(b64decode(sketch))
