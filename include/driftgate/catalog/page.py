"""The catalogue as one page: self-contained, searchable, without network."""

from functools import cache
from typing import Any

from driftgate.catalog.entries import Catalog

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Data catalogue</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; line-height: 1.45; color: #222 }
input { font-size: 1.1rem; padding: .5rem .8rem; width: 100%; box-sizing: border-box; border: 1px solid #999; border-radius: .4rem }
section { border: 1px solid #ddd; border-radius: .5rem; padding: .2rem 1.2rem 1rem; margin: 1.2rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
td, th { border-bottom: 1px solid #e5e5e5; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { background: #f6f6f6 }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .15rem 1rem; margin: .6rem 0 }
dt { color: #666 } dd { margin: 0 }
code { font-size: .88rem; overflow-wrap: anywhere }
.tag { background: #eef; border-radius: .3rem; padding: .05rem .4rem; font-size: .85rem }
.pii, .sensitive, .warn { background: #fde8e8; color: #9b1c1c } .public { background: #e8f5e9 }
details summary { cursor: pointer; color: #555; margin-top: .6rem }
[hidden] { display: none }
</style></head><body>
<h1>Data catalogue</h1>
<p>{{ catalog.datasets | length }} datasets, {{ catalog.features | length }} features, {{ catalog.models | length }} model
versions. Made from contracts, SQL and the lake; nobody writes it by hand.</p>
<input id="search" type="search" placeholder="Search datasets, columns, features, owners" aria-label="Search" autofocus>
<p id="found" role="status"></p>
<h2>Datasets</h2>
{% for d in catalog.datasets %}<section class="entry" id="dataset-{{ d.name }}">
<h3>{{ d.name }} <span class="tag {{ d.sensitivity }}">{{ d.sensitivity }}</span>
{% if d.synthetic %}<span class="tag warn">synthetic</span>{% endif %}</h3>
<p>{{ d.purpose }}</p>
<dl>
<dt>owner</dt><dd>{{ d.owner }} ({{ d.contact }})</dd>
<dt>source, licence</dt><dd>{{ d.source }}, {{ d.licence }}</dd>
<dt>where</dt><dd><code>{{ d.location }}</code></dd>
<dt>contract</dt><dd>{{ d.contract }}, schema <code>{{ d.schema_sha256[:12] }}</code></dd>
<dt>partitions</dt><dd>{% if d.partitions.count %}{{ d.partitions.count }} from {{ d.partitions.first }} to
{{ d.partitions.last }}; {{ d.partitions.missing | length }} days missing{% if d.partitions.missing %} ({{ d.partitions.missing[:5] | join(", ") }}{% if d.partitions.missing | length > 5 %} …{% endif %}){% endif %};
{{ d.partitions.revised }} corrected; {{ "{:,}".format(d.partitions.rows) }} rows{% else %}none yet{% endif %}</dd>
{% if d.partitions.newest_known_at %}<dt>fresh</dt><dd>the newest partition is known since {{ d.partitions.newest_known_at }}</dd>{% endif %}
<dt>stored</dt><dd>{% for zone, bytes in d.storage.bytes.items() %}{{ zone }} {{ "{:,}".format(bytes) }} bytes{{ ", " if not loop.last }}{% endfor %}
{% if d.storage.compression %}; values take {{ d.storage.compression }} times as much unpacked{% endif %}
{% if d.storage.repeated_bytes %}; {{ "{:,}".format(d.storage.repeated_bytes) }} bytes are stored more than once{% endif %}</dd>
<dt>kept</dt><dd>{{ d.retention_days }} days, class {{ d.data_class }}</dd>
{% if d.quality %}<dt>quality</dt><dd>{{ d.quality.rows_quarantined }} of {{ d.quality.rows_in }} rows of {{ d.quality.partition }} quarantined;
{% if d.quality.broken_rules %}broken: {{ d.quality.broken_rules | join(", ") }}{% else %}no rule broken{% endif %}
{% for name, score in d.quality.scores.items() if score is not none %}; {{ name }} {{ "%.4f" | format(score) }}{% endfor %}
(<a href="../validation/{{ d.name }}/{{ d.quality.partition }}.html">judgement</a>)</dd>{% endif %}
<dt>used by</dt><dd>{{ d.use_cases | join(", ") or "no use case" }}; {{ d.features | length }} features; models
{{ d.models | join(", ") or "none" }}</dd>
<dt>lineage</dt><dd>{% if d.partitions.last %}<code>driftgate lineage trace validated/{{ d.name }}/{{ d.partitions.last }}</code>{% endif %}</dd>
</dl>
<table><tr><th>column</th><th>type</th><th>unit</th><th>meaning</th><th>class</th><th>known</th><th>nulls</th><th>distinct</th><th>range</th></tr>
{% for c in d.columns %}<tr><td>{{ c.name }}</td><td>{{ c.type }}</td><td>{{ c.unit or "" }}</td><td>{{ c.description }}</td>
<td><span class="tag {{ c.classification }}">{{ c.classification }}</span>{% if c.treatment != "keep" %} {{ c.treatment }}{% endif %}
{% if c.suspected %}<span class="tag warn">looks like {{ c.suspected }}</span>{% endif %}</td><td>{{ c.available_at }}</td>
<td>{{ "" if c.nulls_percent is none else c.nulls_percent ~ " %" }}</td><td>{{ "" if c.distinct is none else c.distinct }}</td>
<td>{% if c.minimum is not none %}{{ "%g" | format(c.minimum) }} to {{ "%g" | format(c.maximum) }}{% endif %}</td></tr>
{% endfor %}</table></section>
{% endfor %}
<h2>Features</h2>
<table><tr><th>feature</th><th>type</th><th>unit</th><th>made from</th><th>known</th><th>class</th><th>used by</th><th>fresh until</th><th>share of gain</th></tr>
{% for f in catalog.features %}<tr class="entry" id="feature-{{ f.name }}"><td>{{ f.name }}{% if f.online %} <span class="tag">online</span>{% endif %}
{% if f.role != "feature" %}<span class="tag">identifier</span>{% endif %}
{% if f.same_as %}<span class="tag warn">same as {{ f.same_as | join(", ") }}</span>{% endif %}
{% if f.unused %}<span class="tag warn">brings nothing</span>{% endif %}<br><small>{{ f.description or "" }}</small></td>
<td>{{ f.type }}</td><td>{{ f.unit or "" }}</td><td><code>{{ f.expression }}</code></td><td>{{ f.known }}</td>
<td><span class="tag {{ f.sensitivity }}">{{ f.sensitivity }}</span></td><td>{{ f.models | join(", ") }}</td>
<td>{{ f.fresh_until or "" }}</td><td>{% if f.gain_percent %}{{ "%.1f" | format(f.gain_percent[0]) }} %{% endif %}</td></tr>
{% endfor %}</table>
<h2>Models</h2>
<table><tr><th>model</th><th>trained on</th><th>features</th><th>class</th></tr>
{% for m in catalog.models %}<tr class="entry"><td>{{ m.name }}</td><td>{{ m.dataset_version }}</td><td>{{ m.features | length }}</td>
<td><span class="tag {{ m.sensitivity }}">{{ m.sensitivity }}</span></td></tr>
{% endfor %}</table>
<script>
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
</script></body></html>
"""


def render_catalog(catalog: Catalog) -> bytes:
    """Return the page; every text in it is escaped."""
    page: str = _template().render(catalog=catalog)
    return page.encode()


@cache
def _template() -> Any:
    from jinja2 import Environment

    return Environment(autoescape=True, trim_blocks=True).from_string(PAGE)
