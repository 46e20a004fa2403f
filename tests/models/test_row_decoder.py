"""The fast way takes what certainly fits, as the slow way would read it, and leaves everything else to that."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.errors import RequestRefused
from driftgate.models import Signature
from driftgate.models.row_decoder import RowDecoder
from driftgate.models.signature import Column

COLUMNS = tuple(
    Column(name=name, type=kind, nullable=nullable, null_in_training=nullable)
    for name, kind, nullable in [
        ("carrier", "string", False),
        ("dest", "string", True),
        ("flight", "integer", False),
        ("wind", "number", True),
        ("at", "timestamp", False),
    ]
)
SIGNATURE = Signature(columns=COLUMNS)
ROW: dict[str, Any] = {"carrier": "UA", "dest": None, "flight": 7, "wind": 1.5, "at": "2013-03-14T05:15:00"}


def fast(text: str) -> list[dict[str, Any]] | None:
    return SIGNATURE.decoder.decode(text.encode())


@pytest.mark.parametrize(
    "change",
    [{}, {"dest": "JFK"}, {"wind": None}, {"wind": 3}, {"flight": -(2**63)}, {"carrier": "Zoë, 1:2"}, {"dest": ""}],
)
def test_rows_that_fit_are_what_json_reads(change: dict[str, Any]) -> None:
    rows = [ROW, {**ROW, **change}]
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    assert repr(fast(text)) == repr(rows)  # repr tells 3 from 3.0


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ROW])[:-2] + ', "flight": 7}]',
        json.dumps([ROW])[:-2] + ', "carrier": "B6"}]',
        json.dumps([{**ROW, "more": 1}]),
        json.dumps([{**ROW, "more": {"a": []}}]),
        json.dumps([{name: ROW[name] for name in ROW if name != "dest"}]),
        json.dumps([{**ROW, "dest": None, "more": "x"}]),
        json.dumps([{**ROW, "flight": 7.0}]),
        json.dumps([{**ROW, "flight": True}]),
        json.dumps([{**ROW, "flight": 2**63}]),
        json.dumps([{**ROW, "wind": 2**63}]),
        json.dumps([{**ROW, "wind": float("nan")}]),
        json.dumps([{**ROW, "wind": 1.5}]).replace("1.5", "1e999"),
        json.dumps([{**ROW, "wind": 1.5}]).replace("1.5", "9" * 5000),
        json.dumps([{**ROW, "wind": []}]).replace("[]", "[" * 100_000),
        json.dumps([{**ROW, "at": "2013-03-14T05:15:00Z"}]),
        json.dumps([{**ROW, "at": "tomorrow"}]),
        json.dumps([{**ROW, "carrier": None}]),
        "[1]",
        "{}",
        "",
    ],
)
def test_what_does_not_certainly_fit_is_left_to_the_slow_way(text: str) -> None:
    assert fast(text) is None


def test_bytes_that_are_no_text_are_left_to_the_slow_way() -> None:
    assert SIGNATURE.decoder.decode(json.dumps([ROW]).encode().replace(b"UA", b"\xed\xa0")) is None


def test_a_signature_without_texts_is_decoded_too() -> None:
    decoder = RowDecoder(COLUMNS[2:4])
    assert decoder.decode(b'[{"flight": 1, "wind": null}]') == [{"flight": 1, "wind": None}]
    assert decoder.decode(b'[{"flight": 1, "wind": null, "flight": 2}]') is None


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just([]) | st.just(ROW["at"])
)
PAIRS = st.lists(st.tuples(st.sampled_from([*ROW, *ROW, "more"]), VALUES), max_size=3)


@settings(max_examples=300, deadline=None)
@given(PAIRS, st.sampled_from([*ROW, None]))
def test_the_fast_way_takes_nothing_that_the_slow_way_refuses(
    pairs: list[tuple[str, Any]], without: str | None
) -> None:
    """Pairs are appended, so fields come twice; the slow way sees the last one and a list of all names."""
    whole = [(name, value) for name, value in ROW.items() if name != without] + pairs
    text = (
        "[{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in whole) + "}]"
    )
    if "\\" in text:
        return  # not asked: see open_envelope
    rows = SIGNATURE.decoder.decode(text.encode("utf-8", "surrogatepass"))
    if rows is not None:
        assert len(whole) == len(ROW)
        assert repr(rows) == repr([dict(whole)])
        SIGNATURE.check(rows)
    else:
        with pytest.raises(RequestRefused):
            SIGNATURE.check([dict(whole)] if len(whole) == len(dict(whole)) else [])
