"""The template of the page of a backtest; ``page.py`` says what goes in."""

PAGE = """
<h1>{{ report.use_case }}: when to retrain</h1>
<p class="quiet">Every night from {{ report.first }} to {{ report.last }}, played again under
{{ report.outcomes | length }} policies on the data that were there at the time.
<a href="report.json">The report as data</a>.</p>
<p class="lead {{ "pass" if chosen and chosen.on_frontier else "" }}"><b>{{ lead }}</b></p>
<p>A <b>policy</b> says when a new model is trained. Under each one the same things happened every night as in the
real system: monitors looked at the day, a verdict followed, a training where the verdict asked for one, gates that
compare the new model with the one that serves, and a promotion step by step. So a training does not always bring a
new model, and a new model comes some days after its training. All policies begin with the model of the days to
{{ report.first_champion }}. What differs from the real system is at the end of this page.</p>

<h2>The policies</h2>
<table><tr><th></th><th>policy</th><th class="n">{{ title }}</th>
{% for period in report.outcomes[0].periods[1:] %}<th class="n">{{ period.name }}</th>{% endfor %}
<th class="n">of weekly's gain</th><th class="n">behind the best</th><th class="n">trainings</th>
<th class="n">new champions</th><th class="n">false alarms</th><th class="n">missed</th>
<th class="n">trainings cost</th><th class="n">energy</th><th class="n">errors cost</th></tr>
{% for one in report.outcomes %}<tr{% if chosen and one.name == chosen.name %} class="ours"{% endif %}>
<td><span style="color: {{ colours[one.name] }}" aria-hidden="true">&#9679;</span></td>
<td><b>{{ one.name }}</b>{% if one.title %}<br><span class="quiet">{{ one.title }}</span>{% endif %}</td>
<td class="n">{{ number(one.value) }}</td>
{% for period in one.periods[1:] %}<td class="n">{{ number(period.value) }}
{%- if period.share_of_gain is not none %}<br>({{ percent(period.share_of_gain) }}){% endif %}</td>{% endfor %}
<td class="n">{{ "-" if one.periods[0].share_of_gain is none else percent(one.periods[0].share_of_gain) }}</td>
<td class="n">{{ number(one.regret) }}</td><td class="n">{{ one.trainings | length }}</td>
<td class="n">{{ one.switches }}</td><td class="n">{{ one.false_alarms }}</td>
<td class="n">{{ one.missed | length }}</td>
<td class="n">${{ number(one.training_usd, 2) }}</td>
<td class="n">{{ "-" if one.training_kwh is none else number(one.training_kwh, 4) ~ " kWh" }}</td>
<td class="n">{{ "-" if one.usd_per_1000 is none else "$" ~ number(one.usd_per_1000, 0) }}</td></tr>
{% endfor %}</table>
<p class="quiet">{{ title }} is the mean over the days,
{{ "higher" if report.higher_is_better else "lower" }} is better.
<b>Of weekly's gain</b>: 0 % is as good as never retraining, 100 % as good as every week.
<b>Behind the best</b> is the regret: what {{ report.best }} had more, known only afterwards.
<b>False alarms</b> are trainings that helped nobody: the gates or guardrails turned the candidate away, or as champion
it was no better than the one before it. <b>Missed</b> are stretches of a week or longer in which the policy lay more
than {{ number(report.missed_by) }} behind {{ report.best }} and trained nothing. <b>Errors cost</b> is per 1,000
requests. {{ report.cost.sentence }}</p>

<h2>Over time</h2>
<p>The mean of {{ report.rolling_days }} days; a dot is the first day of a new champion. Where lines lie on each other,
the same model served.</p>
<figure>{{ over_time }}</figure>

<h2>Is it worth it?</h2>
<p>Left: how good against what the trainings cost; up and to the left is better. The line joins the policies that no
other one beats at the same cost, a ring is around the chosen one. Right: how a policy fell behind the best one; where
its line is flat it lost nothing.</p>
<div class="plots"><figure>{{ frontier }}</figure><figure>{{ regret }}</figure></div>

<h2>Each policy, day by day</h2>
<p>Points are days, the line is their mean over {{ report.rolling_days }} days. Upright lines are trainings, dotted ones
false alarms.</p>
<div class="plots">{% for name, drawn in daily.items() %}<figure>{{ drawn }}</figure>{% endfor %}</div>

{% for one in report.outcomes %}{% if one.trainings or one.missed %}
<h3>{{ one.name }}: {{ one.trainings | length }} trainings</h3>
{% if one.missed %}<p>Missed:
{% for stretch in one.missed %}{{ stretch.first }} to {{ stretch.last }} ({{ number(stretch.behind) }} behind)
{{- ", " if not loop.last else "." }}{% endfor %}</p>{% endif %}
{% if one.failed_gates %}<p>Turned away by gates:
{% for gate, times in one.failed_gates.items() %}{{ gate | words }} {{ times }}
{{- ", " if not loop.last else " " }}{% endfor %}
(a candidate may fail several).</p>{% endif %}
{% if one.trainings %}<details><summary>What started them, and what came of them</summary>
<table><tr><th>night</th><th>rule</th><th>cause</th><th></th><th class="n">gain in evaluation</th>
<th>served from</th><th class="n">gain in service</th><th>why</th></tr>
{% for training in one.trainings %}<tr><td class="when">{{ training.key }}</td><td>{{ training.rule | words }}</td>
<td>{{ training.causes | join(", ") }}</td>
<td><span class="verdict {{ "fail" if training.false_alarm else "pass" if training.outcome == "champion" else "" }}">
{{- training.outcome | words }}</span></td>
<td class="n">{{ number(training.gain_in_evaluation) }}</td><td class="when">{{ training.served_from or "" }}</td>
<td class="n">{% if training.gain_in_service is not none %}{{ number(training.gain_in_service) }}
({{ training.days_compared }} days){% endif %}</td>
<td class="long">{{ training.reason }}</td></tr>{% endfor %}</table></details>{% endif %}
{% endif %}{% endfor %}

<h2>What differs from the real system</h2>
<ul>
<li>Requests are the recorded ones, each asked once; no answer failed and each took a millisecond, so guardrails on
errors and latency are always kept.</li>
<li>A promotion is judged once a night, after the verdict of that night; in the real system also in between. People who
are asked to approve say yes at once.</li>
<li>Features are what was known when their day began; a label that was corrected later is the corrected one.</li>
<li>Not examined again: {{ report.left_out }}. Everything else that gates a candidate does so here.</li>
<li>Not judged: {{ not_replayed | join(", ") }}. Where nothing fails, features are the truth and nobody reviews an
answer, three of these monitors have nothing to find, and to explain every night's answers takes longer than all
others together. What follows from them in the real system, such as taking out a new champion whose answers fail, does
not happen here; a policy that trains or rolls back because of one of them is refused.</li>
<li>The week's budget holds nothing back. No control answers anybody (<code>promote.control_share</code>).</li>
<li>A training that cannot stop early measures no tree: its model is the same, but one that goes astray is left to the
gates instead of failing.</li>
</ul>
"""
