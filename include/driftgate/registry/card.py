"""The model card: what a person should know before relying on a version, made from records and ``card.yaml``.

Its sections follow Mitchell et al. 2019, "Model Cards for Model Reporting". It comes in two renderings, one for those
who work on the model and one for everybody else; a version whose card lacks a section is not registered.
"""

import re
from collections.abc import Iterator

from driftgate.datasets import LabelCounts
from driftgate.evaluation.costs import cost_threshold
from driftgate.problems import ErrorCosts
from driftgate.records import sha256
from driftgate.registry.card_facts import CardFacts
from driftgate.registry.card_measured import measured
from driftgate.registry.card_plain import PLAIN, plain_sections
from driftgate.registry.card_record import Block, Card, Points, Section, Table, markdown, require_sections
from driftgate.registry.package import CARD

# Without one of these no version is registered; others may follow from what was measured.
TECHNICAL = (
    "Purpose",
    "Business requirement",
    "Intended use",
    "Out of scope",
    "Owners",
    "Risk",
    "Data",
    "Performance goals",
    "Results",
    "Gates",
    "Features",
    "Error costs",
    "Fairness",
    "Robustness",
    "Explainability",
    "Limitations",
    "Ethical considerations",
    "Decisions",
    "Security",
    "Usage",
    "Origin",
)


def model_card(facts: CardFacts) -> Card:
    """Return the card of a version.

    :raises PromotionRefused: it says nothing in a section that it must have
    """
    sections = (*_written(facts), *measured(facts), *_closing(facts))
    card = Card(
        use_case=facts.use_case.name,
        version=facts.version,
        technical=tuple(Section(title=title, blocks=tuple(blocks)) for title, blocks in sections),
        plain=tuple(plain_sections(facts)),
    )
    require_sections(card, TECHNICAL, PLAIN)
    return card


def card_files(card: Card) -> dict[str, bytes]:
    """Return the files of a card: as data, and in both renderings."""
    title = f"{card.use_case}, version {card.version}"
    return {
        CARD: card.canonical(),
        "card.md": markdown(title, card.technical).encode(),
        "card_plain.md": markdown(f"{title}, in plain words", card.plain).encode(),
    }


def _written(facts: CardFacts) -> Iterator[tuple[str, list[Block]]]:
    use_case, text = facts.use_case, facts.text
    yield "Purpose", [text.purpose, use_case.question]
    yield "Business requirement", [text.business_requirement]
    yield "Intended use", [_answer(facts), Points(points=text.intended_uses)]
    yield "Out of scope", [Points(points=text.out_of_scope_uses)]
    yield "Owners", [_owners(facts)]
    yield "Risk", [_risk(facts)]
    yield "Data", [_split(facts), _labels(facts)]
    yield "Performance goals", [Points(points=text.performance_goals)]


def _closing(facts: CardFacts) -> Iterator[tuple[str, list[Block]]]:
    yield "Error costs", [_costs(facts)]
    yield "Limitations", [Points(points=(*facts.text.limitations, *_limits(facts)))]
    yield "Ethical considerations", list(_ethics(facts))
    yield "Decisions", [Points(points=tuple(_decisions(facts)))]
    yield "Security", [Points(points=_security(facts))]
    yield "Usage", [Points(points=facts.text.usage)]
    yield "Origin", [Points(points=tuple(_origin(facts)))]


def _answer(facts: CardFacts) -> str:
    use_case = facts.use_case
    expression = use_case.label.expression
    what = f"the `{expression}` to be expected, in {use_case.label.unit}, of"
    if use_case.problem == "binary":
        what = f"the probability that `{expression}` will hold for"
    return (
        f"A score is {what} one request ({', '.join(use_case.request_key)}), as known at its `{use_case.event_time}`. "
        f"The truth is known {use_case.label.known_after_days} day(s) later."
    )


def _owners(facts: CardFacts) -> Points:
    owner, owners = facts.use_case.owner, facts.use_case.owners
    named = owners.model_dump() if owners else {}
    return Points(
        points=(f"Owner: {owner.team} ({owner.contact})", *(f"For {what}: {who}" for what, who in named.items()))
    )


