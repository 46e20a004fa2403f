"""The profile as one HTML page that needs no network: what a newcomer should see first comes first."""

from functools import cache
from typing import TYPE_CHECKING, Any

from driftgate.profiles.changes import changes
from driftgate.profiles.columns import CategoricalColumn, Column, NumericColumn
from driftgate.profiles.facts import facts, kind_of
from driftgate.profiles.findings import percent
from driftgate.profiles.page_template import CATEGORIES, HISTOGRAM, PAGE
from driftgate.profiles.plots import HEIGHT, WIDTH, categories, histogram
from driftgate.profiles.profile import Profile

if TYPE_CHECKING:
    from markupsafe import Markup

MEANINGS = {
    "completeness": "cells that have a value",
    "uniqueness": "keys that occur once",
    "consistency": "values written as agreed",
    "validity": "values that are possible",
}


def render_page(
    dataset: str, key: str, profile: Profile, before: Profile | None = None, before_key: str | None = None
) -> bytes:
    """Return the page of ``profile``, compared with ``before``, the profile of the partition ``before_key``."""
    changed = changes(profile, before) if before else ()
    views = []
    for name, column in profile.columns.items():
        marks = [item.sentence for item in changed if item.column == name]
        views.append(_view(name, column, before.columns.get(name) if before else None, marks))
    page: str = _template().render(
        dataset=dataset,
        key=key,
        profile=profile,
        before=before,
        before_key=before_key,
        meanings=MEANINGS,
        changed=changed,
        views=views,
        width=WIDTH,
        height=HEIGHT,
    )
    return page.encode()


def column_plot(name: str, now: Column, before: Column | None) -> "Markup | None":
    """Return the small plot of one column alone, for another page; None when it has no values or hides them."""
    from driftgate.pages import render

    view = _view(name, now, before, [])
    if not view["bars"] and not view["rows"]:
        return None
    plot = HISTOGRAM if view["bars"] else CATEGORIES
    return render(plot, view=view, width=WIDTH, height=HEIGHT, two=_two)


def _two(value: float) -> str:
    return f"{value:.2f}"


def _view(name: str, now: Column, before: Column | None, marks: list[str]) -> dict[str, Any]:
    """Return everything that the template shows of one column."""
    view: dict[str, Any] = {"name": name, "kind": kind_of(now), "marks": marks, "bars": [], "rows": []}
    view["facts"] = facts(now, before)
    if isinstance(now, NumericColumn):
        view["bars"] = histogram(now, before if isinstance(before, NumericColumn) else None)
    if isinstance(now, CategoricalColumn):
        view["rows"] = categories(now, before if isinstance(before, CategoricalColumn) else None)
    return view


@cache
def _template() -> Any:
    """Return the compiled template; every value that it shows is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(percent=percent, two=_two)
    return environment.from_string(PAGE)
