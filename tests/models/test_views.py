"""Online views in a signature: callers send the rest, and a view that cannot be joined is refused before it serves."""

from typing import Any

import pyarrow as pa
import pytest

from driftgate.errors import ConfigError, RequestRefused
from driftgate.models import Preprocessing, Signature, View

Row = dict[str, Any]


def view(**changes: Any) -> View:
    made = {
        "use_case": "flight_delays",
        "name": "dest_recent",
        "key": ("dest",),
        "columns": ("visibility_miles", "wind_gust_mph"),
        "dataset": "flights",
        "history_days": 28,
        "sql": "SELECT 1",
    }
    return View(**{**made, **changes})


def sign(table: pa.Table, preprocessing: Preprocessing, *views: View) -> Signature:
    return Signature.of(table, preprocessing, ["carrier", "flight", "scheduled_departure"], views)


def test_callers_send_what_no_view_gives(table: pa.Table, preprocessing: Preprocessing, rows: list[Row]) -> None:
    signature = sign(table, preprocessing, view())
    sent = {name: value for name, value in rows[0].items() if name not in view().columns}
    assert {column.name for column in signature.columns if column.online == "dest_recent"} == set(view().columns)
    signature.request.check([sent])
    signature.check([rows[0]])
    with pytest.raises(RequestRefused, match=r"Row 0: field 'wind_gust_mph' is joined by the endpoint from the online"):
        signature.request.check([{**sent, "wind_gust_mph": 1.0}])
    with pytest.raises(RequestRefused, match=r"field 'visibility_miles' is missing"):
        signature.check([sent])
    with pytest.raises(RequestRefused, match=r"unknown field 'carriers'; did you mean 'carrier'"):
        signature.request.check([{**sent, "carriers": "UA"}])


def test_what_callers_send_does_not_depend_on_what_was_checked_before(
    table: pa.Table, preprocessing: Preprocessing, rows: list[Row]
) -> None:
    signature = sign(table, preprocessing, view())
    signature.check([rows[0]])  # as a candidate does in its shadow, before it is the champion
    signature.request.check([{name: value for name, value in rows[0].items() if name not in view().columns}])


def test_without_views_callers_send_everything(signature: Signature) -> None:
    assert signature.request is signature


def test_it_is_written_and_read_unchanged(table: pa.Table, preprocessing: Preprocessing) -> None:
    signature = sign(table, preprocessing, view())
    read = Signature.model_validate_json(signature.canonical())
    assert read == signature
    assert read.views[0].id == view().id


@pytest.mark.parametrize(
    "change", [{"sql": "SELECT 2"}, {"key": ("carrier",)}, {"history_days": 7}, {"columns": ("wind_gust_mph",)}]
)
def test_another_content_is_another_view(change: dict[str, Any]) -> None:
    assert view(**change).id != view().id
    assert view(**change).id.startswith("flight_delays/dest_recent/")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"columns": ("wind_gusts",)},
            r"does not select 'wind_gusts' of its online view 'dest_recent'.*'wind_gust_mph'",
        ),
        ({"key": ("tail_number",)}, r"does not select 'tail_number' of its online view"),
        (
            {"key": ("scheduled_departure",)},
            r"has the key 'scheduled_departure'; a key must be a string or whole number",
        ),
        ({"key": ("visibility_miles",)}, r"has the key 'visibility_miles'; a key must be"),
        ({"columns": ("flight",)}, r"gives 'flight', which callers must send; rename it"),
    ],
)
def test_a_view_that_cannot_be_joined_is_refused(
    table: pa.Table, preprocessing: Preprocessing, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        sign(table, preprocessing, view(**change))
