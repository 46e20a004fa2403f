"""A profile counts everything once, and two profiles merge into the profile of both tables."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.errors import SourceMissing
from driftgate.lake import lake, publish
from driftgate.monitoring.profiles import (
    MAX_CATEGORIES,
    CategoricalColumn,
    NumericColumn,
    Profile,
    merge,
    profile_partition,
    profile_table,
    read_profile,
)

CARRIERS = ["AA", "B6", "UA", "WN"]


def flights(seed: int, rows: int) -> pa.Table:
    generator = np.random.default_rng(seed)
    distance = generator.integers(80, 5000, rows).astype(float)
    return pa.table(
        {
            "carrier": pa.array([None if n % 17 == 0 else CARRIERS[n % 4] for n in range(rows)], pa.string()),
            "distance": pa.array(distance, mask=generator.random(rows) < 0.1),
            "delay": pa.array(np.where(generator.random(rows) < 0.05, np.nan, generator.normal(size=rows))),
            "departure": pa.array([datetime(2013, 1, 1 + n % 28, n % 24) for n in range(rows)], pa.timestamp("us")),
            "cancelled": pa.array([n % 40 == 0 for n in range(rows)], pa.bool_()),
        }
    )


def test_the_numbers_of_a_column_known_by_hand() -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0, None, float("nan"), float("inf")], "c": ["b", "a", "b", None, None, "b"]})
    profile = profile_table(table)
    x, c = profile.columns["x"], profile.columns["c"]
    assert isinstance(x, NumericColumn)
    assert (x.count, x.nulls, x.mean, x.squared_deviations, x.minimum, x.maximum) == (3, 3, 2.0, 2.0, 1.0, 3.0)
    assert x.standard_deviation == pytest.approx(np.std([1, 2, 3]))
    assert c == CategoricalColumn(count=4, nulls=2, categories={"b": 3, "a": 1}, others=0)


def test_times_count_as_seconds_and_booleans_as_words() -> None:
    table = pa.table({"at": pa.array([datetime(1970, 1, 2)], pa.timestamp("us")), "late": [True]})
    profile = profile_table(table)
    assert profile.columns["at"].minimum == 86400.0  # type: ignore[union-attr]  # a timestamp is numeric
    assert profile.columns["late"].categories == {"true": 1}  # type: ignore[union-attr]  # a boolean is a word


@pytest.mark.parametrize(("seed", "left", "right"), [(1, 300, 700), (2, 1, 999), (3, 5000, 4000), (4, 0, 50)])
def test_merged_profiles_equal_the_profile_of_both_tables(seed: int, left: int, right: int) -> None:
    a, b = flights(seed, left), flights(seed + 100, right)
    merged, whole = merge(profile_table(a), profile_table(b)), profile_table(pa.concat_tables([a, b]))
    assert merged.rows == whole.rows
    for name, expected in whole.columns.items():
        found = merged.columns[name]
        assert (found.count, found.nulls) == (expected.count, expected.nulls)
        assert found.count + found.nulls == whole.rows
        if isinstance(expected, NumericColumn) and isinstance(found, NumericColumn):
            assert (found.minimum, found.maximum) == (expected.minimum, expected.maximum)
            assert found.mean == pytest.approx(expected.mean, abs=1e-9)
            assert found.squared_deviations == pytest.approx(expected.squared_deviations)
            places = expected.sketch.quantiles([n / 20 for n in range(1, 20)])
            assert found.sketch.share_up_to(places) == pytest.approx(expected.sketch.share_up_to(places), abs=0.01)
        else:
            assert found == expected


def test_a_hundred_thousand_categories_stay_a_small_profile_that_counts_every_row() -> None:
    names = [f"N{number}" for number in range(100_000)] + ["N7"] * 10
    column = profile_table(pa.table({"tail": names})).columns["tail"]
    assert isinstance(column, CategoricalColumn)
    assert len(column.categories) == MAX_CATEGORIES
    assert column.categories["N7"] == 11
    assert sum(column.categories.values()) + column.others == 100_010


def test_a_column_that_one_day_had_no_word_for_still_merges() -> None:
    words, none = pa.table({"gust": ["a", "b"]}), pa.table({"gust": pa.array([None, None], pa.float64())})
    assert merge(profile_table(none), profile_table(words)).columns["gust"].nulls == 2


def test_a_partitions_profile_is_written_and_read_again() -> None:
    publish(lake(), uris.partition("validated", "flights", "2013-01-01"), flights(1, 200))
    first = profile_partition("flights", "2013-01-01")
    assert read_profile("flights", "2013-01-01") == first
    assert profile_partition("flights", "2013-01-01").hash == first.hash
    assert read_profile("flights", "2013-01-02") is None


def test_a_partition_that_is_not_published_has_no_profile() -> None:
    with pytest.raises(SourceMissing, match="Nothing is published at"):
        profile_partition("flights", "2013-01-01")


GOLDEN = (
    '{"columns":{"c":{"categories":{"a":2},"count":2,"kind":"categorical","nulls":1,"others":0},"x":{"count":2,'
    '"kind":"numeric","maximum":3.0,"mean":2.0,"minimum":1.0,"nulls":1,"sketch":{"values":[1.0,3.0],"weights":[1,1]},'
    '"squared_deviations":2.0}},"rows":3,"schema_version":1}'
)


def test_the_golden_profile_is_written_and_read_unchanged() -> None:
    profile = profile_table(pa.table({"x": [1.0, 3.0, None], "c": ["a", "a", None]}))
    assert profile.canonical().decode() == GOLDEN
    assert Profile.model_validate_json(GOLDEN) == profile
