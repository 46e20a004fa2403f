"""The page of all models: one row each, red where something is wrong, and the way to what was found."""

from driftgate.monitoring.pages.status import ModelStatus, model_status
from driftgate.monitoring.pages.words import ASPECTS, QUESTIONS, decision_colour, lead
from driftgate.pages import document, render

PAGE = """
<h1>Models</h1>
<p class="quiet">Every model that answers, by the newest verdict about it. A red cell is a limit that is crossed, a
yellow one a minor drift or a question that nobody could answer; a cell without colour is not watched.
Point at a cell, or follow it, for the sentence behind it.</p>
<p class="lead {{ mood }}"><b>{{ sentence }}</b></p>
<table><tr><th>model</th><th>night</th><th>decision</th>
{% for aspect in aspects %}<th>{{ aspect }}</th>{% endfor %}<th>lasting alarms</th><th>risk</th><th>owner</th></tr>
{% for one in rows %}{% set night = one.verdict %}<tr>
<td><b>{{ one.use_case }}</b>{% if night and night.champion %}<br>
<a href="../models/{{ one.use_case }}/{{ night.champion }}.html">version {{ night.champion }}</a>{% endif %}</td>
{% if night %}<td class="when"><a href="{{ one.use_case }}/{{ night.key }}/index.html">{{ night.key }}</a><br>
<a href="{{ one.use_case }}/index.html">all nights</a></td>
<td title="{{ means(night.decision)[0] }}"><span class="verdict {{ decision_colour(night.decision) }}">
{{- night.decision | words }}</span></td>
{% for cell in one.cells %}<td><a href="{{ one.use_case }}/{{ night.key }}/index.html#{{ cell.monitor }}"
class="verdict {{ cell.colour }}" title="{{ cell.sentence }}">{{ cell.text }}</a></td>{% endfor %}
{% else %}<td colspan="{{ 2 + aspects | length }}" class="quiet">No night has been judged yet.</td>{% endif %}
<td>{% if one.alarms %}<a href="../alarms/index.html" class="verdict {{
"fail" if one.alarms[0].severity == "critical" else "warn" }}" title="{{ one.alarms[0].sentence }}">
{{- one.alarms | length }}, {{ one.alarms[0].severity }}</a>{% else %}none{% endif %}</td>
<td>{{ one.risk }}</td><td class="long">{{ one.owner }}</td></tr>{% endfor %}</table>
<h2>What is looked at</h2>
<table>{% for aspect, monitors in aspects.items() %}<tr><th>{{ aspect }}</th><td>
{% for name in monitors %}<b>{{ name }}</b>: {{ questions[name] }} {% endfor %}</td></tr>{% endfor %}</table>
"""


def render_status() -> bytes:
    """Return the page."""
    rows = model_status()
    sentence, mood = _told(rows)
    body = render(
        PAGE,
        rows=rows,
        sentence=sentence,
        mood=mood,
        aspects=ASPECTS,
        questions=QUESTIONS,
        means=lead,
        decision_colour=decision_colour,
    )
    return document("Models", body)


def _told(rows: list[ModelStatus]) -> tuple[str, str]:
    if not any(row.verdict for row in rows):
        return "No model has been judged yet: a verdict comes with the first night whose data are complete.", "wait"
    bad = [row.use_case for row in rows if any(cell.colour == "fail" for cell in row.cells)]
    if bad:
        verb = "crosses" if len(bad) == 1 else "cross"
        return f"{len(bad)} of {len(rows)} models {verb} a limit: {', '.join(bad)}.", "fail"
    unsure = [row.use_case for row in rows if any(cell.colour not in ("", "pass") for cell in row.cells)]
    if unsure:
        return f"No model crosses a limit; something is not as it should be with {', '.join(unsure)}.", "wait"
    return "No model crosses a limit.", "pass"
