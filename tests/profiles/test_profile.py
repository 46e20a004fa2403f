"""A profile counts everything once, and two profiles merge into the profile of both tables."""

import itertools
import math
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.profiles import CategoricalColumn, HiddenColumn, NumericColumn, Profile, merge, profile_table
from driftgate.profiles.profile import CHUNK_ROWS, THREADED_ROWS, profile_batches
from driftgate.profiles.reading import LARGEST_WHOLE, LONGEST_CATEGORY, MAX_CATEGORIES, counted

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
    assert (x.count, x.nulls, x.infinite, x.mean, x.squared_deviations, x.minimum, x.maximum) == (3, 2, 1, 2, 2, 1, 3)
    assert x.standard_deviation == pytest.approx(np.std([1, 2, 3]))
    assert c == CategoricalColumn(
        count=4, nulls=2, categories={"b": 3, "a": 1}, others=0, shortest=1, longest=1, distinct=2
    )


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
        assert found.rows == whole.rows
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


def cut(table: pa.Table, *places: int) -> list[pa.RecordBatch]:
    """Return the rows of ``table`` as batches that begin at ``places``."""
    edges = [0, *places, table.num_rows]
    pieces = [table.slice(first, last - first).combine_chunks() for first, last in itertools.pairwise(edges)]
    return [batch for piece in pieces for batch in piece.to_batches()]


@given(places=st.lists(st.integers(0, 500), max_size=8).map(sorted))
@settings(max_examples=30, deadline=None)
def test_however_the_rows_are_cut_the_profile_is_the_same_bytes(places: list[int]) -> None:
    table = flights(7, 500)
    assert profile_batches(cut(table, *places), table.schema).hash == profile_table(table).hash


def test_more_rows_than_a_chunk_are_the_same_bytes_however_they_are_cut_and_nothing_is_lost() -> None:
    rows = CHUNK_ROWS + 1000
    generator = np.random.default_rng(1)
    values = generator.normal(size=rows)
    table = pa.table({"x": values, "n": np.arange(rows) % 5000})
    profile = profile_batches(cut(table, 10, 700_000), table.schema)
    assert profile.hash == profile_table(table).hash
    x, n = profile.columns["x"], profile.columns["n"]
    assert isinstance(x, NumericColumn)
    assert (x.rows, x.mean) == (rows, pytest.approx(values.mean()))
    assert x.standard_deviation == pytest.approx(values.std())
    assert x.distinct == pytest.approx(rows, rel=0.05)
    assert n.distinct == pytest.approx(5000, rel=0.05)


def test_columns_in_threads_are_the_same_bytes_as_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    table = flights(3, THREADED_ROWS)
    threaded = profile_table(table).hash
    monkeypatch.setattr("driftgate.profiles.profile.MOST_THREADS", 1)
    assert profile_table(table).hash == threaded


NUMBERS = st.one_of(
    st.integers(-9, 9).map(float), st.floats(-10, 10), st.sampled_from([LARGEST_WHOLE + 2, -1e300, 1e300])
)


@given(st.lists(NUMBERS, max_size=60))
@settings(max_examples=100, deadline=None)
def test_counting_finds_what_sorting_finds(numbers: list[float]) -> None:
    values = np.array(numbers) + 0.0
    found, expected = counted(values), np.unique(values, return_counts=True)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


def test_no_batch_at_all_is_a_profile_of_no_rows() -> None:
    schema = pa.schema({"x": pa.float64(), "c": pa.string()})
    profile = profile_batches([], schema)
    assert (profile.rows, list(profile.columns)) == (0, ["x", "c"])


@pytest.mark.parametrize(
    ("values", "distinct", "zeros"),
    [
        ([], 0, 0),
        ([0.0, -0.0, 1.0, None], 2, 2),
        (list(range(1024)), 1024, 1),
        ([math.nan, math.inf, -math.inf], 0, 0),
        ([2**62, 2**62], 1, 0),
    ],
    ids=["none", "both zeros are one value", "as many as the sketch holds", "none is finite", "a large id"],
)
def test_distinct_values_and_zeros_of_a_small_column_are_exact(values: list, distinct: int, zeros: int) -> None:
    kind = pa.int64() if values and type(values[-1]) is int else pa.float64()
    column = profile_table(pa.table({"x": pa.array(values, kind)})).columns["x"]
    assert isinstance(column, NumericColumn)
    assert (column.distinct, column.distinct_sketch, column.zeros) == (distinct, None, zeros)


