"""A chart is the same bytes for the same numbers, stands inside a page, and survives any number."""

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.pages.charts import Bar, Point, bars, series

NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True)


def point(value, name="2013-04-01", **more):
    return Point(name, value, "", f"{name}: {value}", **more)


def lines(drawn, name):
    """The drawn pieces of a line, one for each run without a gap."""
    return [path.get("d") for path in ElementTree.fromstring(drawn).iter("path") if path.get("class") == name]


def test_a_night_without_a_number_breaks_the_line_and_is_marked_at_the_bottom():
    nights = [point(value, limit=0.5) for value in (0.4, 0.6, None, 0.5)]
    drawn = series(nights, "scores")
    assert drawn == series(nights, "scores")
    (line,) = lines(drawn, "line")
    assert line.count("M") == 2, "two runs"
    heights = [float(dot.get("cy")) for dot in ElementTree.fromstring(drawn).iter("circle")]
    assert max(heights) == heights[2] == 150, "on the floor"
    assert heights[1] < heights[3] < heights[0], "larger is higher"


def test_what_it_is_told_is_escaped():
    nights = [point(1.0, name="<b>", href='x"><script>')]
    bar = Bar("<script>alert(1)</script>", 1.0, limit=2.0)
    for drawn in (series(nights, 'a "chart" & <more>'), bars([bar], "<script>")):
        assert "<script>" not in drawn
        ElementTree.fromstring(drawn)


def test_intervals_are_bands_and_limits_a_line_of_their_own():
    nights = [point(0.5, low=0.4, high=0.6, limit=0.45), point(0.5), point(0.5, low=0.4, high=0.6)]
    drawn = series(nights, "scores")
    assert len(lines(drawn, "band")) == 2
    assert lines(drawn, "limit")[0].count("M") == 1


def test_bars_begin_at_zero_and_carry_limit_and_training():
    drawn = bars([Bar("origin", 4.0, "fail", limit=2.0, before=1.0), Bar("dest", -2.0)], "rarity")
    root = ElementTree.fromstring(drawn)
    first, second = root.iter("rect")
    assert float(first.get("width")) == 2 * float(second.get("width"))
    assert float(second.get("x")) + float(second.get("width")) == float(first.get("x")), "to the left of zero"
    assert first.get("class") == "fail"
    assert "red line: limit; orange line: what it is compared with" in "".join(root.itertext())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=4))
def test_any_numbers_can_be_drawn(values):
    for drawn in (
        series([point(value, low=low, high=high, limit=limit) for value, low, high, limit in values], "any"),
        bars([Bar("x", value or 0.0, limit=limit, before=low) for value, low, _, limit in values], "any"),
    ):
        places = [text for element in ElementTree.fromstring(drawn).iter() for text in element.attrib.values()]
        assert not [text for text in places if "nan" in text or "inf" in text]