def _risk(facts: CardFacts) -> str:
    promote = facts.use_case.promote
    return (
        f"Risk rating: **{promote.risk}**. A candidate goes by `{promote.strategy}`, because: {promote.rationale} "
        f"A person approves: {promote.approve.replace('_', ' ')}."
    )


def _split(facts: CardFacts) -> Table:
    split, window = facts.dataset.split, facts.dataset.window
    trained = f"{window.first} to the day before {split.validation_first}"
    return Table(
        head=("", "days", "rows"),
        rows=(
            ("trained on", trained, f"{split.train_rows:,}"),
            ("validated on", f"{split.validation_first} to {window.last}", f"{split.validation_rows:,}"),
        ),
    )


def _labels(facts: CardFacts) -> str:
    rows, labels = facts.dataset.rows, facts.dataset.labels
    if isinstance(labels, LabelCounts):
        return f"Of {rows:,} rows {labels.positive:,} ({labels.positive / rows:.1%}) are positive."
    return (
        f"The labels of {rows:,} rows go from {labels.minimum:g} to {labels.maximum:g}, with mean {labels.mean:.2f} "
        f"and standard deviation {labels.standard_deviation:.2f}."
    )


def _costs(facts: CardFacts) -> str:
    costs = facts.use_case.metric.costs_usd
    if isinstance(costs, ErrorCosts):
        return (
            f"A false alarm costs {costs.false_alarm:g} USD and a missed one {costs.missed:g} USD, so an alarm pays "
            f"above a score of {cost_threshold(costs):.3f}."
        )
    return (
        f"Of the {facts.use_case.label.unit} that a score is off by, each one too many costs {costs.over:g} USD and "
        f"each one too few {costs.under:g} USD."
    )


def _limits(facts: CardFacts) -> Iterator[str]:
    report = facts.report
    yield f"Measured on {report.first_day} to {report.last_day} only; it says nothing about another season."
    if facts.spec.parameters.get("early_stopping_round"):
        yield "Training stopped early on the validation rows, so this version's results on them are optimistic."
    yield (
        f"{facts.dataset.labels.without_outcome:,} requests of the window have no outcome; they were neither learnt "
        "nor measured."
    )
    yield "A category that training never saw is scored as a missing value, and the answer carries a warning."
    yield f"Columns that identify but are not learnt: {', '.join(facts.use_case.not_features) or 'none'}."


def _ethics(facts: CardFacts) -> Iterator[Block]:
    for title, body in facts.ethics.sections.items():
        yield f"**{title}**"
        for part in body.split("\n\n"):
            points = tuple(" ".join(point.split()) for point in re.split(r"^- ", part, flags=re.MULTILINE) if point)
            yield Points(points=points) if part.startswith("- ") else " ".join(part.split())
    yield f"From `ethics_assessment.md`, sha256 `{facts.ethics.sha256}`."


def _decisions(facts: CardFacts) -> Iterator[str]:
    report = facts.report
    passed = sum(gate.verdict == "pass" for gate in report.gates)
    yield f"Its evaluation passed it: {passed} of {len(report.gates)} gates said pass."
    for gate in report.gates:
        if gate.waiver:
            waiver = gate.waiver
            yield f"Gate {gate.gate} is waived by {waiver.approver} until {waiver.until}: {waiver.reason}"
    yield f"A person must look at: {', '.join(report.review)}." if report.review else "No gate asked for a person."
    yield (
        f"What was decided since (approval, each move of traffic) is not part of the package: "
        f"`driftgate model card {facts.use_case.name} {facts.version}` adds it."
    )


def _security(facts: CardFacts) -> tuple[str, ...]:
    model = next((name for name in facts.files if name.startswith("model.")), "model")
    return (
        f"`{model}` is data; loading it executes no code. Nothing in the package is a pickle.",
        "At each load every file is checked against its sha256, and `package.json` against its signature.",
        "Each gate left a signed receipt; without all of them no traffic moves.",
    )


def _origin(facts: CardFacts) -> Iterator[str]:
    spec = facts.spec
    parameters = ", ".join(f"{name}={value}" for name, value in sorted(spec.parameters.items()))
    yield f"Job `{spec.job_id}`, dataset version `{spec.dataset_version}`"
    yield f"Trainer {spec.trainer}, seed {spec.seed}, {parameters}"
    for name, data in sorted(facts.files.items()):
        yield f"`{name}` sha256 `{sha256(data)}`"