def test_the_largest_numbers_there_are_make_a_profile_that_can_be_written() -> None:
    table = pa.table({"x": [1.7e308, -1.7e308, 1.7e308]})
    both = merge(profile_table(table), profile_table(table))
    assert Profile.model_validate_json(both.canonical()) == both


@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_many_distinct_values_are_counted_to_a_few_percent_also_when_merged(kind: str) -> None:
    def table(first: int, last: int) -> pa.Table:
        numbers = np.arange(first, last) * 1.5
        return pa.table({"x": numbers if kind == "numbers" else [f"N{number}" for number in numbers]})

    one, two = profile_table(table(0, 60_000)), profile_table(table(40_000, 100_000))
    assert one.columns["x"].distinct == pytest.approx(60_000, rel=0.05)
    assert merge(one, two).columns["x"].distinct == pytest.approx(100_000, rel=0.05)
    assert len(one.columns["x"].distinct_sketch or "") < 3000


def test_few_values_on_each_of_two_days_are_counted_exactly_together() -> None:
    one, two = ({"x": [1.0, 2.0], "c": ["a", "b"]}, {"x": [2.0, 3.0], "c": ["b", "c"]})
    merged = merge(profile_table(pa.table(one)), profile_table(pa.table(two)))
    assert [column.distinct for column in merged.columns.values()] == [3, 3]


def test_the_lengths_of_words_are_in_characters_and_prose_is_never_kept() -> None:
    column = profile_table(pa.table({"c": ["é", "abc", "x" * (LONGEST_CATEGORY + 1)]})).columns["c"]
    assert isinstance(column, CategoricalColumn)
    assert (column.shortest, column.longest) == (1, LONGEST_CATEGORY + 1)
    assert (column.categories, column.others, column.distinct) == ({"abc": 1, "é": 1}, 1, 3)


def test_of_a_hidden_column_only_counts_are_kept() -> None:
    table = pa.table({"mail": ["a@x.org", "b@x.org", "a@x.org", None], "pin": [1234, 5678, 9012, 3456]})
    profile = profile_batches(table.to_batches(), table.schema, hidden={"mail", "pin"})
    assert profile.columns["mail"] == HiddenColumn(count=3, nulls=1, distinct=2)
    assert profile.columns["pin"] == HiddenColumn(count=4, nulls=0, distinct=4)
    written = profile.canonical().decode()
    assert not [value for value in ("x.org", "1234", "5678", "9012") if value in written]
    assert merge(profile, profile).columns["mail"] == HiddenColumn(count=6, nulls=2)


OLD = (
    '{"columns":{"c":{"categories":{"a":2},"count":2,"kind":"categorical","nulls":1,"others":0},"x":{"count":2,'
    '"kind":"numeric","maximum":3.0,"mean":2.0,"minimum":1.0,"nulls":1,"sketch":{"values":[1.0,3.0],"weights":[1,1]},'
    '"squared_deviations":2.0}},"rows":3,"schema_version":1}'
)


def test_a_profile_of_the_first_version_is_read_and_merged_but_does_not_claim_what_it_did_not_count() -> None:
    old = Profile.model_validate_json(OLD)
    merged = merge(old, profile_table(pa.table({"x": [1.0, None], "c": ["b", "a"]})))
    assert merged.rows == 5
    x = merged.columns["x"]
    assert isinstance(x, NumericColumn)
    assert (x.distinct, x.zeros, x.count) == (None, None, 3)


GOLDEN = (
    '{"columns":{"c":{"categories":{"a":2},"count":2,"distinct":1,"distinct_sketch":null,"kind":"categorical",'
    '"longest":1,"nulls":1,"others":0,"shortest":1},"x":{"count":2,"distinct":2,"distinct_sketch":null,"infinite":0,'
    '"kind":"numeric","maximum":3.0,"mean":2.0,"minimum":1.0,"nulls":1,"sketch":{"values":[1.0,3.0],"weights":[1,1]},'
    '"squared_deviations":2.0,"temporal":false,"zeros":0}},"findings":[],"quality":null,"rows":3,"schema_version":2}'
)


def test_the_golden_profile_is_written_and_read_unchanged() -> None:
    profile = profile_table(pa.table({"x": [1.0, 3.0, None], "c": ["a", "a", None]}))
    assert profile.canonical().decode() == GOLDEN
    assert Profile.model_validate_json(GOLDEN) == profile
