"""The profile of a partition in the lake: written, read again, the same at every run."""

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.errors import SourceMissing
from driftgate.lake import lake, publish
from driftgate.profiles import profile_partition, profile_table, read_profile

KEY = "2013-01-01"
TABLE = pa.table({"carrier": ["AA", "UA", None], "delay": [1.0, 2.0, 3.0]})


def test_a_partitions_profile_is_written_and_read_again() -> None:
    publish(lake(), uris.partition("validated", "flights", KEY), TABLE)
    first = profile_partition("flights", KEY)
    assert first.columns == profile_table(TABLE).columns
    assert read_profile("flights", KEY) == first
    assert profile_partition("flights", KEY).hash == first.hash
    assert read_profile("flights", "2013-01-02") is None


def test_a_partition_without_rows_has_a_profile_of_its_columns() -> None:
    publish(lake(), uris.partition("validated", "flights", KEY), TABLE.slice(0, 0))
    profile = profile_partition("flights", KEY)
    assert (profile.rows, sorted(profile.columns)) == (0, ["carrier", "delay"])


def test_a_partition_that_is_not_published_has_no_profile() -> None:
    with pytest.raises(SourceMissing, match="Nothing is published at"):
        profile_partition("flights", KEY)
