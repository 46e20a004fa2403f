"""The page of a backtest, for whoever has to choose a policy and has not seen one before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from driftgate.backtest.monitors import NOT_REPLAYED
from driftgate.backtest.page_template import PAGE
from driftgate.backtest.report import BacktestReport, Outcome
from driftgate.evaluation.metrics import metric
from driftgate.pages import document, render
from driftgate.pages.plots import OTHER, legend, plain, plot

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

FEW_MONTHS = 3  # with fewer, weeks are named on the axis
PALETTE = ("#98a2ad", "#2a6fb0", "#b4480f", "#1a7f37", "#7a3fa0", "#b8860b", "#0f7b7b", "#b42318")


def render_report(report: BacktestReport) -> bytes:
    """Return the page of a report; it needs no network."""
    title = f"{report.use_case}: policies from {report.first} to {report.last}"
    found = {one.name: one for one in report.outcomes}
    body = render(
        PAGE,
        report=report,
        title=metric(report.metric).title,
        best=found[report.best],
        chosen=found.get(report.chosen or ""),
        lead=_lead(report),
        over_time=plot(lambda axes: _over_time(axes, report), _told(report), width=11.0, height=3.8),
        frontier=plot(lambda axes: _frontier(axes, report), "Quality against the cost of trainings", width=6.2),
        regret=plot(lambda axes: _regret(axes, report), "Lag behind the best policy, summed up", width=6.2),
        daily={one.name: _drawn_daily(report, one) for one in report.outcomes},
        colours=_colours(report),
        not_replayed=NOT_REPLAYED,
    )
    return document(title, body)


def _lead(report: BacktestReport) -> str:
    found = {one.name: one for one in report.outcomes}
    chosen, best = found.get(report.chosen or ""), found[report.best]
    told = f"{best.name} was best with {best.value:.4f} and {_trainings(best)}"
    if chosen is None:
        return f"{told}."
    if chosen.name == best.name:
        return f"The chosen policy, {told}."
    whole = chosen.periods[0].share_of_gain
    share = "" if whole is None else f", {whole:.0%} of what weekly trainings gain over none"
    return f"The chosen policy {chosen.name} had {chosen.value:.4f} with {_trainings(chosen)}{share}; {told}."


def _trainings(one: Outcome) -> str:
    return f"{len(one.trainings)} training{'' if len(one.trainings) == 1 else 's'}"


def _told(report: BacktestReport) -> str:
    return f"{metric(report.metric).title} of each policy, mean of {report.rolling_days} days"


def _colours(report: BacktestReport) -> dict[str, str]:
    return {one.name: PALETTE[place % len(PALETTE)] for place, one in enumerate(report.outcomes)}


def _over_time(axes: "Axes", report: BacktestReport) -> None:
    """Draw the rolling mean of each policy, with a mark where a new champion began to serve."""
    colours = _colours(report)
    for one in report.outcomes:
        values = np.array([np.nan if day.rolling is None else day.rolling for day in one.days])
        axes.plot(range(len(values)), values, color=colours[one.name], linewidth=1.6, label=one.name)
        began = {training.served_from for training in one.trainings if training.served_from}
        places = [place for place, day in enumerate(one.days) if day.key in began]
        axes.plot(places, values[places], "o", color=colours[one.name], markersize=4)
    _months(axes, [day.key for day in report.outcomes[0].days])
    axes.set_ylabel(_told(report))
    legend(axes)


def _drawn_daily(report: BacktestReport, one: Outcome) -> "Markup":
    return plot(lambda axes: _daily(axes, report, one), f"Each day under {one.name}")


def _daily(axes: "Axes", report: BacktestReport, one: Outcome) -> None:
    colour = _colours(report)[one.name]
    for values, style in (([day.value for day in one.days], "."), ([day.rolling for day in one.days], "-")):
        drawn = np.array([np.nan if value is None else value for value in values])
        axes.plot(range(len(drawn)), drawn, style, color=colour, markersize=3, linewidth=1.6, alpha=0.8)
    for training in one.trainings:
        place = next(place for place, day in enumerate(one.days) if day.key == training.key)
        axes.axvline(place, color=OTHER, linewidth=0.7, linestyle=":" if training.false_alarm else "-")
    _months(axes, [day.key for day in one.days])
    axes.set_title(one.name, fontsize=9)


def _frontier(axes: "Axes", report: BacktestReport) -> None:
    """Draw quality against cost; a ring is around the chosen policy, a line joins those that no other one beats."""
    colours = _colours(report)
    for one in report.outcomes:
        axes.plot(one.training_usd, one.value, "o", color=colours[one.name], markersize=7)
        if one.name == report.chosen:
            axes.plot(one.training_usd, one.value, "o", color="none", markeredgecolor="#1c2733", markersize=14)
        note = plain(f"{one.name} ({len(one.trainings)})")
        axes.annotate(note, (one.training_usd, one.value), xytext=(9, -3), textcoords="offset points", fontsize=8)
    line = sorted((one.training_usd, one.value) for one in report.outcomes if one.on_frontier)
    axes.plot([cost for cost, _ in line], [value for _, value in line], color=OTHER, linewidth=1, zorder=0)
    axes.margins(x=0.25, y=0.15)
    axes.set_xlabel("cost of all trainings in US dollars (how many)")
    axes.set_ylabel(f"{metric(report.metric).title}, mean of all days")
    if not report.higher_is_better:
        axes.invert_yaxis()


def _regret(axes: "Axes", report: BacktestReport) -> None:
    """Draw how far each policy has fallen behind the best one, day by day."""
    sign, colours = 1 if report.higher_is_better else -1, _colours(report)
    best = next(one for one in report.outcomes if one.name == report.best)
    of_best = np.array([np.nan if day.value is None else day.value for day in best.days])
    for one in report.outcomes:
        own = np.array([np.nan if day.value is None else day.value for day in one.days])
        behind = np.nancumsum(sign * (of_best - own))
        axes.plot(range(len(behind)), behind, color=colours[one.name], linewidth=1.4, label=one.name)
    _months(axes, [day.key for day in best.days])
    axes.set_ylabel("sum of daily differences")
    legend(axes)


def _months(axes: "Axes", keys: Sequence[str]) -> None:
    firsts = [place for place, key in enumerate(keys) if key.endswith("-01")]
    if len(firsts) < FEW_MONTHS:
        weeks = range(0, len(keys), 7)
        axes.set_xticks(list(weeks), [keys[place] for place in weeks], fontsize=8, rotation=30)
        return
    axes.set_xticks(firsts, [keys[place][: len("2013-03")] for place in firsts], fontsize=8, rotation=30)
