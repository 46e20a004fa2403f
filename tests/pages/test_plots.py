"""A plot is the same bytes for the same numbers, stands inside a page, and says what it shows."""

from xml.etree import ElementTree

from driftgate.pages.plots import legend, plain, plot


def line(axes):
    axes.plot([1, 2, 3], [3, 1, 2], label="<candidate>")
    axes.plot([1, 2], [1, 2], label=plain("costs $5 to $9"))
    legend(axes)


def test_the_same_numbers_give_the_same_bytes():
    assert plot(line, "a line") == plot(line, "a line")


def test_it_is_well_formed_names_itself_and_escapes_what_it_is_told():
    drawn = plot(line, 'a "line" & <more>')
    root = ElementTree.fromstring(drawn)
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "line" & <more>')
    assert "<candidate>" in "".join(root.itertext())
    assert "costs $5 to $9" in "".join(root.itertext()), "a dollar sign begins no formula"


def test_two_of_them_stand_in_one_page():
    ids = [element.get("id") for element in ElementTree.fromstring(plot(line, "a line")).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert not [name for name in ids if name.startswith(("figure", "axes", "patch"))]
    assert "<style" not in plot(line, "a line"), "it would hold for the whole page"


def test_it_is_made_of_nothing_of_today_and_loads_nothing():
    drawn = plot(line, "a line")
    assert "<metadata" not in drawn
    assert "<image" not in drawn
