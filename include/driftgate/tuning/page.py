"""The report of a study as one HTML page that needs no network."""

from functools import cache
from typing import Any

from driftgate.tuning.report import TuningReport

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ study.name }}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; line-height: 1.45 }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .6rem 0 1.2rem }
td, th { border-bottom: 1px solid #e5e5e5; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: #f6f6f6 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto }
svg text { font-size: 11px; fill: #555 }
.best { background: #e8f5e9 } .failed { color: #9b1c1c }
</style></head><body>
<h1>Tuning of {{ study.use_case }}</h1>
<p>Study <code>{{ study.name }}</code> on <code>{{ study.dataset_version }}</code>, trainer {{ study.trainer }}:
{{ study.strategy }} search for the {{ "highest" if study.maximise else "lowest" }} {{ study.measured }}
{% if study.folds %}over {{ study.folds }} time folds{% else %}on the validation rows, which the gates judge
too{% endif %},
seed {{ study.seed }}, {{ study.parallel }} trials at once (efficiency would allow {{ report.parallel_for.efficiency }},
time {{ report.parallel_for.time }}), code <code>{{ study.code[:12] }}</code>. It ended by: {{ report.ended_by }}.</p>
{% if report.best %}<p><b>The best is trial {{ report.best.number }}: {{ five(report.best.value) }}</b>
{%- if numbers.gain is not none %}, {{ "%+.5f" | format(numbers.gain) }} better than what use_case.yaml says
{%- endif %}.</p>{% else %}<p><b>No trial ended with a value.</b></p>{% endif %}
{{ chart }}
<h2>In numbers</h2>
<table><tr><th></th><th>this study</th>
{% if previous %}<th>the one before, {{ previous.study }}</th>{% endif %}</tr>
{% for name in facts %}<tr><td>{{ name | replace("_", " ") }}</td><td>{{ shown(numbers[name]) }}</td>
{% if previous %}<td>{{ shown(previous[name]) }}</td>{% endif %}</tr>{% endfor %}</table>
{% if report.warm_start %}<h2>Warm start</h2>
<table><tr><th>parent</th><th>it had found</th><th>trials it took, cold</th><th>trials this study took</th></tr>
{% for answer in report.warm_start %}<tr><td>{{ answer.parent }}</td><td>{{ five(answer.target) }}
{% if not answer.same_data %}(on other data){% endif %}</td><td>{{ answer.cold_trials }}</td>
<td>{{ "not reached" if answer.warm_trials is none else answer.warm_trials }}</td></tr>{% endfor %}</table>{% endif %}
<h2>What mattered</h2>
{% if report.importance %}<table><tr><th>parameter</th><th>share of the differences between trials (fANOVA)</th></tr>
{% for name, share in report.importance.items() %}<tr><td>{{ name }}</td>
<td>{{ "%.1f %%" | format(100 * share) }}</td></tr>
{% endfor %}</table>{% else %}<p>Too few complete trials to tell.</p>{% endif %}
<h2>To use the best</h2><pre>{{ report.winner_yaml }}</pre>
<h2>To search on, near the best quarter</h2><pre>{{ report.narrowed_yaml }}</pre>
<h2>All trials</h2>
<table><tr><th>rank</th><th>trial</th><th>{{ study.measured }}</th><th>spread</th>
{% for name in study.space %}<th>{{ name }}</th>{% endfor %}<th>seconds</th><th>USD</th><th>state</th><th>why</th></tr>
{% for t in report.leaderboard %}<tr class="{{ 'best' if t.rank == 1 else t.state }}"><td>{{ shown(t.rank) }}</td>
<td>{{ t.number }}</td><td class="number">{{ five(t.value) }}</td><td class="number">{{ five(t.spread) }}</td>
{% for name in study.space %}<td class="number">{{ shown(t.parameters.get(name)) }}</td>{% endfor %}
<td class="number">{{ shown(t.seconds) }}</td><td class="number">{{ shown(t.usd) }}</td><td>{{ t.state }}</td>
<td>{{ t.reason }}</td></tr>{% endfor %}</table>
</body></html>
"""
CHART = """<svg viewBox="0 0 {{ width }} {{ height }}" role="img" aria-label="Value of each trial, and the best so far">
{% for x, y, state in dots %}<circle cx="{{ x }}" cy="{{ y }}" r="3"
 fill="{{ '#1565c0' if state == 'complete' else '#bbb' }}"><title>{{ state }}</title></circle>{% endfor %}
<polyline points="{{ line }}" fill="none" stroke="#1a7f37" stroke-width="1.5"/>
<text x="4" y="12">{{ top }}</text><text x="4" y="{{ height - 4 }}">{{ bottom }}</text>
<text x="{{ width - 60 }}" y="{{ height - 4 }}">trial {{ last }}</text></svg>
"""
WIDTH, HEIGHT, MARGIN = 800, 200, 16
FACTS = (
    "trials", "trials_to_best", "best", "gain", "pruned_share", "failed", "seconds", "cpu_seconds", "usd",
    "energy_kwh", "usd_per_gain", "kwh_per_gain",
)  # fmt: skip


def render_page(report: TuningReport) -> bytes:
    """Return the page of a report; every value that it shows is escaped."""
    page: str = _template(PAGE).render(
        report=report,
        study=report.study,
        numbers=report.numbers.model_dump(),
        previous=report.previous.model_dump() if report.previous else None,
        facts=FACTS,
        chart=_chart(report),
    )
    return page.encode()


def shown(value: Any) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _five(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def _chart(report: TuningReport) -> Any:
    from markupsafe import Markup

    valued = sorted((t.number, t.value, t.state) for t in report.leaderboard if t.value is not None)
    if len(valued) < 2:
        return ""
    low, high = min(value for _, value, _ in valued), max(value for _, value, _ in valued)
    last = max(valued[-1][0], 1)

    def place(number: int, value: float) -> tuple[float, float]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * number / last
        up = (value - low) / (high - low) if high > low else 0.5
        return round(across, 1), round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * up, 1)

    best, line = None, []
    for number, value, state in valued:
        if state == "complete":
            best = value if best is None or report.study.gain(value, best) > 0 else best
            line.append("{},{}".format(*place(number, best)))
    dots = [(*place(number, value), state) for number, value, state in valued]
    drawn = {"width": WIDTH, "height": HEIGHT, "dots": dots, "line": " ".join(line), "last": last}
    ends = {"top": _five(high), "bottom": _five(low)}
    return Markup(_template(CHART).render(**drawn, **ends))  # noqa: S704  made of numbers by a template that escapes


@cache
def _template(text: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(shown=shown, five=_five)
    return environment.from_string(text)
