"""The template of the page of one night; ``night_page.py`` says what goes in."""

TOP = """
<h1>{{ verdict.use_case }}: the night of {{ verdict.key }}</h1>
<p class="quiet"><a href="../index.html">All nights of {{ verdict.use_case }}</a> ·
<a href="../../index.html">All models</a>
{% if before %} · <a href="../{{ before }}/index.html">{{ before }}</a>{% endif %} ·
<a href="verdict.json">The verdict as data</a></p>
<p class="lead {{ mood }}"><b>{{ lead }}</b> {{ causes }}</p>
{% for one in verdict.suppressed %}<p class="lead wait">Held back ({{ one.decision }},
{{ one.reason | words }}): {{ one.sentence }}</p>{% endfor %}
{% for sentence in revised %}<p class="lead wait">{{ sentence }}</p>{% endfor %}
<table>
<tr><th>Rule that decided</th><td><code>{{ verdict.rule }}</code>, by the policy as it was that night: a drift has to be
there on {{ verdict.policy.nights }} of {{ verdict.policy.of_last }} nights before anything moves, where no rule says
otherwise.</td></tr>
<tr><th>Champion</th><td>{% if verdict.champion %}
<a href="../../../models/{{ verdict.use_case }}/{{ verdict.champion }}.html">version {{ verdict.champion }}</a>
{%- if verdict.champion_age_days is not none %}, whose training days ended {{ verdict.champion_age_days }} nights before
{%- endif %}{% else %}Nobody answered as one.{% endif %}</td></tr>
<tr><th>Outcomes</th><td>{{ "Those that were due are there." if verdict.labels == "fresh" else
"Those that were due are late, so nobody can measure how good the answers were." }}
{% if verdict.new_rows %}At least {{ count(verdict.new_rows) }} became known since the champion was trained.{% endif %}
</td></tr>
{% if outcome %}<tr><th>What came of it</th><td>A retraining: {{ outcome.status | words }}
{%- if outcome.model_version %}, version {{ outcome.model_version }}{% endif %}. {{ outcome.effect }}
{{- ". " if outcome.effect }} {{ outcome.notes }}</td></tr>{% endif %}
{% if promise %}<tr><th>Price of a data alarm</th><td><a href="../../../../{{ promise }}">How often the data monitor of
this champion cries wolf, and what it finds how soon</a></td></tr>{% endif %}
{% if verdict.backfill or verdict.promotion_active %}<tr><th>Circumstances</th><td>
{{ "An old night that was run again: nothing follows from it." if verdict.backfill }}
{{ "A candidate was already on its way to the traffic." if verdict.promotion_active }}</td></tr>{% endif %}
</table>
"""

SUMMARY = """
<h2>What each monitor says</h2>
<table><tr><th>monitor</th><th></th><th class="n">number</th><th class="n">limit</th>
<th class="n">drifted on</th><th>in a sentence</th></tr>
{% for one in evidence %}<tr><td><a href="#{{ one.monitor }}">{{ one.monitor }}</a></td>
<td><span class="verdict {{ colour(one) }}">{{ finding(one) }}</span></td>
<td class="n">{{ number(one.value) }}</td><td class="n">{{ number(one.threshold) }}</td>
<td class="n">{% if verdict.drift_nights.get(one.monitor) -%}
{{ verdict.drift_nights[one.monitor] }} of {{ verdict.policy.of_last }}{% endif %}</td>
<td>{{ one.sentence }}</td></tr>{% endfor %}</table>
"""

MONITOR = """
<h2 id="{{ one.monitor }}">{{ one.monitor | capitalize }}
<span class="verdict {{ colour(one) }}">{{ finding(one) }}</span></h2>
<p class="quiet">{{ questions[one.monitor] }}</p>
<p>{{ one.sentence }}</p>
<div class="plots">{% for caption, drawn in charts %}<figure class="small">{{ drawn }}
<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}</div>
{% if one.statistics %}<details><summary class="quiet">Every number ({{ one.statistics | length }}), measured on
{{ count(one.sample_size) }} {{ "rows" if one.sample_size != 1 else "row" }}</summary>
{% if numbers.plain %}<table><tr><th>number</th><th class="n">value</th><th class="n">interval</th>
<th class="n">compared with</th><th class="n">limit</th></tr>
{% for s in numbers.plain %}<tr><td>{{ s.name | words }}</td><td class="n">{{ number(s.value) }}</td>
<td class="n">{{ interval(s.interval) }}</td><td class="n">{{ number(s.reference) }}</td>
<td class="n">{{ number(s.threshold) }}</td></tr>{% endfor %}</table>{% endif %}
{% if numbers.parts %}<table><tr><th></th>{% for name in numbers.names %}
<th class="n">{{ name | words }}</th>{% endfor %}</tr>
{% for part, values in numbers.parts.items() %}<tr><td>{{ part }}</td>{% for name in numbers.names %}
<td class="n">{{ number(values[name]) if name in values else "" }}</td>{% endfor %}</tr>{% endfor %}</table>{% endif %}
</details>{% endif %}
"""

LEGEND = """
<p class="quiet">In a chart of nights, the blue line is the number of each night, the band its interval, the dashed red
line its limit; a red dot is a drift, an orange one a minor drift, a grey one at the bottom a night that could not be
judged. A dot leads to its night.</p>
"""
