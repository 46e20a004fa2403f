"""Rows become numbers in one way, whether they come as a table or as JSON."""

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.errors import ConfigError
from driftgate.models import Feature, Preprocessing
from driftgate.models.preprocessing import MAX_CATEGORIES

GOLDEN = (
    '{"features":[{"categories":["AA","UA"],"kind":"categorical","name":"carrier","null_value":null},'
    '{"categories":[],"kind":"numeric","name":"distance_miles","null_value":1020.5}],"schema_version":1}'
)


def fit(values: list[Any], kind: pa.DataType) -> Feature:
    return Preprocessing.fit(pa.table({"x": pa.array(values, kind)}), ["x"]).features[0]


def test_the_golden_preprocessing_is_written_and_read_unchanged() -> None:
    table = pa.table({"carrier": ["UA", "AA"], "distance_miles": pa.array([1000, 1041], pa.int32())})
    preprocessing = Preprocessing.fit(table, ["carrier", "distance_miles"])
    assert preprocessing.canonical().decode() == GOLDEN
    assert Preprocessing.model_validate(json.loads(GOLDEN)) == preprocessing


def test_a_table_and_json_rows_give_the_same_matrix(
    preprocessing: Preprocessing, table: pa.Table, rows: list[dict[str, Any]]
) -> None:
    matrix = preprocessing.encode_table(table)
    assert matrix.shape == (600, 6)
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, preprocessing.encode_rows(rows))
    assert [preprocessing.encode_row(row) for row in rows] == [row.tobytes() for row in matrix]


def test_no_rows_give_an_empty_matrix(preprocessing: Preprocessing, table: pa.Table) -> None:
    assert preprocessing.encode_rows([]).shape == preprocessing.encode_table(table.slice(0, 0)).shape == (0, 6)


def test_a_category_is_coded_by_its_place_and_an_unseen_one_is_nan(
    preprocessing: Preprocessing, rows: list[dict[str, Any]]
) -> None:
    assert preprocessing.features[0].categories == ("AA", "B6", "UA")
    assert preprocessing.encode_rows([{**rows[0], "carrier": "UA"}])[0, 0] == 2
    assert math.isnan(preprocessing.encode_rows([{**rows[0], "carrier": "ZZ"}])[0, 0])
    table = pa.Table.from_pylist([{**rows[1], "carrier": "ZZ"}])
    assert math.isnan(preprocessing.encode_table(table)[0, 0])


def test_a_null_is_nan_where_training_had_nulls_and_the_median_where_it_had_none(
    preprocessing: Preprocessing, table: pa.Table, rows: list[dict[str, Any]]
) -> None:
    empty = {**rows[0], "visibility_miles": None, "wind_gust_mph": None, "dest": None}
    encoded = dict(zip(preprocessing.names, preprocessing.encode_rows([empty])[0], strict=True))
    assert math.isnan(encoded["wind_gust_mph"])
    assert math.isnan(encoded["dest"])
    assert encoded["visibility_miles"] == np.median(table.column("visibility_miles").to_numpy())
    as_table = pa.Table.from_pylist([empty], schema=table.schema.remove(2).remove(1))
    np.testing.assert_array_equal(preprocessing.encode_table(as_table)[0], list(encoded.values()))


def test_of_too_many_categories_the_most_frequent_are_kept_and_equal_ones_by_name() -> None:
    rare = [f"N{n:03}" for n in range(300)]
    feature = fit([*rare, "often", "often"], pa.string())
    assert feature.categories == (*rare[: MAX_CATEGORIES - 1], "often")


def test_a_trainer_may_take_more_categories_of_a_column() -> None:
    table = pa.table({"tail_number": [f"N{number:04}" for number in range(1000)]})
    assert len(Preprocessing.fit(table, ["tail_number"]).features[0].categories) == MAX_CATEGORIES
    many = Preprocessing.fit(table, ["tail_number"], max_categories=5000)
    assert many.encode_rows([{"tail_number": "N0999"}]).tolist() == [[999.0]]


def test_int64_beyond_float_precision_is_rounded_alike_on_both_ways() -> None:
    value = 2**53 + 1
    table = pa.table({"x": pa.array([value, 1], pa.int64())})
    preprocessing = Preprocessing.fit(table, ["x"])
    assert preprocessing.encode_table(table)[0, 0] == preprocessing.encode_rows([{"x": value}])[0, 0]


@pytest.mark.parametrize("name", ["wind speed", 'a"b', "a:b", "[a]"])
def test_a_name_that_lightgbm_would_change_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="has a name that LightGBM does not keep"):
        Preprocessing.fit(pa.table({name: [1.0, 2.0]}), [name])


@pytest.mark.parametrize(
    ("values", "kind", "sentence"),
    [
        ([None, None], pa.float64(), "Feature 'x' is null in all 2 training rows; correct its join in features.sql"),
        ([math.nan, math.nan], pa.float64(), "Feature 'x' is null in all 2 training rows"),
        ([None, None], pa.string(), "Feature 'x' is null in all 2 training rows"),
        ([1.0, math.inf, -math.inf], pa.float64(), "Feature 'x' is infinite in 2 training rows; guard the division"),
        ([0, 1], pa.timestamp("us"), "Feature 'x' is a timestamp, which a model cannot learn from; take parts"),
        ([True, False], pa.bool_(), "Column 'x' is bool, which a request cannot carry; cast it in features.sql"),
        ([0, 1], pa.timestamp("us", "UTC"), "cast it in features.sql to varchar, integer, double or timestamp"),
    ],
)
def test_what_is_no_feature_is_refused(values: list[Any], kind: pa.DataType, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
        fit(values, kind)


def test_rows_without_a_feature_name_the_nearest_column(preprocessing: Preprocessing, table: pa.Table) -> None:
    renamed = table.rename_columns({"dest": "destination"})
    with pytest.raises(ConfigError, match="no column 'dest', which the model was trained on"):
        preprocessing.encode_table(renamed)


def test_a_feature_that_changed_its_type_is_refused(preprocessing: Preprocessing, table: pa.Table) -> None:
    changed = table.set_column(0, "carrier", pa.array(np.arange(600)))
    with pytest.raises(ConfigError, match=r"'carrier' is int64, but the model was trained on .* a categorical feature"):
        preprocessing.encode_table(changed)
    moved = table.drop_columns("distance_miles").rename_columns({"scheduled_departure": "distance_miles"})
    with pytest.raises(
        ConfigError, match=r"'distance_miles' is timestamp.* but the model was trained .* a numeric feature"
    ):
        preprocessing.encode_table(moved)
