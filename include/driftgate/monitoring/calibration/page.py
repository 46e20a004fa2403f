"""The page of a calibration report: for whoever wants to know what an alarm of the data monitor is worth."""

from typing import TYPE_CHECKING

from driftgate.monitoring.calibration.prices import told, total
from driftgate.monitoring.calibration.report import MEANS, SHARES, VARIANCES, CalibrationReport, Detection, Smallest
from driftgate.pages import document, render
from driftgate.pages.plots import LIMIT, OURS, legend, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE = """
<h1>What a data alarm of {{ report.use_case }}/{{ report.version }} is worth</h1>
<p class="quiet">Calibrated on {{ report.keys | length }} training days,
{{ report.keys[0] }} to {{ report.keys[-1] }}.</p>
<p class="lead">{{ lead }}</p>
<h2>How to read it</h2>
<p>Each night, every feature is compared with the days of the training window: those of the same weekday, if weekdays
differ, and of the same season, if the window holds a year. Its <b>rarity</b> says how few training days lie as far
out: 1 is one day in ten, 2 one in a hundred. The night's number is the largest rarity of the features that count. The
limit is chosen so that, if nothing drifts, {{ report.rule_nights }} of {{ report.rule_of_last }} nights are over it
{{ accepted }} times a year. That is the price of an alarm.</p>
{{ series }}
<h2>False alarms on nights it was not calibrated on</h2>
<p>{{ judged }}</p>
<h2>What it finds how soon</h2>
<p>The smallest change that is found with 90 % power, begun on any training day. <b>1 night</b>: the first night is over
the limit. <b>3</b> and <b>7 nights</b>: there is an alarm by then. A dash: not even the largest change that was tried,
{{ largest }}; such a feature moves so much by itself that only more history can tell.</p>
<table>
<tr><th>feature</th><th>tier</th><th>change</th>
<th class="n">1 night</th><th class="n">3 nights</th><th class="n">7 nights</th></tr>
{% for feature, tier, change, cells in rows %}
<tr><td>{{ feature }}</td><td>{{ tier }}</td><td>{{ change }}</td>
{% for cell in cells %}<td class="n">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% if report.prices %}
<h2>What all monitors cost together</h2>
<p>{{ told }} Each monitor is held to its own price; none is lowered because others watch too, so the sum is what a team
has agreed to live with.</p>
<table>
<tr><th>monitor</th><th class="n">false alarms a year</th><th>may start a training</th></tr>
{% for price in report.prices %}
<tr><td>{{ price.monitor }}</td><td class="n">{{ "%g" % price.per_year if price.per_year else "not agreed" }}</td>
<td>{{ "yes" if price.trains else "no" }}</td></tr>
{% endfor %}
<tr><td><b>together</b></td><td class="n"><b>{{ "%g" % total }}</b></td><td></td></tr>
</table>
{% endif %}
"""


def render_calibration(report: CalibrationReport) -> bytes:
    """Return the page."""
    body = render(
        PAGE,
        report=report,
        lead=lead(report),
        accepted=f"{report.accepted_per_year:g}",
        judged=judged(report),
        told=told(report.prices) if report.prices else "",
        total=total(report.prices),
        largest=f"{MEANS[-1]:g} standard deviations, {VARIANCES[-1]:g} times the variance, {SHARES[-1]:.0%} of rows",
        series=plot(lambda axes: _series(axes, report), "The night's number of each training day", width=10, height=3),
        rows=[row for found in report.detections for row in detection_rows(found)],
    )
    return document(f"Calibration of {report.use_case}/{report.version}", body)


def lead(report: CalibrationReport) -> str:
    """Return the report in a sentence."""
    agreed = f"The data monitor may cry wolf {report.accepted_per_year:g} times a year"
    if report.achieved_per_year is None or report.achieved_interval is None:
        return f"{agreed}; its window is too short to say how often it does."
    low, high = report.achieved_interval
    kept = "which agrees with it" if low <= report.accepted_per_year <= high else "which does not agree with it"
    return (
        f"{agreed}. On nights it was not calibrated on, it did so at a rate of {report.achieved_per_year:.1f} a year "
        f"(90 % interval {low:.1f} to {high:.1f}), {kept}."
    )


def judged(report: CalibrationReport) -> str:
    """Return what was seen of false alarms, and how little or much that says."""
    if not report.judged_nights:
        return "No part of the window can be judged by the rest of it: too few days remain. Train on a longer window."
    alarms = "alarm" if report.judged_alarms == 1 else "alarms"
    return (
        f"Each quarter of the window was judged by the days of the others that are more than a week away: "
        f"{report.judged_nights} nights, {report.judged_over} of them over the limit, {report.judged_alarms} {alarms}. "
        "The interval is wide where the window is short; it says what can be known and no more."
    )


def detection_rows(found: Detection) -> "list[tuple[str, str, str, list[str]]]":
    """Return the lines of the table for one feature."""
    kinds = (
        ("mean, in standard deviations", found.mean, "{:.2g}"),
        ("variance, as a multiple", found.variance, "{:.2g}"),
        ("share of rows that turn into one category", found.category, "{:.1%}"),
    )
    return [(found.feature, found.tier, what, _cells(sizes, form)) for what, sizes, form in kinds if sizes]


def _cells(sizes: Smallest, form: str) -> list[str]:
    return ["-" if size is None else form.format(size) for size in sizes]


def _series(axes: "Axes", report: CalibrationReport) -> None:
    axes.plot(range(len(report.numbers)), report.numbers, ".-", color=OURS, label="largest rarity of each training day")
    axes.axhline(report.limit, color=LIMIT, linestyle="--", label="limit of a night")
    legend(axes)
    places = range(0, len(report.keys), max(len(report.keys) // 6, 1))
    axes.set_xticks(list(places), [report.keys[place] for place in places])
    axes.set_ylabel("rarity")
