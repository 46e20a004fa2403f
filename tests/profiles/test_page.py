"""The page of a profile: one file, every column on it, nothing unescaped, nothing personal, and what has changed."""

import re
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.profiles import profile_batches, profile_partition, profile_table
from driftgate.profiles.numbers import cut, moment, number
from driftgate.profiles.page import render_page
from driftgate.sources import sample

DAY, NEXT = "2013-02-07", "2013-02-08"  # the second one is the day of a blizzard


@pytest.fixture
def published() -> None:
    for key in (DAY, NEXT):
        publish(lake(), uris.partition("validated", "flights", key), sample.table_of("flights", key))


def page(key: str) -> str:
    profile_partition("flights", key)
    return lake().read(uris.profile("flights", key, "html")).decode()


class Balanced(HTMLParser):
    """Fails on a tag that is closed in the wrong place."""

    EMPTY = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open += [] if tag in self.EMPTY else [tag]

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """A tag that closes itself stays where it is."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_whole_file_that_needs_no_network_and_runs_no_script(published: None) -> None:
    text = page(DAY)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert not re.search(r"https?://|<script|<link|url\(|@import", text)


def test_every_column_has_its_plot_and_its_numbers(published: None) -> None:
    text = page(DAY)
    table = sample.table_of("flights", DAY)
    for name in table.column_names:
        assert f"<h3>{name}</h3>" in text
    assert text.count("<svg") == len(table.column_names)
    assert f"{table.num_rows} validated rows" in text
    assert "It is the first one of its dataset" in text


def test_a_later_partition_is_compared_with_the_newest_one_before_it(published: None) -> None:
    page(DAY)
    text = page(NEXT)
    assert f"Different from {DAY}" in text
    assert "<b>arr_delay_minutes</b>: 51.1 % missing, 0.8 % before</li>" in text
    assert text.count('<p class="mark">') > 3


def test_what_comes_later_changes_neither_page_nor_profile(published: None) -> None:
    first = page(DAY), lake().read(uris.profile("flights", DAY))
    page(NEXT)
    assert (page(DAY), lake().read(uris.profile("flights", DAY))) == first


def test_a_value_that_looks_like_markup_is_shown_as_text() -> None:
    script = "<script>alert(1)</script>"
    profile = profile_table(pa.table({"<b>name": [script, script.upper(), "x"]}))
    text = render_page("d", "2013-01-01", profile, profile, "2012-12-31").decode()
    assert "<script" not in text.lower()
    assert "&lt;script&gt;" in text
    assert "<b>name" not in text


def test_a_hidden_column_shows_how_many_values_it_has_and_none_of_them() -> None:
    table = pa.table({"mail": ["jane@x.org", "joe@x.org", None]})
    profile = profile_batches(table.to_batches(), table.schema, hidden={"mail"})
    text = render_page("d", "2013-01-01", profile).decode()
    assert "x.org" not in text
    assert "values not shown" in text
    assert "<td>1 (33.3 %)</td>" in text


@pytest.mark.parametrize(
    "values",
    [
        pa.array([], pa.float64()),
        pa.array([None, None], pa.string()),
        pa.array([None], pa.timestamp("us")),
        pa.array([5.0, 5.0]),
        pa.array([float("inf"), float("nan")]),
        pa.array([1.7e308, -1.7e308]),
        pa.array([1e-300, 2e-300]),
        pa.array(["", " ", "\n"]),
        pa.array([253402300800, -62135596801], pa.timestamp("s")),
        pa.array([f"N{n}" for n in range(3000)]),
        pa.array([True, False, None]),
    ],
    ids=[
        "no rows",
        "no words",
        "no time",
        "one value",
        "no finite number",
        "the largest",
        "the smallest",
        "only space",
        "years that Python does not know",
        "many words",
        "truths",
    ],
)
def test_any_column_can_be_drawn(values: pa.Array) -> None:
    profile = profile_table(pa.table({"x": values}))
    for before in (None, profile, profile_table(pa.table({"x": ["a"]})), profile_table(pa.table({"x": [1.0]}))):
        text = render_page("d", "2013-01-01", profile, before, "2012-12-31" if before else None).decode()
        assert "<h3>x</h3>" in text
        assert not re.search(r'="-?(nan|inf)', text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,234,567"), (-3.0, "-3"), (12345.678, "12,346"), (0.1234567, "0.1235"), (2e-9, "2e-09")],
)
def test_a_number_is_short_and_readable(value: float, text: str) -> None:
    assert number(value) == text


def test_times_and_labels_are_readable() -> None:
    assert [moment(0), moment(86399)] == ["1970-01-01 00:00", "1970-01-01 23:59:59"]
    assert [cut("AA"), cut(" AA"), cut(""), cut("x" * 99)] == ["AA", "' AA'", "''", f"{'x' * 28}…"]
