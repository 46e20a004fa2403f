"""The pages of a promotion: one for each judged step, and one of the whole, which says first what became of it."""

from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.lake import lake
from driftgate.pages import document, render
from driftgate.pages.plots import LIMIT, OURS, legend, plot
from driftgate.promotion.changes import changes_of, promotions_of
from driftgate.promotion.course import Course, course_of, stopped_by
from driftgate.promotion.guardrails import GuardrailResult
from driftgate.promotion.judgement import Judgement
from driftgate.promotion.page_template import OVERVIEW, STEP
from driftgate.promotion.plan import PlannedStep, deployment_plan
from driftgate.registry.states import state_history
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

FLOORS = ("agreement",)  # guardrails whose limit is the least that is needed
LEADS = {
    "go_on": ("Passed after {} requests.", "pass"),
    "fail_now": ("Stopped after {} requests.", "fail"),
    "not_yet": ("Not decided after {} requests.", "wait"),
}


def write_step_page(judgement: Judgement) -> str:
    """Write the page of one judgement beside it and return where in the lake it is."""
    path = uris.promotion_report(judgement.use_case, judgement.version, judgement.step, "html")
    lake().write(path, render_step(judgement))
    return path


def write_overview(use_case: UseCase, version: str) -> str:
    """Write the page of a whole promotion as it is recorded now and return where in the lake it is."""
    path = uris.promotion_page(use_case.name, version)
    lake().write(path, render_overview(use_case, course_of(use_case.name, version)))
    return path


def render_step(judgement: Judgement) -> bytes:
    """Return the page of one judgement."""
    lead, mood = LEADS[judgement.outcome]
    drawn = {_title(one): _plot(one) for one in judgement.guardrails if len(one.trajectory) > 1}
    met = f"{judgement.requests:,}"
    body = render(STEP, judgement=judgement, lead=lead.format(met), mood=mood, plots=drawn)
    return document(f"{judgement.use_case} {judgement.version}, {judgement.step}", body)


def render_overview(use_case: UseCase, course: Course) -> bytes:
    """Return the page of a whole promotion."""
    judgement = course.visits[-1].judgement if course.visits else None
    crossed = stopped_by(judgement) if judgement and judgement.outcome == "fail_now" else []
    names = [one for one in judgement.guardrails if one.verdict == "fail"] if judgement and crossed else []
    plan = deployment_plan(use_case)
    latest = {visit.state.step: visit for visit in course.visits}
    steps = [(plan.step(name) or PlannedStep(name=name, percent=0, min_requests=0), latest.get(name))
             for name in dict.fromkeys([*(step.name for step in plan.steps), *latest])]  # fmt: skip
    body = render(
        OVERVIEW,
        course=course,
        judgement=judgement,
        stopped={_title(one): _plot(one) for one in names if len(one.trajectory) > 1},
        plan=plan,
        promote=use_case.promote,
        steps=steps,
        states=state_history(course.use_case, course.version),
        promotions=promotions_of(changes_of(course.use_case)).sentence,
        split=_split,
    )
    return document(f"Promotion of {course.use_case} {course.version}", body)


def _split(judgement: Judgement) -> str:
    found = next((one for one in judgement.guardrails if one.name == "sample_ratio"), None)
    if found is None or found.value is None:
        return ""
    return f"{found.value:.1%} of {found.threshold:.0%} {'(not by chance)' if found.verdict == 'fail' else ''}".strip()


def _title(result: GuardrailResult) -> str:
    group = f", {result.group}" if result.group else ""
    return f"{result.name.replace('_', ' ')}{group}: {result.verdict.replace('_', ' ')}"


def _plot(result: GuardrailResult) -> "Markup":
    """Draw what there was to see of a guardrail until now: value, confidence sequence, limit, and where it crossed."""
    looks = result.trajectory
    rows, values = [look.rows for look in looks], [look.value for look in looks]
    bounded = [look for look in looks if look.low is not None or look.high is not None]
    ends = (min(values), max(values), result.threshold)
    # Of few rows bounds are wide: what matters is seen where values and limit are.
    margin = 2 * (max(ends) - min(ends)) or abs(result.threshold) or 1.0
    low, high = min(ends) - margin, max(ends) + margin
    if min(*ends, *(look.low or 0.0 for look in looks)) >= 0:  # what is never negative needs no room below zero
        low = max(low, -high / 40)

    def draw(axes: "Axes") -> None:
        lows = [low if look.low is None else look.low for look in bounded]
        highs = [high if look.high is None else look.high for look in bounded]
        axes.fill_between([look.rows for look in bounded], lows, highs, color=OURS, alpha=0.16, linewidth=0,
                          label="confidence sequence")  # fmt: skip
        axes.plot(rows, values, color=OURS, marker="o", markersize=3, label="measured")
        limit = "limit" if result.name == "sample_ratio" else "at least" if result.name in FLOORS else "at most"
        axes.axhline(result.threshold, color=LIMIT, linestyle="--", linewidth=1.1, label=limit)
        if result.failed_after:
            axes.axvline(
                result.failed_after, color=LIMIT, linewidth=1.1, label=f"crossed after {result.failed_after:,}"
            )
        axes.set(xscale="log", xlabel="rows of the step, in the order of their requests", ylim=(low, high))
        axes.set_xticks([rows[0], *(look for look in rows[1:-1:4] if look * 2 < rows[-1]), rows[-1]])
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        legend(axes)

    return plot(draw, f"{_title(result)}, row by row")
