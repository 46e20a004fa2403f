"""The templates of the pages of a promotion; ``page.py`` says what goes in."""

VERDICT = """
{% macro verdict(word) %}<span class="verdict {{ word }}">{{ word | words }}</span>{% endmacro %}
{% macro at(time) %}{{ time.strftime("%Y-%m-%d %H:%M:%S") if time else "" }}{% endmacro %}
{% macro people(variants) %}{% for one in variants %}{{ one.role }} {{ one.version }}: {{ one.weight }} %
{{- ", " if not loop.last }}{% endfor %}{% endmacro %}
"""

GUARDRAILS = """
<table><tr><th>guardrail</th><th></th><th class="n">measured</th><th class="n">bounds</th><th class="n">limit</th>
<th class="n">rows</th><th class="n">crossed after</th><th>what it says</th></tr>
{% for one in judgement.guardrails %}<tr><td>{{ one.name | words }}{% if one.group %}, {{ one.group }}{% endif %}</td>
<td>{{ verdict(one.verdict) }}</td><td class="n">{{ number(one.value) }}</td>
<td class="n">{{ interval(one.interval) }}</td>
<td class="n">{{ number(one.threshold) }}</td><td class="n">{{ count(one.sample_size) }}</td>
<td class="n">{{ count(one.failed_after) if one.failed_after else "" }}</td><td>{{ one.sentence }}</td></tr>
{% endfor %}</table>
<div class="plots">{% for name, drawn in plots.items() %}<figure>{{ drawn }}<figcaption>{{ name }}</figcaption></figure>
{% endfor %}</div>
"""

STEP = (
    VERDICT
    + """
<h1>{{ judgement.use_case }} {{ judgement.version }}: {{ judgement.step }}</h1>
<p class="quiet">One step of <a href="index.html">its promotion</a>, as judged at revision
{{ judgement.deployment_revision }} of the deployment; the champion beside it is version {{ judgement.champion }}.
<a href="{{ judgement.step }}.json">The judgement as data</a>.</p>
<p class="lead {{ mood }}"><b>{{ lead }}</b></p>
<p>{{ judgement.reason }}</p>
<p>After the warm-up the candidate met {{ count(judgement.requests) }} requests; the outcomes of
{{ count(judgement.known) }} are known, {{ count(judgement.required) }} are needed.
{% if judgement.outcomes %}They come from {{ judgement.outcomes | join(", ") }}.{% endif %}</p>
<h2>Guardrails</h2>
<p class="quiet">The bounds hold at every look at once (a confidence sequence), so it does no harm to look often.
A guardrail is crossed once its bound, the edge of the band, lies beyond the limit.</p>
"""
    + GUARDRAILS
)

OVERVIEW = (
    VERDICT
    + """
<h1>{{ course.use_case }}: promotion of version {{ course.version }}</h1>
<p class="quiet"><a href="../../../models/{{ course.use_case }}/{{ course.version }}.html">Its card</a>.
All times are UTC.</p>
<p class="lead {{ course.mood }}"><b>{{ course.sentence }}</b></p>
{% if stopped %}<h2>What stopped it</h2>
<p>{{ judgement.reason }}</p>
<div class="plots">{% for name, drawn in stopped.items() %}<figure>{{ drawn }}<figcaption>{{ name }}</figcaption>
</figure>{% endfor %}</div>{% endif %}
<h2>The plan, and what happened</h2>
<p>Strategy {{ plan.strategy | words }}, risk {{ promote.risk }}, approval {{ promote.approve | words }}.
{{ promote.rationale }}</p>
<table><tr><th>step</th><th class="n">share of the requests</th><th class="n">requests needed</th>
<th class="n">bakes for</th><th>began</th><th>ended</th><th>took</th>
<th class="n">requests met</th><th>sample ratio</th><th>judgement</th></tr>
{% for step, visit in steps %}<tr><td>{{ step.name }}</td><td class="n">{{ step.percent }} %</td>
<td class="n">{{ count(step.min_requests) }}</td><td class="n">{{ "%g" | format(step.bake_minutes) }} min</td>
{% if visit %}<td class="when">{{ at(visit.began) }}</td><td class="when">{{ at(visit.ended) }}</td>
<td>{{ visit.lasted }}</td>
{% if visit.judgement %}<td class="n">{{ count(visit.judgement.requests) }}</td>
<td>{{ split(visit.judgement) }}</td>
<td>{{ verdict(visit.judgement.outcome) }} <a href="{{ step.name }}.html">why</a></td>
{% else %}<td></td><td></td><td>not judged</td>{% endif %}
{% else %}<td class="quiet" colspan="6">not reached</td>{% endif %}</tr>{% endfor %}</table>
<h2>Changes of traffic</h2>
<table><tr><th></th><th>opened</th><th>closed</th><th>action</th><th>asked by</th><th>approved by</th>
<th>from</th><th>to</th><th></th><th>reason</th></tr>
{% for one in course.changes %}{% set c = one.change %}<tr><td>{{ c.id }}</td>
<td class="when">{{ at(one.opened_at) }}</td>
<td class="when">{{ at(one.closed_at) }}</td><td>{{ c.action | words }}</td><td class="long">{{ c.requester }}</td>
<td>{{ c.approver or "" }}</td><td>{{ people(c.before) }}</td><td>{{ people(c.after) }}</td>
<td>{{ verdict(c.outcome) }}</td><td class="long">{{ c.reason }}</td></tr>
{% else %}<tr><td colspan="10">None yet.</td></tr>{% endfor %}</table>
<h2>States of the model</h2>
<table><tr><th>state</th><th>by</th><th>reason</th></tr>
{% for one in states %}<tr><td>{{ one.state | words }}</td><td>{{ one.actor }}</td><td>{{ one.reason }}</td></tr>
{% else %}<tr><td colspan="3">None recorded.</td></tr>{% endfor %}</table>
<p class="quiet">{{ promotions }}</p>
"""
)
