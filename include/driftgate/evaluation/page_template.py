"""The template of an evaluation's page; ``page.py`` says what goes in."""

PAGE = """
{% macro figure(name, caption) %}{% if name in plots %}<figure>{{ plots[name] }}
<figcaption>{{ caption }}</figcaption></figure>{% endif %}{% endmacro %}
{% macro verdict(word) %}<span class="verdict {{ word }}">{{ word | words }}</span>{% endmacro %}
<h1>{{ report.use_case }}: evaluation of a candidate</h1>
<p class="quiet"><code>{{ report.model_id }}</code>, trained on <code>{{ report.dataset_version }}</code>.
Measured on {{ count(report.rows) }} rows of {{ report.first_day }} to {{ report.last_day }}, later than every
day that it was fitted on{% if report.champion %}; the champion, version {{ report.champion }}, answered the same rows
{%- else %}; there is no champion yet{% endif %}. Intervals resample whole days.
<a href="{{ report.model_id }}.json">The report as data</a>.</p>
<p class="lead {{ colour }}"><b>{{ lead }}</b> {{ explained }}</p>

<h2>Gates</h2>
<table><tr><th>gate</th><th></th><th class="n">measured</th><th class="n">interval</th>
<th class="n">threshold</th><th>what it says</th></tr>
{% for gate in report.gates %}<tr><td>{{ gate.gate | words }}</td><td>{{ verdict(gate.verdict) }}</td>
<td class="n">{{ number(gate.value) }}</td><td class="n">{{ interval(gate.interval) }}</td>
<td class="n">{{ number(gate.threshold) }}</td><td>{{ gate.sentence }}
{% if gate.waiver %} <b>Waived</b> by {{ gate.waiver.approver }} until {{ gate.waiver.until }}:
{{ gate.waiver.reason }}{% endif %}</td></tr>
{% endfor %}</table>

<h2>Candidate, champion and baselines</h2>
<table><tr><th></th>{% for title in titles %}<th class="n">{{ title }}</th>{% endfor %}
<th class="n">errors cost, USD per 1,000</th><th class="n">saved by the candidate</th></tr>
{% for row in rows %}<tr{% if loop.first %} class="ours"{% endif %}><td>{{ row.name }}</td>
{% for cell in row.cells %}<td class="n">{{ cell }}</td>{% endfor %}
<td class="n">{{ number(row.cost, 0) }}</td><td class="n">{{ row.saved }}</td></tr>
{% endfor %}</table>
{% if threshold %}<p>{{ threshold }}</p>{% endif %}
<div class="plots">
{{ figure("reliability", "Does it say what comes true? A dot is a tenth of the rows by score; on the line it does.") }}
{{ figure("distributions", "Where the scores lie; the further apart the two outcomes, the better they are told apart."
          if report.positives is not none else "How far answers lie from the truth; the narrower the better.") }}
{{ figure("gains", "Gains: acting on the highest scores first, which share of all positives is found.") }}
{{ figure("lift", "Lift: the same, as a multiple of what chance finds.") }}
</div>

{% if report.slices %}<h2>Slices</h2>
<div class="plots">
{{ figure("slices", "Loss in each slice, with its rows in brackets; red joins a slice that may lose too much.") }}
<div><table><tr><th>slice</th><th class="n">rows</th><th class="n">gain</th><th class="n">interval</th>
<th></th></tr>{% for one in report.slices %}<tr><td>{{ one.by | words }} {{ one.slice }}</td>
<td class="n">{{ count(one.rows) }}</td><td class="n">{{ number(one.gain) }}</td>
<td class="n">{{ interval(one.interval) }}</td><td>{{ verdict(one.verdict) }}</td></tr>{% endfor %}</table></div>
</div>{% endif %}

{% if report.explanation %}{% set e = report.explanation %}<h2>What it goes by</h2>
<p class="quiet">{{ e.method | words }} on {{ count(e.rows) }} rows, against {{ e.baseline.kind | words }};
contributions are in {{ "log odds" if e.baseline.log_odds else "the label's unit" }} and miss the model's own score by
{{ "%.1e" | format(e.sum_error) }} at most.</p>
<div class="plots">
{{ figure("features", "The features that move scores most, candidate beside champion.") }}
<div><table><tr><th>quality of the explanations</th><th class="n">measured</th><th class="n">interval</th></tr>
{% for name, one in scores.items() if one %}<tr><td>{{ name }}</td><td class="n">{{ number(one.value, 3) }}</td>
<td class="n">{{ interval(one.interval, 3) }}</td></tr>{% endfor %}</table>
<table><tr><th>feature</th><th class="n">share</th><th>more of it …</th></tr>
{% for one in e.features[:12] %}<tr><td>{{ one.feature }}</td><td class="n">{{ percent(one.share) }}</td>
<td>{{ direction(one.direction) }}</td></tr>{% endfor %}</table></div></div>
{% if examples %}<h3>Why single rows have their score</h3>
<p class="quiet">Red raises the score, blue lowers it.</p>
<div class="plots">{% for one in examples %}<figure>{{ one }}</figure>{% endfor %}</div>{% endif %}{% endif %}

{% if report.fairness %}{% set f = report.fairness %}<h2>Fairness</h2>
<p class="quiet">{% if f.decision_threshold is not none %}
A score above {{ number(f.decision_threshold, 3) }} is a positive decision.
{% endif %}Groups are compared with the group of reference of their facet; mitigation:
{{ f.mitigation | words }}.</p>
<table><tr><th>facet</th><th>group</th><th>metric</th><th class="n">rows</th><th class="n">candidate</th>
<th class="n">interval</th><th class="n">champion</th><th>allowed</th><th></th></tr>
{% for one in f.results if one.verdict != "reported" %}<tr><td>{{ one.facet }}</td>
<td>{{ one.group }} against {{ one.reference }}</td><td>{{ one.metric | words }}</td>
<td class="n">{{ count(one.rows) }}</td><td class="n">{{ number(one.value, 3) }}</td>
<td class="n">{{ interval(one.interval, 3) }}</td><td class="n">{{ number(one.champion, 3) }}</td>
<td>{% if one.at_least is not none %}at least {{ "%g" | format(one.at_least) }} {% endif %}
{% if one.at_most is not none %}at most {{ "%g" | format(one.at_most) }}{% endif %}</td>
<td>{{ verdict(one.verdict) }}</td></tr>
{% endfor %}</table>
{% if f.proxies %}<p>Features that stand for a facet by themselves: {% for one in f.proxies %}
{{ one.feature }} for {{ one.group }} (AUC {{ number(one.auc, 2) }}){{ ", " if not loop.last }}
{%- endfor %}.</p>{% endif %}
{% endif %}

{% if report.robustness %}{% set r = report.robustness %}<h2>Robustness</h2>
<div class="plots">{{ figure("noise", "All features disturbed at once; the band is the interval of the share.") }}
<div><table><tr><th>missing at once</th><th class="n">answers that flip</th><th class="n">metric loses</th></tr>
{% for one in missing %}<tr><td>{{ one.features | join(", ") }}</td>
<td class="n">{{ percent(one.flip_rate) }}</td><td class="n">{{ number(one.metric_drop) }}</td></tr>
{% endfor %}</table></div></div>{% endif %}

{% if report.edge_cases %}<h2>Edge cases</h2><table>{% for one in report.edge_cases %}
<tr><td>{{ verdict(one.verdict) }}</td><td>{{ one.sentence }}</td></tr>{% endfor %}</table>{% endif %}
{% if report.segments %}<h2>Are the rows enough?</h2>
<table><tr><th>segment</th><th class="n">rows</th><th class="n">asked for</th><th class="n">{{ titles[0] }}</th>
<th class="n">mean score less mean label</th></tr>{% for one in report.segments %}<tr><td>{{ one.segment | words }}</td>
<td class="n">{{ count(one.rows) }}</td><td class="n">{{ count(one.min_rows) }}</td>
<td class="n">{{ number(one.value) }}</td><td class="n">{{ number(one.bias) }}</td></tr>{% endfor %}</table>
{% endif %}
"""
