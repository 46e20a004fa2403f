"""The template of the page of a use case's last nights; ``overview_page.py`` says what goes in."""

PAGE = """
<h1>{{ use_case.name }}: the last {{ nights | length }} nights</h1>
<p class="quiet"><a href="../index.html">All models</a>. Newest night first; its date leads to what was found.</p>
<p class="lead {{ mood }}"><b>{{ newest.key }}: {{ lead }}</b> {{ counted }}</p>
<h2>Night by night</h2>
<table><tr><th>night</th><th>decision</th>
{% for name in monitors %}<th title="{{ questions[name] }}">{{ name }}</th>{% endfor %}
<th>champion</th><th>why</th></tr>
{% for verdict, champion in rows %}<tr>
<td class="when"><a href="{{ verdict.key }}/index.html">{{ verdict.key }}</a></td>
<td><span class="verdict {{ decision_colour(verdict.decision) }}">{{ verdict.decision | words }}</span></td>
{% for name in monitors %}{% set one = evidence_of(verdict, name) %}<td>
{%- if one %}<a href="{{ verdict.key }}/index.html#{{ name }}" class="verdict {{ colour(one) }}"
title="{{ one.sentence }}">{{ MARKS[one.verdict] }}<span class="unseen"> {{ finding(one) }}</span></a>{% endif %}</td>
{% endfor %}
<td>{{ champion }}</td>
<td class="long"><code>{{ verdict.rule }}</code>
{% if verdict.causes %}({{ verdict.causes | join(", ") }}){% endif %}
{% if verdict.suppressed %}<br><span class="quiet">held back:
{% for one in verdict.suppressed %}{{ one.decision }}, {{ one.reason | words }}{{ "; " if not loop.last }}{% endfor %}
</span>{% endif %}</td></tr>{% endfor %}</table>
<p class="quiet">✓ as it should be · ! drifts (red: major or critical, yellow: minor) · ? could not judge.
An empty cell is a monitor that did not exist then.</p>
"""

TRAININGS = """
<h2>Retrainings</h2>
{% if outcomes %}<table><tr><th>night</th><th>due to</th><th>what came of it</th><th>version</th><th>metric</th>
<th></th></tr>{% for one in outcomes %}<tr><td class="when"><a href="{{ one.key }}/index.html">{{ one.key }}</a></td>
<td>{{ one.trigger }}{% if one.features %}: {{ one.features | join(", ") }}{% endif %}</td>
<td><span class="verdict {{ colours.get(one.status, '') }}">{{ one.status | words }}</span></td>
<td>{{ one.model_version or "" }}</td><td>{{ one.effect }}</td><td class="long">{{ one.notes }}</td></tr>{% endfor %}
</table>{% else %}<p>None in these nights.</p>{% endif %}
"""

WEEKS = """
<h2>Week by week</h2>
<p class="quiet">Slow drift shows here even when no night fired: the mean of each monitor's number, and which features
crept most over the two weeks before. The higher a rarity, the less a feature looks like its training days: 2 is one
day in a hundred.</p>
<table><tr><th>week</th>{% for name in measured %}<th class="n">{{ name }}</th>{% endfor %}<th>what crept most</th></tr>
{% for week in weeks %}<tr><td class="when">{{ week.name }}</td>
{% for name in measured %}<td class="n">{{ number(week.means.get(name)) }}</td>{% endfor %}
<td>{{ week.crept }}</td></tr>{% endfor %}</table>
<h2>The numbers of each monitor</h2>
<div class="plots">{% for name, drawn in charts.items() %}<figure>{{ drawn }}
<figcaption><b>{{ name }}</b>: {{ questions[name] }}</figcaption></figure>{% endfor %}</div>
"""
