"""The Data Docs page of one partition: Great Expectations' own rendering, made one file that needs no network."""

from functools import cache
from typing import TYPE_CHECKING, Any

from driftgate.contracts.contract import Contract
from driftgate.validation_report import ValidationReport

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

# Around the sections that Great Expectations renders. Its own page loads styles, scripts and a logo from seven hosts.
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ report.dataset }} {{ report.partition }}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; line-height: 1.4 }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem }
td, th { border: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top }
.badge { background: #eee; border-radius: .3rem; padding: .1rem .3rem }
.fa-check-circle::before { content: "✓"; color: #1a7f37 }
.fa-times::before { content: "✗"; color: #c62828 }
</style></head><body>
<h1>{{ report.dataset }} {{ report.partition }}</h1>
<p>Contract {{ report.contract }}, owned by {{ contract.owner }} ({{ contract.contact | replace("mailto:", "") }}).
{{ report.rows_in }} rows came in: {{ report.rows_validated }} keep the contract, {{ report.rows_quarantined }} go to
quarantine. {% if report.critical %}<b>Nothing is published, for critical rules are broken:
{{ report.critical | join(", ") }}.</b>{% else %}No critical rule is broken.{% endif %}</p>
{% if report.failures %}<table><tr><th>Broken rule</th><th>Severity</th><th>Values</th><th>For example</th></tr>
{% for item in report.failures %}<tr><td>{{ item.rule }}</td><td>{{ item.severity }}</td><td>{{ item.broken }}</td>
<td>{{ item.examples | join("; ") }}</td></tr>{% endfor %}</table>{% endif %}
{% for section in sections %}{% set section_loop = loop %}{% include 'section.j2' %}{% endfor %}
</body></html>
"""


def render_page(contract: Contract, report: ValidationReport, result: "ExpectationSuiteValidationResult") -> bytes:
    """Return the page as HTML; the values that it shows are those of ``report``, bounded and masked.

    ``result`` is changed: what must not be shown is taken out of it.
    """
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    for item in result.results:
        _without_values(item)
    result.meta = {"run_id": {"run_name": f"{report.dataset} {report.partition}"}}  # not the clock, not the machine
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(result)
    del document.sections[0].content_blocks[0]  # a headline without severities, and a link to a page that is not there
    page: str = _view().render(document, template="page.html", report=report, contract=contract)
    return page.encode()


def _without_values(item: Any) -> None:
    """Leave only numbers in the result of one expectation: its renderer neither masks nor escapes values."""
    item.result = {name: value for name, value in item.result.items() if isinstance(value, int | float)}


@cache
def _view() -> Any:
    """Return the view that renders pages; it keeps compiled templates, which take six times as long as rendering."""
    from great_expectations.render.view import DefaultJinjaPageView
    from jinja2 import ChoiceLoader, DictLoader

    view = DefaultJinjaPageView()
    view.env.loader = ChoiceLoader([DictLoader({"page.html": PAGE}), view.env.loader])
    return view
