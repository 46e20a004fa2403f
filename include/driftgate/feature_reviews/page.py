"""The page of a feature review: what its signers look at, from the question to the numbers."""

from driftgate.experiments.feature_sets import ComparedSet, SetComparison
from driftgate.feature_reviews.pack import ReviewPack
from driftgate.feature_reviews.volatility import MONTHLY, QUARTERLY, Volatility
from driftgate.pages import document, render

PAGE = """
<h1>Feature review of {{ pack.use_case }}, {{ pack.key }}</h1>
<p class="quiet">Champion: version {{ pack.champion }}. Compared on <code>{{ pack.dataset_version }}</code>.
To be signed by: {{ pack.policy.roles | map("words") | join(", ") }}.</p>
<p class="lead">{{ pack.why }}</p>
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
<p>An approval asks for one retraining on what <code>features.sql</code> says when it runs; change that in a pull
request before you sign. A rejection changes nothing and says why.</p>

<h2>Sets of features</h2>
{% if pack.comparison %}
<p>Each set was trained the same way, on {{ pack.comparison.folds }} folds of time and on all training days. The gain is
that over the champion's features on the same validation days, with a {{ "%.0f" | format(100 *
pack.comparison.confidence) }} % interval: only a set whose interval lies above 0 is better by more than chance. Each
interval is for itself: of many sets that are no better, some look so.</p>
<table><tr><th>set</th><th>changed</th><th class="n">{{ pack.comparison.metric }} over folds</th>
<th class="n">spread</th><th class="n">on validation days</th><th class="n">gain</th><th>interval</th><th></th></tr>
{% for one in pack.comparison.sets %}<tr{% if loop.first %} class="ours"{% endif %}><td>{{ one.name | words }}</td>
<td class="long">{{ changed(one) }}</td><td class="n">{{ number(one.cv_mean, 4) }}</td>
<td class="n">{{ number(one.cv_std, 4) }}</td><td class="n">{{ number(one.value, 4) }}</td>
<td class="n">{{ number(one.gain, 4) }}</td><td>{{ interval(one.interval, 4) }}</td><td>{{ said(one) }}</td></tr>
{% endfor %}</table>
{% else %}<p>Nothing was compared. {{ pack.not_compared }}</p>{% endif %}

<h2>What each feature is worth</h2>
<p>Its share of the champion's importance{% if pack.former %}, and the mean of its shares in the champions before
(version {{ pack.former | join(", ") }}), each weighing half of the one after it; the change is in points of a
percent{% endif %}. A feature that brings nothing to any of them is unused.</p>
<table><tr><th>feature</th><th>tier</th><th class="n">share</th><th class="n">before</th><th class="n">change</th>
<th class="n">sensitivity</th><th></th></tr>
{% for one in pack.features %}<tr><td>{{ one.feature }}</td><td>{{ one.tier }}</td>
<td class="n">{{ percent(one.share) }}</td>
<td class="n">{{ "-" if one.decayed is none else percent(one.decayed) }}</td>
<td class="n">{{ "-" if one.change is none else "%+.1f" | format(100 * one.change) }}</td>
<td class="n">{{ number(one.sensitivity, 3) }}</td>
<td>{% if one.unused %}<span class="verdict warn">unused</span>{% endif %}</td></tr>
{% endfor %}</table>

<h2>Columns that no feature is made of</h2>
{% if pack.unread %}<p>What is known only as an outcome can teach through earlier days, never of its own row.</p>
<table><tr><th>column</th><th>type</th><th>known</th><th>meaning</th></tr>
{% for one in pack.unread %}<tr><td>{{ one.dataset }}.{{ one.column }}</td><td>{{ one.type }}</td>
<td>{{ one.available_at }}</td><td class="long">{{ one.description }}</td></tr>
{% endfor %}</table>{% else %}<p>Every column of the contracts is read.</p>{% endif %}
{% for dataset, columns in pack.undeclared.items() %}
<p>Delivered for <b>{{ dataset }}</b> and declared by no contract: {{ columns | join(", ") }}.</p>{% endfor %}

<h2>How much this world moves</h2>
<p>{{ moves }}</p>
{% if pack.volatility.by_month %}<table><tr><th>month</th>
{% for month in pack.volatility.by_month %}<th class="n">{{ month }}</th>{% endfor %}</tr>
<tr><td>drift</td>{% for mean in pack.volatility.by_month.values() %}
<td class="n">{{ number(mean, 2) }}</td>{% endfor %}</tr></table>{% endif %}
"""


def render_pack(pack: ReviewPack) -> bytes:
    """Return the page of a review."""
    body = render(
        PAGE,
        pack=pack,
        lines=list(summary(pack)),
        changed=changed,
        said=said,
        moves=moves(pack.volatility, pack.policy.every),
    )
    return document(f"Feature review of {pack.use_case} {pack.key}", body)


def summary(pack: ReviewPack) -> list[str]:
    """Return what stands out, a sentence each."""
    told = [better(pack.comparison)] if pack.comparison else []
    unread, undeclared = len(pack.unread), sum(map(len, pack.undeclared.values()))
    facts = {
        f"Unused: {', '.join(pack.unused)}.": pack.unused,
        f"Features that the champion does not know: {', '.join(pack.new)}.": pack.new,
        f"Features of the champion that features.sql gives no more: {', '.join(pack.gone)}.": pack.gone,
        f"Columns of the contracts that no feature is made of: {unread}.": unread,
        f"Columns that arrive and that no contract declares: {undeclared}.": undeclared,
    }
    return [*told, *(line for line, there in facts.items() if there), moves(pack.volatility, pack.policy.every)]


def better(comparison: SetComparison) -> str:
    """Return which sets are better than the champion's by more than chance."""
    found = [one.name.replace("_", " ") for one in comparison.sets if one.interval and one.interval[0] > 0]
    if not found:
        return f"None of {len(comparison.sets) - 1} other sets of features is better by more than chance."
    return f"Better than the champion's features by more than chance: {', '.join(found)}."


def changed(one: ComparedSet) -> str:
    """Return what a set does otherwise than ``features.sql``."""
    parts = [f"without {', '.join(one.left_out)}"] if one.left_out else []
    parts += [f"with {', '.join(one.added)}"] if one.added else []
    return "; ".join(parts) or "as features.sql says"


def said(one: ComparedSet) -> str:
    """Return what the comparison says of a set, in a word or two."""
    if one.interval is None:
        return one.reason
    return "better" if one.interval[0] > 0 else "worse" if one.interval[1] < 0 else "no more than chance"


def moves(found: Volatility, every: str) -> str:
    """Return what a year of verdicts says about how often features should be looked at."""
    if found.score is None:
        return f"{found.nights} judged nights are too few to say how often features should be looked at."
    seasons = "" if found.seasonality is None else f", and months differ by up to {found.seasonality:.2f}"
    agrees = "as the policy says" if found.proposes == every else f"where the policy says {every}"
    return (
        f"On {found.drift_nights} of {found.nights} judged nights something drifted, weighing {found.drift:.2f} a night"
        f"{seasons}: a volatility of {found.score:.2f}, for which a {found.proposes} review is proposed (monthly from "
        f"{MONTHLY:g}, quarterly from {QUARTERLY:g}), {agrees}."
    )
