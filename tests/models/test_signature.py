"""A request is either what the signature says, or gets a sentence that names row, field and what is expected."""

import json
import math
from typing import Any

import pyarrow as pa
import pytest

from driftgate.errors import ConfigError, RequestRefused
from driftgate.models import Preprocessing, Signature
from driftgate.models.signature import MAX_WARNINGS

GOLDEN = (
    '{"columns":[{"categories":["AA","UA"],"name":"carrier","null_in_training":false,"nullable":false,"online":null,'
    '"type":"string"},'
    '{"categories":[],"name":"distance_miles","null_in_training":true,"nullable":true,"online":null,"type":"integer"}],'
    '"feature_set_sha256":null,"schema_version":2,"views":[]}'
)
Row = dict[str, Any]


def test_the_golden_signature_is_written_and_read_unchanged() -> None:
    table = pa.table({"carrier": ["UA", "AA"], "distance_miles": pa.array([None, 1041], pa.int32())})
    signature = Signature.of(table, Preprocessing.fit(table, ["carrier", "distance_miles"]), ["carrier"])
    assert signature.canonical().decode() == GOLDEN
    assert Signature.model_validate(json.loads(GOLDEN)) == signature


def test_a_signature_from_before_online_views_is_read() -> None:
    old = GOLDEN.replace('"online":null,', "").replace('"feature_set_sha256":null,', "").replace('2,"views":[]', "1")
    assert "online" not in old and "views" not in old
    assert Signature.model_validate(json.loads(old)).columns == Signature.model_validate(json.loads(GOLDEN)).columns


def test_every_column_has_its_kind(signature: Signature) -> None:
    assert {column.name: column.type for column in signature.columns} == {
        "carrier": "string",
        "flight": "integer",
        "scheduled_departure": "timestamp",
        "dest": "string",
        "distance_miles": "integer",
        "departure_hour": "integer",
        "visibility_miles": "number",
        "wind_gust_mph": "number",
    }


def test_the_rows_of_training_fit(signature: Signature, rows: list[Row]) -> None:
    signature.check(rows)
    assert signature.unseen(rows) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("visibility_miles", 7),  # a whole number is a number
        ("visibility_miles", None),  # a gap in the weather
        ("dest", None),
        ("dest", ""),
        ("flight", -(2**63)),
        ("scheduled_departure", "2013-04-01T05:15"),
        ("scheduled_departure", "2013-04-01 05:15:00.250"),
    ],
)
def test_a_value_that_fits_is_taken(signature: Signature, rows: list[Row], field: str, value: Any) -> None:
    signature.check([{**rows[0], field: value}])


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("flight", True, "field 'flight': expected a whole number, found True."),
        ("flight", 5.0, "field 'flight': expected a whole number, found 5.0."),
        ("flight", 2**63, "field 'flight': expected a whole number, found 9223372036854775808."),
        ("flight", None, "field 'flight': expected a whole number, found null."),
        ("carrier", None, "field 'carrier': expected a string, found null."),
        ("carrier", 7, "field 'carrier': expected a string, found 7."),
        ("visibility_miles", "7", "field 'visibility_miles': expected a finite number or null, found '7'."),
        ("visibility_miles", False, "field 'visibility_miles': expected a finite number or null, found False."),
        ("visibility_miles", math.nan, "field 'visibility_miles': expected a finite number or null, found nan."),
        ("visibility_miles", math.inf, "field 'visibility_miles': expected a finite number or null, found inf."),
        ("visibility_miles", [1] * 99, "or null, found [1, 1, 1, 1, 1, 1, ...]."),
        ("visibility_miles", 10**400, "field 'visibility_miles': expected a finite number or null"),
        (
            "scheduled_departure",
            "tomorrow",
            "expected a time without zone as ISO text, for example 2013-04-01T05:15:00",
        ),
        ("scheduled_departure", "2013-04-01T05:15:00Z", "a time without zone as ISO text"),
        ("scheduled_departure", 1364793300, "a time without zone as ISO text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    signature: Signature, rows: list[Row], field: str, value: Any, sentence: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        signature.check([rows[0], {**rows[1], field: value}])
    assert str(refused.value).startswith("Row 1: ")
    assert sentence in str(refused.value)


def test_a_missing_field_is_named_with_what_to_send(signature: Signature, rows: list[Row]) -> None:
    del rows[2]["visibility_miles"]
    with pytest.raises(
        RequestRefused, match="Row 2: field 'visibility_miles' is missing; send a finite number or null"
    ):
        signature.check(rows)


def test_an_unknown_field_is_named_with_the_nearest(signature: Signature, rows: list[Row]) -> None:
    with pytest.raises(RequestRefused, match="Row 0: unknown field 'carier'; did you mean 'carrier'"):
        signature.check([{**rows[0], "carier": "AA"}])


@pytest.mark.parametrize("row", [[], "text", None, 3])
def test_a_row_that_is_no_object_is_refused(signature: Signature, rows: list[Row], row: Any) -> None:
    with pytest.raises(RequestRefused, match="Row 1: expected an object of fields, found "):
        signature.check([rows[0], row])


def test_a_request_without_rows_is_refused(signature: Signature) -> None:
    with pytest.raises(RequestRefused, match="no rows; send at least one"):
        signature.check([])


def test_an_unseen_category_and_an_unseen_null_are_warnings(signature: Signature, rows: list[Row]) -> None:
    strange = {**rows[1], "carrier": "ZZ", "dest": None, "wind_gust_mph": None, "visibility_miles": None}
    assert signature.unseen([rows[0], strange]) == [
        "Row 1: carrier 'ZZ' is no category that the model knows.",
        "Row 1: visibility_miles is null, which it never was in training.",
    ]


def test_of_many_warnings_the_first_are_told(signature: Signature, rows: list[Row]) -> None:
    warnings = signature.unseen([{**row, "carrier": "ZZ"} for row in rows[:50]])
    assert len(warnings) == MAX_WARNINGS + 1
    assert warnings[-1] == "40 more such warnings."


def test_a_request_key_that_features_sql_does_not_select_is_refused(
    table: pa.Table, preprocessing: Preprocessing
) -> None:
    with pytest.raises(ConfigError, match=r"does not select 'flights', which .* 'event_time'; did you mean 'flight'"):
        Signature.of(table, preprocessing, ["flights"])
