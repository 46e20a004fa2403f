"""A page escapes what it is given."""

import pytest

from driftgate.pages import document, render
from driftgate.pages.template import interval, number


def test_values_are_escaped_and_parts_are_not_escaped_again():
    part = render("<p>{{ word }}</p>", word="<script>alert(1)</script>")
    page = document("<title>", part).decode()
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in page
    assert "<title>&lt;title&gt;</title>" in page


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.12345, "0.1235"), (-16006.2, "-16,006"), (123.45, "123.5"), (-3.0, "-3.0000")]
)
def test_the_larger_a_number_the_fewer_its_digits(value, shown):
    assert number(value) == shown


def test_an_open_interval_says_so():
    assert interval((0.1, None)) == "0.1000 to -"
    assert interval(None) == ""
