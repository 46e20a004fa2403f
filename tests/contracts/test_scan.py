"""A scan holds a batch at a time, whatever the size of the partition, and judges from nothing that it did not count."""

import numpy as np
import pyarrow as pa
import pytest
from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations import ExpectColumnMeanToBeBetween

from driftgate.contracts.contract import Rule
from driftgate.contracts.judge import Counted
from driftgate.contracts.rows import Rows
from driftgate.contracts.scan import Scan
from driftgate.contracts.tally import Tally

from .test_properties import contract_of

SCHEMA = pa.schema({"code": pa.string(), "count": pa.int32(), "amount": pa.float64()})
BATCHES, SIZE = 60, 20_000


def test_the_memory_of_a_scan_does_not_grow_with_the_partition(tmp_path):
    allocated: list[int] = []

    def batches(columns):
        for number in range(BATCHES):
            first = number * SIZE
            codes = pa.array([f"code {place}" for place in range(first, first + SIZE)])
            counts = pa.array(np.full(SIZE, number % 7, dtype=np.int32))
            batch = pa.record_batch(
                [codes, counts, pa.array(np.arange(first, first + SIZE, dtype=float))], schema=SCHEMA
            )
            allocated.append(pa.total_allocated_bytes())
            yield batch if columns is None else batch.select(columns)

    rules = [
        ("unique", {"columns": ("code",)}, "row"),
        ("pattern", {"columns": ("code",), "pattern": r"code \d+"}, "row"),
        ("values", {"columns": ("count",), "values": (0, 1, 2, 3, 4, 5)}, "row"),
        ("range", {"columns": ("amount",), "minimum": 10}, "row"),
    ]
    contract = contract_of(rules)
    tally = Tally(contract, contract.rules)
    for batch in Scan(contract.rules, Rows(SCHEMA, BATCHES * SIZE, batches), tmp_path):
        tally.add(batch)

    assert [count.broken for count in tally.counts.values()] == [0, 0, 8 * SIZE, 10]
    # The whole is more than 30 MB; a few batches of half a megabyte may be alive at once.
    assert max(allocated) - min(allocated) < 8_000_000


def test_an_expectation_that_asks_for_what_was_not_counted_does_not_judge():
    contract = contract_of([("range", {"columns": ("amount",), "minimum": 1}, "warn")])
    (rule,) = contract.rules
    assert isinstance(rule, Rule)
    mean = ExpectColumnMeanToBeBetween(column="amount", min_value=1)
    with pytest.raises(GreatExpectationsError, match=r"column\.mean"):
        mean.metrics_validate(Counted(rule, Tally(contract, contract.rules)))
