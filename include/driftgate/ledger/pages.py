"""The cost report as files: a table for a spreadsheet and a page for people."""

import csv
import io
from datetime import date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from driftgate import uris
from driftgate.lake import lake
from driftgate.ledger.budget import week_of
from driftgate.ledger.summary import CostReport, Total, cost_report
from driftgate.settings import settings

BY = ("activity", "project", "environment", "owner")
NUMBERS = tuple(name for name in Total.model_fields if name != "group")

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Cost of {{ key }}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; line-height: 1.45 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
td, th { border-bottom: 1px solid #e5e5e5; padding: .25rem .6rem; text-align: left }
th { background: #f6f6f6 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
</style></head><body>
<h1>Cost of {{ key }}</h1>
<p>{{ report.total.rows }} rows, {{ report.total.jobs }} jobs: ${{ "%.4f" | format(report.total.usd) }} estimated from
list prices of {{ report.prices_as_of }}{% if report.total.unknown %}, not counting {{ report.total.unknown }} rows of
unknown cost{% endif %}. Spot saved ${{ "%.4f" | format(report.total.saved_usd) }}.
{{ report.untagged_rows }} rows without a required tag{% if report.untagged_spend_pct is not none %}:
{{ report.untagged_spend_pct }} % of what was spent{% endif %}.</p>
<table><tr>{% for name in report.by + numbers %}<th>{{ name }}</th>{% endfor %}</tr>
{% for total in report.groups %}<tr>{% for word in total.group %}<td>{{ word }}</td>{% endfor %}
{% for name in numbers %}<td class="number">{{ total[name] }}</td>{% endfor %}</tr>
{% endfor %}</table>
<h2>Not retraining</h2>
<ul>{% for one in report.avoided %}<li>{{ one.sentence }}</li>
{% else %}<li>No night was left alone.</li>{% endfor %}</ul>
</body></html>
"""


def write_cost_report(day: date) -> CostReport:
    """Write the report of the week that ``day`` lies in, as CSV and as a page, and return it."""
    noon = datetime.combine(day, time(12), ZoneInfo(settings().timezone))
    since, until = week_of(noon)
    report = cost_report(BY, since=since, until=until)
    key = since.strftime("%G-W%V")
    lake().write(uris.cost_report(key, "csv"), render_csv(report))
    lake().write(uris.cost_report(key, "html"), render_page(report, key))
    return report


def render_csv(report: CostReport) -> bytes:
    """Return one line for each group."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*report.by, *NUMBERS])
    for total in report.groups:
        table.writerow([*(_harmless(word) for word in total.group), *(getattr(total, name) for name in NUMBERS)])
    return text.getvalue().encode()


def render_page(report: CostReport, key: str) -> bytes:
    """Return the page; every text in it is escaped."""
    page: str = _template().render(report=report, key=key, numbers=NUMBERS)
    return page.encode()


def _harmless(word: str) -> str:
    """A spreadsheet takes a word that begins like a formula for one."""
    return f"'{word}" if word[:1] in ("=", "+", "-", "@") else word


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)
