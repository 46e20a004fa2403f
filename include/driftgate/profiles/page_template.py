"""The template of a profile's page; ``page.py`` says what goes in."""

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c2733 }
h1 { margin-bottom: 0 }
h2 { margin: 2rem 0 .5rem }
h3 { margin: 0; overflow-wrap: anywhere }
ul { padding: 0 }
li { margin-left: 1.2rem }
.quiet, th { color: #5b6875; font-weight: normal }
p.mark, li.mark { background: #fff1c9; border-left: .25rem solid #d99a00; padding: .2rem .5rem; margin: .3rem 0;
  list-style: none; overflow-wrap: anywhere }
.scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem }
.scores b { font-size: 1.5rem }
.meter { background: #e4e8ec; height: .4rem }
.meter i { display: block; height: 100%; background: #2a6fb0 }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1rem }
section { border: 1px solid #d5dbe1; border-radius: .4rem; padding: .8rem 1rem }
table { border-collapse: collapse; width: 100%; font-size: .87rem }
td, th { text-align: left; padding: .1rem .4rem .1rem 0; vertical-align: top }
svg { display: block; margin: .5rem 0; width: 100%; max-width: 26rem }
svg text { font-size: 10px; fill: #1c2733 }
rect.now { fill: #6fa3d0 }
.before { stroke: #b4480f; fill: none; stroke-width: 1.5 }
"""

HISTOGRAM = """
<svg viewBox="0 -2 {{ width }} {{ height + 3 }}" role="img" aria-label="distribution of {{ view.name }}">
{% for bar in view.bars %}
<rect class="now" x="{{ bar.x }}" y="{{ two(height - bar.height) }}" width="{{ bar.width }}" height="{{ bar.height }}">
<title>{{ bar.title }}</title></rect>
{% endfor %}
{% if view.bars[0].before is not none %}
<path class="before" d="M0 {{ height }}
{% for bar in view.bars %}V{{ two(height - bar.before) }}H{{ two(bar.x + bar.width) }}{% endfor %}V{{ height }}"/>
{% endif %}
<path d="M0 {{ height }}H{{ width }}" stroke="#5b6875"/></svg>
"""

CATEGORIES = """
<svg viewBox="0 0 {{ width }} {{ 26 * view.rows | length }}" role="img" aria-label="categories of {{ view.name }}">
{% for row in view.rows %}{% set y = 26 * loop.index0 %}
<text x="0" y="{{ y + 10 }}">{{ row.label }}</text>
<text x="{{ width }}" y="{{ y + 10 }}" text-anchor="end">{{ row.share }}</text>
<rect class="now" x="0" y="{{ y + 13 }}" width="{{ row.width }}" height="7"/>
{% if row.before is not none %}<path class="before" d="M{{ row.before }} {{ y + 12 }}v9"/>{% endif %}
{% endfor %}</svg>
"""

SCORES = """
<div class="scores">{% for name, meaning in meanings.items() %}{% set score = profile.quality[name] %}
<div><b>{{ "none" if score is none else percent(score) }}</b> {{ name }}
<div class="meter"><i style="width: {{ two(100 * (score or 0)) }}%"></i></div>
<span class="quiet">{{ "no rule speaks of it" if score is none else meaning }}
{%- if before and before.quality and before.quality[name] is not none -%}
; {{ percent(before.quality[name]) }} before{% endif %}</span></div>
{% endfor %}</div>
"""

COLUMN = f"""
<section><h3>{{{{ view.name }}}}</h3><span class="quiet">{{{{ view.kind }}}}</span>
{{% for sentence in view.marks %}}<p class="mark">{{{{ sentence }}}}</p>{{% endfor %}}
{{% if view.bars %}}{HISTOGRAM}{{% endif %}}
{{% if view.rows %}}{CATEGORIES}{{% endif %}}
<table>
{{% if before_key %}}<tr><th></th><th>{{{{ key }}}}</th><th>{{{{ before_key }}}}</th></tr>{{% endif %}}
{{% for fact in view.facts %}}
<tr><th>{{{{ fact.name }}}}</th><td>{{{{ fact.now }}}}</td><td class="quiet">{{{{ fact.before or "" }}}}</td></tr>
{{% endfor %}}</table></section>
"""

PAGE = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Profile of {{{{ dataset }}}} {{{{ key }}}}</title><style>{STYLE}</style></head><body>
<h1>{{{{ dataset }}}} {{{{ key }}}}</h1>
<p class="quiet">What the {{{{ "{{:,}}".format(profile.rows) }}}} validated rows of this partition hold.
{{% if before_key %}}Compared with {{{{ before_key }}}}, the partition before it: the orange line and the numbers on the
right; what differs much is marked.
{{% else %}}It is the first one of its dataset, so there is nothing to compare it with.{{% endif %}}</p>
{{% if profile.quality %}}{SCORES}{{% endif %}}
{{% if changed %}}<h2>Different from {{{{ before_key }}}}</h2><ul>{{% for item in changed %}}
<li class="mark">{{% if item.column %}}<b>{{{{ item.column }}}}</b>: {{% endif %}}{{{{ item.sentence }}}}</li>
{{% endfor %}}</ul>
{{% elif before_key %}}<p>Nothing stands out against {{{{ before_key }}}}.</p>{{% endif %}}
{{% if profile.findings %}}<h2>Good to know</h2><ul>{{% for item in profile.findings %}}
<li>{{{{ item.sentence }}}}</li>{{% endfor %}}</ul>{{% endif %}}
<h2>Columns</h2><div class="columns">{{% for view in views %}}{COLUMN}{{% endfor %}}</div>
<p class="quiet">A quantile may be off by 0.4 % of the rows; a number of different values, where it says about, by a
few percent. A category that is marked as new or gone has at least 1 % of the rows.</p>
</body></html>
"""
