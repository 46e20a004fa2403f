"""The catalogue as one page: self-contained, searchable, without network."""

from functools import cache
from typing import Any

from driftgate.catalog.entries import Catalog

# Airflow's UI lets browsers run exactly these bytes and no other script of the page.
SCRIPT = """
const entries = [...document.querySelectorAll(".entry")].map(e => [e, e.textContent.toLowerCase()]);
document.getElementById("search").addEventListener("input", event => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const [element, text] of entries) {
    element.hidden = !words.every(word => text.includes(word));
    if (!element.hidden) found++;
  }
  document.getElementById("found").textContent = words.length ? found + " found" : "";
});
"""

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data catalogue</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; line-height: 1.45 }
input { font-size: 1.1rem; padding: .5rem .8rem; width: 100%; box-sizing: border-box }
section { border: 1px solid #ddd; border-radius: .5rem; padding: .2rem 1.2rem 1rem; margin: 1.2rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
td, th { border-bottom: 1px solid #e5e5e5; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: #f6f6f6 }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .15rem 1rem; margin: .6rem 0 }
dt { color: #666 } dd { margin: 0 }
code { font-size: .88rem; overflow-wrap: anywhere }
.tag { background: #eef; border-radius: .3rem; padding: .05rem .4rem; font-size: .85rem }
.pii, .sensitive, .warn { background: #fde8e8; color: #9b1c1c } .public { background: #e8f5e9 }
[hidden] { display: none }
</style></head><body>
{% macro tag(text, kind="") %}<span class="tag {{ kind }}">{{ text }}</span>{% endmacro %}
{% macro heads(names) %}<tr>{% for name in names %}<th>{{ name }}</th>{% endfor %}</tr>{% endmacro %}
{% macro line(name) %}<dt>{{ name }}</dt><dd>{{ caller() }}</dd>{% endmacro %}
<h1>Data catalogue</h1>
<p>{{ catalog.datasets | length }} datasets, {{ catalog.features | length }} features,
{{ catalog.models | length }} model versions. Made from contracts, SQL and the lake; nobody writes it by hand.</p>
<input id="search" type="search" placeholder="Search datasets, columns, features, owners" aria-label="Search">
<p id="found" role="status"></p>
<h2>Datasets</h2>
{% for d in catalog.datasets %}<section class="entry" id="dataset-{{ d.name }}">
<h3>{{ d.name }} {{ tag(d.sensitivity, d.sensitivity) }} {% if d.synthetic %}{{ tag("synthetic", "warn") }}{% endif %}
</h3>
<p>{{ d.purpose }}</p>
<dl>
{% call line("owner") %}{{ d.owner }} ({{ d.contact | replace("mailto:", "") }}){% endcall %}
{% call line("source, licence") %}{{ d.source }}, {{ d.licence }}{% endcall %}
{% call line("where") %}<code>{{ d.location }}</code>{% endcall %}
{% call line("contract") %}{{ d.contract }}, schema <code>{{ d.schema_sha256[:12] }}</code>{% endcall %}
{% call line("partitions") %}{% set p = d.partitions %}{% if p.count %}
{{ p.count }} from {{ p.first }} to {{ p.last }}, {{ "{:,}".format(p.rows) }} rows; {{ p.revised }} corrected;
{{ p.missing | length }} days missing{{ ": " if p.missing }}{{ p.missing[:5] | join(", ") }}
{{- " …" if p.missing | length > 5 }}{% else %}none yet{% endif %}{% endcall %}
{% if d.partitions.newest_known_at %}
{% call line("fresh") %}the newest partition is known since {{ d.partitions.newest_known_at }}{% endcall %}
{% endif %}
{% call line("stored") %}{% for zone, bytes in d.storage.bytes.items() %}
{{ zone }} {{ "{:,}".format(bytes) }} bytes{{ ", " if not loop.last }}
{%- endfor %}
{% if d.storage.compression %}; unpacked, values take {{ d.storage.compression }} times as much{% endif %}
{% if d.storage.repeated_bytes %}; {{ "{:,}".format(d.storage.repeated_bytes) }} bytes are stored more than once
{% endif %}{% endcall %}
{% call line("kept") %}{{ d.retention_days }} days, class {{ d.data_class }}{% endcall %}
{% if d.quality %}{% set q = d.quality %}{% call line("quality") %}
{{ q.rows_quarantined }} of {{ q.rows_in }} rows of {{ q.partition }} quarantined;
{% if q.broken_rules %}broken: {{ q.broken_rules | join(", ") }}{% else %}no rule broken{% endif %}
{% for name, score in q.scores.items() if score is not none %}; {{ name }} {{ "%.4f" | format(score) }}{% endfor %}
{{ " " }}(<a href="../validation/{{ d.name }}/{{ q.partition }}.html">judgement</a>){% endcall %}{% endif %}
{% call line("used by") %}{{ d.use_cases | join(", ") or "no use case" }}; {{ d.features | length }} features;
models {{ d.models | join(", ") or "none" }}{% endcall %}
{% if d.partitions.last %}{% call line("lineage") %}
<code>driftgate lineage trace validated/{{ d.name }}/{{ d.partitions.last }}</code>{% endcall %}{% endif %}
</dl>
<table>{{ heads(["column", "type", "unit", "meaning", "class", "known", "nulls", "distinct", "range"]) }}
{% for c in d.columns %}<tr><td>{{ c.name }}</td><td>{{ c.type }}</td><td>{{ c.unit or "" }}</td>
<td>{{ c.description }}</td><td>{{ tag(c.classification, c.classification) }}
{{ c.treatment if c.treatment != "keep" }} {% if c.suspected %}{{ tag("looks like " ~ c.suspected, "warn") }}{% endif %}
</td><td>{{ c.available_at }}</td>
<td>{{ "" if c.nulls_percent is none else c.nulls_percent ~ " %" }}</td>
<td>{{ "" if c.distinct is none else c.distinct }}</td>
<td>{% if c.minimum is not none %}{{ "%g" | format(c.minimum) }} to {{ "%g" | format(c.maximum) }}{% endif %}</td></tr>
{% endfor %}</table></section>
{% endfor %}
<h2>Features</h2>
<table>
{{ heads(["feature", "type", "unit", "made from", "known", "class", "used by", "fresh until", "importance"]) }}
{% for f in catalog.features %}<tr class="entry" id="feature-{{ f.name }}"><td>{{ f.name }}
{% if f.online %}{{ tag("online") }}{% endif %} {% if f.role != "feature" %}{{ tag("identifier") }}{% endif %}
{% if f.same_as %}{{ tag("same as " ~ f.same_as | join(", "), "warn") }}{% endif %}
{% if f.unused %}{{ tag("brings nothing", "warn") }}{% endif %}<br><small>{{ f.description or "" }}</small></td>
<td>{{ f.type }}</td><td>{{ f.unit or "" }}</td><td><code>{{ f.expression }}</code></td><td>{{ f.known }}</td>
<td>{{ tag(f.sensitivity, f.sensitivity) }}</td><td>{{ f.models | join(", ") }}</td><td>{{ f.fresh_until or "" }}</td>
<td>{% if f.importance_percent %}{{ "%.1f" | format(f.importance_percent[0]) }} %{% endif %}</td></tr>
{% endfor %}</table>
<h2>Models</h2>
<table>{{ heads(["model", "trained on", "features", "class"]) }}
{% for m in catalog.models %}<tr class="entry"><td><a href="../models/{{ m.name }}.html">{{ m.name }}</a></td>
<td>{{ m.dataset_version }}{% if m.dataset_check %} <a href="../datasets/{{ m.dataset_version }}/check.json">
{{ tag(m.dataset_check | replace("_", " "), "warn" if m.dataset_check == "fails" else "") }}</a>{% endif %}</td>
<td>{{ m.features | length }}</td><td>{{ tag(m.sensitivity, m.sensitivity) }}</td></tr>
{% endfor %}</table>
<script>"""
FOOT = "</script></body></html>\n"


def render_catalog(catalog: Catalog) -> bytes:
    """Return the page; every text in it is escaped."""
    page: str = _template().render(catalog=catalog)
    return page.encode()


@cache
def _template() -> Any:
    from jinja2 import Environment

    return Environment(autoescape=True, trim_blocks=True).from_string(f"{PAGE}{SCRIPT}{FOOT}")
