"""The frame of a page: no script, no network, every value escaped."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c2733 }
h1 { margin-bottom: .2rem } h2 { margin: 2.2rem 0 .4rem } h3 { margin: 1rem 0 .2rem }
a { color: #2a6fb0 } code { font-size: .92em; overflow-wrap: anywhere }
.quiet, th { color: #5b6875; font-weight: normal }
.lead { font-size: 1.15rem; background: #eef2f6; border-left: .3rem solid #5b6875; padding: .5rem .9rem }
.lead.pass { background: #e9f6ec; border-color: #1a7f37 } .lead.fail { background: #fdecec; border-color: #b42318 }
.lead.wait { background: #fff6dd; border-color: #d99a00 }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .4rem 0 1rem }
td, th { border-bottom: 1px solid #e4e8ec; padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } td.n { white-space: nowrap }
td.long { overflow-wrap: anywhere; min-width: 8rem }
td.when, .log td:first-child { white-space: nowrap }
tr.ours td { font-weight: 600 }
.verdict { border-radius: .3rem; padding: .05rem .45rem; white-space: nowrap; background: #e4e8ec }
.verdict.pass, .verdict.go_on, .verdict.applied { background: #d3efda; color: #0b5b25 }
.verdict.fail, .verdict.fail_now, .verdict.rolled_back, .verdict.refused { background: #f9d2cf; color: #8a1a11 }
.verdict.insufficient_data, .verdict.insufficient, .verdict.not_yet, .verdict.undecided, .verdict.warn,
.verdict.waived, .verdict.open { background: #ffedbf; color: #6e4c00 }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden } a.verdict { text-decoration: none }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1.2rem; align-items: start }
figure { margin: 0 } figcaption { font-size: .87rem; color: #5b6875 }
svg { display: block; width: 100%; height: auto } svg text { fill: #1c2733 }
.small svg { max-width: 26rem } .small svg.chart { max-width: 38rem } .small svg text { font-size: 10px }
.chart text { font: 11px system-ui, sans-serif } .chart .grid { stroke: #e4e8ec }
.chart .line, .chart .limit { fill: none }
.chart .line { stroke: #2a6fb0; stroke-width: 1.5 } .chart .band { fill: #2a6fb0; stroke: #2a6fb0; opacity: .16 }
.chart .limit { stroke: #b42318; stroke-width: 1.2; stroke-dasharray: 5 3 }
.chart circle, .chart rect, rect.now { fill: #2a6fb0 } .chart .fail { fill: #b42318 } .chart .warn { fill: #d99a00 }
.chart .quiet { fill: #98a2ad } .before { stroke: #b4480f; fill: none; stroke-width: 1.5 }
"""

FRAME = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{{{ title }}}}</title><style>{STYLE}</style></head><body>
{{{{ body }}}}
</body></html>
"""


def document(title: str, body: "Markup") -> bytes:
    """Return the page of ``body``, which :func:`render` made."""
    page: str = _template(FRAME).render(title=title, body=body)
    return page.encode()


def render(template: str, **values: Any) -> "Markup":
    """Return a part of a page; every value is escaped that was not rendered itself."""
    from markupsafe import Markup

    return Markup(_template(template).render(**values))  # noqa: S704  made by a template that escapes


def inline(text: str) -> "Markup":
    """Return a text of records with its `names` and **bold** words marked up, and everything else escaped."""
    from markupsafe import Markup, escape

    named = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", named))  # noqa: S704  escaped first


def number(value: float | None, digits: int | None = None) -> str:
    """Return a number as tables show it: without ``digits``, the larger it is the fewer."""
    if value is None:
        return "-"
    if digits is None:
        digits = 4 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f}"


def percent(share: float) -> str:
    """Return a share as tables show it."""
    return f"{share:.1%}"


def count(rows: int) -> str:
    """Return how many as tables show it."""
    return f"{rows:,}"


def interval(bounds: tuple[float | None, float | None] | None, digits: int | None = None) -> str:
    """Return the ends of an interval as tables show them."""
    return "" if bounds is None else f"{number(bounds[0], digits)} to {number(bounds[1], digits)}"


@cache
def _template(text: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(number=number, interval=interval, percent=percent, count=count)
    environment.filters["inline"] = inline
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment.from_string(text)
