"""The page of alarms: what lasts, worst first, and what was over last."""

from collections.abc import Iterable
from datetime import datetime

from driftgate import uris
from driftgate.alarms.alarm import Alarm
from driftgate.alarms.keeping import alarms
from driftgate.alarms.outbox import deliveries
from driftgate.lake import lake
from driftgate.pages import document, render
from driftgate.severity import SEVERITIES
from driftgate.wall_clock import on_the_wall

OVER_SHOWN = 50

PAGE = """
<h1>Alarms</h1>
<p class="quiet">As of {{ now }}; <code>driftgate.sweep</code> writes this page every hour.
<code>driftgate alarm list</code> has the newest; <code>driftgate alarm ack</code>, <code>resolve</code> and
<code>suppress</code> move one.</p>
<p class="lead {{ 'fail' if lasting else 'pass' }}">{{ lasting|length }} alarms last, {{ open }} of them without anybody
who looks after them{% if undelivered %}; {{ undelivered }} messages have not arrived yet{% endif %}.</p>
{% for title, rows in (("Lasting", lasting), ("Over", over)) if rows %}
<h2>{{ title }}</h2>
<table><tr><th>severity<th>state<th>alarm<th>what<th class="n">times<th>last seen<th>owner<th>what to do</tr>
{% for one in rows %}
<tr><td><span class="verdict {{ 'fail' if one.severity == 'critical' else 'warn' if one.severity == 'major' else '' }}">
{{- one.severity }}</span><td>{{ one.state }}{{ ', false' if one.false_alarm }}<td class="long">{{ one.key }}
<td class="long">{{ one.sentence }}{% if one.impact %}<br><span class="quiet">{{ one.impact }}</span>{% endif %}
{% if one.actor %}<br><span class="quiet">{{ one.actor }}: {{ one.reason }}</span>{% endif %}
<td class="n">{{ count(one.count) }}<td class="when">{{ wall(one.last_seen) }}<td>{{ one.owner }}
<td class="long">{% if one.runbook.startswith("https://") %}<a href="{{ one.runbook }}">{{ one.kind|words }}</a>
{%- else %}{{ one.runbook }}{% endif %}</tr>
{% endfor %}
</table>
{% endfor %}
"""


def write_page(now: datetime) -> None:
    """Write the page of all alarms as they stand at ``now``."""
    waiting = sum(one.state == "waiting" for one in deliveries())
    lake().write(uris.alarms(), page_of(alarms(), waiting, now))


def page_of(found: Iterable[Alarm], undelivered: int, now: datetime) -> bytes:
    """Return the page."""
    newest = sorted(found, key=lambda alarm: alarm.last_seen, reverse=True)
    lasting = sorted((alarm for alarm in newest if alarm.lasts), key=lambda alarm: -SEVERITIES.index(alarm.severity))
    body = render(
        PAGE,
        now=_wall(now),
        lasting=lasting,
        over=[alarm for alarm in newest if not alarm.lasts][:OVER_SHOWN],
        open=sum(alarm.state == "open" for alarm in lasting),
        undelivered=undelivered,
        wall=_wall,
    )
    return document("Alarms", body)


def _wall(moment: datetime) -> str:
    return f"{on_the_wall(moment):%Y-%m-%d %H:%M}"
