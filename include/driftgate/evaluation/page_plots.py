"""The plots of an evaluation, drawn from its report."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from driftgate.evaluation.curves_report import Curves, ReliabilityBin
from driftgate.evaluation.explanation_report import Example, Explanation
from driftgate.evaluation.report import EvaluationReport, SliceResult
from driftgate.evaluation.robustness_report import Robustness
from driftgate.pages.plots import CHAMPION, COLOURS, LIMIT, OTHER, OURS, legend, plain, plot

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

FEATURES, EXAMPLES, SLICES = 12, 3, 24
ROW = 0.24  # inches
LINES = ("--", ":", "-.")


def plots(report: EvaluationReport) -> "dict[str, Markup]":
    """Return what can be drawn of ``report``, by name; an older report lacks some."""
    found: dict[str, Markup] = {}
    if report.reliability:
        found["reliability"] = _reliability(report)
    if report.curves:
        found["distributions"] = _distributions(report.curves)
    if report.curves and report.curves.gains:
        found["gains"], found["lift"] = _gains(report.curves), _lift(report.curves)
    if compared := [one for one in report.slices if one.loss is not None]:
        found["slices"] = _slices(compared)
    if report.explanation:
        found["features"] = _features(report.explanation)
    if report.robustness and report.robustness.noise:
        found["noise"] = _noise(report.robustness)
    return found


def example_plots(explanation: Explanation) -> "Iterator[Markup]":
    """Yield what made the score of the first few examples what it is."""
    for example in explanation.examples[:EXAMPLES]:
        yield _example(example)


def _reliability(report: EvaluationReport) -> "Markup":
    champion = report.curves.champion_reliability if report.curves else ()
    said = "mean score" if report.positives is not None else "mean answer"
    came = "share that came true" if report.positives is not None else "mean label"

    def draw(axes: "Axes") -> None:
        everything = [value for one in (*report.reliability, *champion) for value in (one.mean_score, one.mean_label)]
        ends = (min(everything), max(everything))
        axes.plot(ends, ends, color=OTHER, linewidth=0.9, label="says what comes true")
        for bins, model in ((champion, "champion"), (report.reliability, "candidate")):
            _line_of_bins(axes, bins, model)
        axes.set(xlabel=said, ylabel=came)
        legend(axes)

    return plot(draw, f"Reliability: {said} against {came}, tenth by tenth")


def _line_of_bins(axes: "Axes", bins: Sequence[ReliabilityBin], model: str) -> None:
    if bins:
        x, y = [one.mean_score for one in bins], [one.mean_label for one in bins]
        axes.plot(x, y, marker="o", markersize=4, color=COLOURS[model], label=model, linewidth=1.4)


def _distributions(curves: Curves) -> "Markup":
    names = {True: " if it came true", False: " if it did not", None: ""}

    def draw(axes: "Axes") -> None:
        for one in curves.distributions:
            filled = one.model == "candidate"
            axes.stairs(
                one.shares, curves.edges, color=COLOURS[one.model], label=f"{one.model}{names[one.outcome]}",
                linestyle="-" if one.outcome is not False else ":", fill=filled and one.outcome is not False,
                alpha=0.45 if filled and one.outcome is not False else 1, linewidth=1.2,
            )  # fmt: skip
        axes.set(xlabel="score" if curves.gains else "answer less label", ylabel="share of the rows")
        legend(axes)

    return plot(draw, "Distribution of the scores" if curves.gains else "Distribution of the errors")


def _gains(curves: Curves) -> "Markup":
    def draw(axes: "Axes") -> None:
        axes.plot((0, 1), (0, 1), color=OTHER, linewidth=0.9, label="by chance")
        others = iter(LINES)
        for one in curves.gains:
            own = one.model in COLOURS
            axes.plot(
                curves.asked, one.found, color=COLOURS.get(one.model, OTHER), label=plain(one.model),
                linestyle="-" if own else next(others, ":"), linewidth=1.6 if own else 1.1,
            )  # fmt: skip
        axes.set(xlabel="share of the rows, highest scores first", ylabel="share of all positives found")
        legend(axes)

    return plot(draw, "Cumulative gains: which share of the positives the highest scores find")


def _lift(curves: Curves) -> "Markup":
    def draw(axes: "Axes") -> None:
        axes.axhline(1, color=OTHER, linewidth=0.9, label="by chance")
        others = iter(LINES)
        for one in curves.gains:
            own = one.model in COLOURS
            lift = [share / asked for share, asked in zip(one.found[1:], curves.asked[1:], strict=True)]
            axes.plot(
                curves.asked[1:], lift, color=COLOURS.get(one.model, OTHER), label=plain(one.model),
                linestyle="-" if own else next(others, ":"), linewidth=1.6 if own else 1.1,
            )  # fmt: skip
        axes.set(xlabel="share of the rows, highest scores first", ylabel="times as many positives as by chance")
        legend(axes)

    return plot(draw, "Lift: how many times as many positives as by chance are among the highest scores")


def _slices(results: Sequence[SliceResult]) -> "Markup":
    shown = sorted(results, key=lambda one: -one.rows)[:SLICES][::-1]

    def draw(axes: "Axes") -> None:
        for place, one in enumerate(shown):
            if one.champion_loss is not None and one.loss is not None:
                worse = LIMIT if one.verdict == "fail" else "#c9d2da"
                axes.plot((one.champion_loss, one.loss), (place, place), color=worse, linewidth=2.2, zorder=1)
        _dots(axes, [one.champion_loss for one in shown], "champion")
        _dots(axes, [one.loss for one in shown], "candidate")
        axes.set(xlabel="loss, the less the better", ylim=(-0.7, len(shown) - 0.3))
        axes.set_yticks(range(len(shown)), [plain(f"{one.by} {one.slice} ({one.rows:,})") for one in shown])
        legend(axes)

    return plot(draw, "Loss of candidate and champion in each slice", height=1 + ROW * len(shown))


def _dots(axes: "Axes", values: Sequence[float | None], model: str) -> None:
    there = [(value, place) for place, value in enumerate(values) if value is not None]
    if there:
        x, y = zip(*there, strict=True)
        axes.scatter(x, y, color=COLOURS[model], label=model, s=22, zorder=2)


def _features(explanation: Explanation) -> "Markup":
    shown = explanation.features[:FEATURES][::-1]

    def draw(axes: "Axes") -> None:
        axes.barh([place + 0.19 for place in range(len(shown))], [100 * one.share for one in shown], 0.36, color=OURS,
                  label="candidate")  # fmt: skip
        there = [(place - 0.19, 100 * one.champion_share) for place, one in enumerate(shown) if one.champion_share]
        if there:
            places, shares = zip(*there, strict=True)
            axes.barh(places, shares, 0.36, color=CHAMPION, label="champion")
        axes.set(xlabel="share of what moves the scores, in percent", ylim=(-0.6, len(shown) - 0.4))
        axes.set_yticks(range(len(shown)), [plain(one.feature) for one in shown])
        legend(axes)

    return plot(draw, "What the scores go by: mean absolute contribution", height=1 + 1.3 * ROW * len(shown))


def _example(example: Example) -> "Markup":
    parts = [*((one.feature, one.contribution) for one in example.reasons), ("all others", example.others)][::-1]

    def draw(axes: "Axes") -> None:
        values = [value for _, value in parts]
        axes.barh(range(len(parts)), values, 0.6, color=[LIMIT if value > 0 else OURS for value in values])
        axes.axvline(0, color="#5b6875", linewidth=0.8)
        axes.set_yticks(range(len(parts)), [plain(name) for name, _ in parts])
        axes.set_title(f"row {example.row}: {example.raw:+.3f} in all", fontsize=9)

    return plot(draw, f"Why row {example.row} has its score", width=4.2, height=0.8 + ROW * len(parts))


def _noise(robustness: Robustness) -> "Markup":
    def draw(axes: "Axes") -> None:
        for results, name, colour in (
            (robustness.noise, "noise", OURS),
            (robustness.gradient, "against the gradient", LIMIT),
        ):
            levels = [one.level for one in results]
            if levels:
                axes.plot(levels, [100 * one.flip_rate for one in results], marker="o", color=colour, label=name)
                ends = [one.flip_interval or (one.flip_rate, one.flip_rate) for one in results]
                low, high = ([100 * end[side] for end in ends] for side in (0, 1))
                axes.fill_between(levels, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set(xlabel="size of the disturbance, in standard deviations", ylabel="answers that flip, in percent")
        axes.set_ylim(bottom=0)
        legend(axes)

    return plot(draw, "Share of the answers that flip when all features are disturbed")
