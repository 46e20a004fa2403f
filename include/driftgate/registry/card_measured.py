"""The sections of a model card that say what was measured."""

from collections.abc import Iterator

from driftgate.evaluation.explanation_report import Explanation
from driftgate.evaluation.fairness_report import FairnessReport
from driftgate.evaluation.metrics import COMPARED, LEVEL, METRICS
from driftgate.evaluation.robustness_report import Robustness
from driftgate.registry.card_facts import CardFacts
from driftgate.registry.card_record import Block, Points, Table

TOP_FEATURES = 10
FURTHEST = 3  # features whose distance between two splits is named


def measured(facts: CardFacts) -> Iterator[tuple[str, list[Block]]]:
    """Yield the sections with what they say; validation only of a report that knows it."""
    report = facts.report
    yield "Results", _results(facts)
    yield "Gates", [Points(points=tuple(f"**{one.gate}: {one.verdict}.** {one.sentence}" for one in report.gates))]
    if validation := [*_segments(facts), *_splits(facts), *_cases(facts)]:
        yield "Validation", validation
    yield "Features", _features(facts)
    fairness, robustness, explanation = report.fairness, report.robustness, report.explanation
    yield "Fairness", _fairness(fairness) if fairness else ["Not measured: the use case names no facets."]
    yield "Robustness", _robustness(robustness) if robustness else ["Not measured: the report has no such section."]
    yield "Explainability", _explanation(facts, explanation)


def _results(facts: CardFacts) -> list[Block]:
    report, compared = facts.report, COMPARED[facts.use_case.problem]
    others = sorted(key.removesuffix(f"_{compared[0]}") for key in report.metrics if key.endswith(f"_{compared[0]}"))
    names = {"champion": f"champion {report.champion}"}
    titles = (f"{METRICS[name].title} ({facts.unit(name)})".removesuffix(" ()") for name in compared)
    level = METRICS[LEVEL[facts.use_case.problem]]
    rows = [_row(facts, compared, "", "**this version**")]
    rows += [_row(facts, compared, f"{name}_", names.get(name, f"baseline: {name}")) for name in others]
    return [
        f"On the {report.rows:,} validation rows, later than every row that was learnt from:",
        Table(head=("", *titles, "expected cost (USD per 1,000)"), rows=tuple(rows)),
        f"{level.title.capitalize()} {report.metrics[level.name]:.4f}. Intervals resample whole days.",
    ]


def _row(facts: CardFacts, compared: tuple[str, ...], prefix: str, label: str) -> tuple[str, ...]:
    cost = facts.report.metrics[f"{prefix}expected_cost_usd_per_1000"]
    return label, *(facts.number(f"{prefix}{one}") for one in compared), f"{cost:,.0f}"


def _segments(facts: CardFacts) -> Iterator[Block]:
    if facts.report.segments:
        rows = (
            (one.segment, f"{one.rows:,}", f"{one.min_rows:,}", _cell(one.value), _cell(one.bias))
            for one in facts.report.segments
        )
        head = ("segment", "rows", "asked for", METRICS[facts.use_case.metric.primary].title, "bias")
        yield Table(head=head, rows=tuple(rows))


def _splits(facts: CardFacts) -> Iterator[Block]:
    splits = facts.report.splits
    for pair in dict.fromkeys((one.first, one.second) for one in splits):
        furthest = sorted((one for one in splits if (one.first, one.second) == pair), key=lambda one: -one.psi)
        told = ", ".join(f"`{one.feature}` {one.psi:.3f}" for one in furthest[:FURTHEST])
        yield f"Furthest apart between {pair[0]} and {pair[1]} rows, by PSI: {told}."


def _cases(facts: CardFacts) -> Iterator[Block]:
    if facts.report.edge_cases:
        yield "Edge cases:"
        yield Points(points=tuple(f"{one.verdict}: {one.sentence}" for one in facts.report.edge_cases))


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _features(facts: CardFacts) -> list[Block]:
    features = facts.features
    rows = (
        (f"`{name}`", found.tier, f"{found.importance.share:.1%}", f"{found.sensitivity:.1%}")
        for name, found in features.ranked[:TOP_FEATURES]
    )
    turned = "close decisions" if features.decision_threshold is not None else "answers"
    pairs = (f"`{pair.first}` and `{pair.second}` ({pair.spearman:.2f})" for pair in features.strong_pairs)
    head = ("", "tier", "importance", f"{turned} that turn when it moves a little")
    return [
        f"The {min(TOP_FEATURES, len(features.features))} most important of {len(features.features)} features:",
        Table(head=head, rows=tuple(rows)),
        f"Features that say nearly the same (rank correlation): {', '.join(pairs) or 'none'}.",
    ]


def _fairness(found: FairnessReport) -> list[Block]:
    judged = (one for one in found.results if one.verdict != "reported")
    told = tuple(f"**{one.verdict.replace('_', ' ')}:** {one.sentence}." for one in judged)
    proxies = (f"`{one.feature}` for {one.group} (AUC {one.auc:.2f})" for one in found.proxies)
    return [
        Points(points=told),
        f"Mitigation: {found.mitigation.replace('_', ' ')}. Features that stand for a facet by themselves: "
        f"{', '.join(proxies) or 'none'}.",
    ]


def _robustness(found: Robustness) -> list[Block]:
    noise = (
        f"Noise of {one.level:g} standard deviations flips {one.flip_rate:.1%} of the answers; the metric loses "
        f"{one.metric_drop:.4f}."
        for one in found.noise
    )
    worst = max(
        (*found.missing, *((found.online,) if found.online else ())), key=lambda one: one.metric_drop, default=None
    )
    gap = f"Without {', '.join(worst.features)} the metric loses {worst.metric_drop:.4f}." if worst else ""
    return [f"Measured on {found.rows:,} rows.", Points(points=tuple(filter(None, (*noise, gap))))]


def _explanation(facts: CardFacts, found: Explanation | None) -> list[Block]:
    agreed = facts.use_case.explain
    level = f"Agreed level: {agreed.level}." if agreed else "No level was agreed."
    if found is None:
        return [f"{level} Nothing was measured."]
    consistency = f", consistency with the champion {found.consistency.value:.3f}" if found.consistency else ""
    return [
        f"{level} Method: {found.method.replace('_', ' ')} against {found.baseline.kind.replace('_', ' ')}, on "
        f"{found.rows:,} rows; `explain.json` has the contributions.",
        f"Stability {found.stability.value:.3f}, fidelity of the first {found.top_k} features "
        f"{found.fidelity.value:.3f}{consistency}.",
    ]
