"""The model card for people who know nothing of models: the same facts in everyday words."""

from collections.abc import Iterator

from driftgate.evaluation.costs import cost_threshold
from driftgate.problems import ErrorCosts
from driftgate.registry.card_facts import CardFacts
from driftgate.registry.card_record import Block, Points, Section

PLAIN = (
    "What it does",
    "What it is for",
    "What it must not be used for",
    "How good it is",
    "What it looks at",
    "Whom it treats differently",
    "What can go wrong",
    "How it was checked",
    "Who answers for it",
)
FOREMOST = 5


def plain_sections(facts: CardFacts) -> Iterator[Section]:
    """Yield the sections in the order in which somebody asks."""
    text = facts.text
    said: dict[str, list[Block]] = {
        "What it does": [text.plain, text.business_requirement],
        "What it is for": [Points(points=text.intended_uses)],
        "What it must not be used for": [Points(points=text.out_of_scope_uses)],
        "How good it is": [Points(points=tuple(_quality(facts)))],
        "What it looks at": [_looks_at(facts)],
        "Whom it treats differently": [_fairness(facts)],
        "What can go wrong": [Points(points=(*text.limitations, *_robustness(facts)))],
        "How it was checked": [_checked(facts)],
        "Who answers for it": [_owners(facts)],
    }
    for title, blocks in said.items():
        yield Section(title=title, blocks=tuple(blocks))


def _quality(facts: CardFacts) -> Iterator[str]:
    report, costs = facts.report, facts.use_case.metric.costs_usd
    yield f"It was tried on {report.rows:,} cases of {report.first_day} to {report.last_day} that it had never seen."
    if isinstance(costs, ErrorCosts):
        yield from _alarms(facts, cost_threshold(costs))
    else:
        mean = report.metrics["mae"]
        yield f"Its answers were off by {mean:.1f} {facts.use_case.label.unit} on average."
    ours = report.metrics["expected_cost_usd_per_1000"]
    others = {
        name.removesuffix("_expected_cost_usd_per_1000"): value
        for name, value in report.metrics.items()
        if name.endswith("_expected_cost_usd_per_1000")
    }
    told = (f"{value:,.0f} USD with {_called(name)}" for name, value in sorted(others.items()))
    beside = f"; it would have been {', '.join(told)}" if others else ""
    yield f"What its mistakes cost comes to {ours:,.0f} USD per 1,000 cases{beside}."


def _alarms(facts: CardFacts, threshold: float) -> Iterator[str]:
    found, recall = facts.report.metrics, facts.report.metrics.get("recall")
    yield f"It warns when it thinks that the chance is above {threshold:.0%}: from there on a warning pays."
    if recall is not None:
        yield f"Of 100 cases in which it came to pass, it had warned of {100 * recall:.0f}."
    if "precision" in found:
        yield f"Of 100 warnings, {100 * found['precision']:.0f} were right."


def _called(name: str) -> str:
    if name == "champion":
        return "the model that is in use"
    return "a simple rule of thumb" if name == "rule" else f"a simple {name} model"


def _looks_at(facts: CardFacts) -> str:
    names = [name.replace("_", " ") for name, _ in facts.features.ranked[:FOREMOST]]
    return f"What counts most, of {len(facts.features.features)} things that it looks at: {', '.join(names)}."


def _fairness(facts: CardFacts) -> str:
    found = facts.report.fairness
    if found is None:
        return "Nobody has looked at that: no groups are named for this model."
    judged = [one for one in found.results if one.verdict != "reported"]
    broken = [f"{one.group} ({one.metric.replace('_', ' ')})" for one in judged if one.verdict in ("fail", "no_worse")]
    small = sum(one.verdict == "insufficient_data" for one in judged)
    facets = sorted({one.facet for one in judged})
    said = f"Outside of what is allowed: {', '.join(broken)}." if broken else "None lies outside of what is allowed."
    few = f" {small} comparisons had too few cases to tell." if small else ""
    return f"Groups were compared {len(judged)} times, by {', '.join(facets)}. {said}{few}"


def _robustness(facts: CardFacts) -> Iterator[str]:
    found = facts.report.robustness
    if found and found.noise:
        first = found.noise[0]
        yield (
            f"Small errors in what it is told change {100 * first.flip_rate:.0f} of 100 answers to the other side."
            if facts.use_case.problem == "binary"
            else f"Small errors in what it is told move {100 * first.flip_rate:.0f} of 100 answers noticeably."
        )


def _checked(facts: CardFacts) -> str:
    gates, promote = facts.report.gates, facts.use_case.promote
    passed = sum(gate.verdict == "pass" for gate in gates)
    waived = [gate.gate for gate in gates if gate.verdict == "waived"]
    excused = f" A person answers for {', '.join(waived)}, which failed." if waived else ""
    return (
        f"It passed {passed} of {len(gates)} checks before anybody relied on it.{excused} The risk that it carries is "
        f"rated {promote.risk}. It then works beside the model in use before it answers anybody, and is taken away by "
        "itself when it does worse."
    )


def _owners(facts: CardFacts) -> Points:
    owner, owners = facts.use_case.owner, facts.use_case.owners
    asked = {
        "performance": "how good it is",
        "fairness": "whom it treats differently",
        "explainability": "why it says so",
    }
    named = owners.model_dump() if owners else {}
    return Points(
        points=(
            f"For all of it: {owner.team}, {owner.contact}",
            *(f"Questions about {asked[what]}: {who}" for what, who in named.items()),
        )
    )
