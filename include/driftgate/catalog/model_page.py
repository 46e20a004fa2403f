"""The page of a model version: what became of it until now, and its card, which its package cannot change any more."""

from collections.abc import Iterator

from driftgate import uris
from driftgate.errors import DriftgateError
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.pages import document, render
from driftgate.promotion.course import course_of
from driftgate.promotion.page import write_overview
from driftgate.registry import find_model
from driftgate.registry.card_record import Block, Card, Section, Table
from driftgate.registry.package import load_card
from driftgate.registry.states import KIND
from driftgate.registry.versions import ModelVersion
from driftgate.use_cases import UseCase

PAGE = """
{% macro blocks(section) %}{% for block in section.blocks %}
{% if block is string %}<p>{{ block | inline }}</p>
{% elif block.points is defined %}<ul>{% for point in block.points %}<li>{{ point | inline }}</li>{% endfor %}</ul>
{% else %}<table><tr>{% for name in block.head %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in block.rows %}<tr>{% for cell in row %}<td>{{ cell | inline }}</td>{% endfor %}</tr>{% endfor %}</table>
{% endif %}{% endfor %}{% endmacro %}
<h1>{{ card.use_case }}, version {{ card.version }}</h1>
<p class="quiet">{% for name, path in links.items() %}<a href="../../../{{ path }}">{{ name }}</a>
{{- " · " if not loop.last }}{% endfor %}</p>
<p class="lead {{ mood }}"><b>{{ sentence }}</b></p>
<h2>Decisions</h2><div class="log">{{ blocks(decisions) }}</div>
<h2>In plain words</h2>
{% for section in card.plain %}<h3>{{ section.title }}</h3>{{ blocks(section) }}{% endfor %}
<h2>For those who work on it</h2>
{% for section in card.technical %}<h3>{{ section.title }}</h3>{{ blocks(section) }}{% endfor %}
"""


def write_pages(use_case: UseCase, version: str) -> str:
    """Write the pages of a promotion and of its model as they are now, and return where the first one is.

    A model whose package is broken keeps the page that it has: that it is broken is said by whoever loads it.
    """
    path = write_overview(use_case, version)
    write_model_page(use_case.name, version)
    return path


def write_model_page(use_case_name: str, version: str) -> None:
    """Write the page of a model version, if its package has a card as data."""
    try:
        card, model = load_card(use_case_name, version), find_model(use_case_name, version)
    except DriftgateError:
        return
    if card is not None:
        lake().write(uris.model_page(use_case_name, version), render_model_page(card, model))


def render_model_page(card: Card, model: ModelVersion) -> bytes:
    """Return the page of a model version with what is recorded of it now."""
    course = course_of(card.use_case, card.version)
    body = render(
        PAGE,
        card=card,
        links=dict(_links(model)),
        mood=course.mood,
        sentence=course.sentence,
        decisions=decisions(card.use_case, card.version),
    )
    return document(f"{card.use_case}, version {card.version}", body)


def decisions(use_case_name: str, version: str) -> Section:
    """Return what was decided of a version since it was registered: the section that its package cannot have."""
    entries = metadata().history(KIND, f"{use_case_name}/{version}")
    states = tuple(
        (f"{one.written_at:%Y-%m-%d %H:%M:%S}", one.body["state"], one.body["actor"], one.body["reason"])
        for one in entries
    )
    changes = tuple(
        (
            f"{one.opened_at:%Y-%m-%d %H:%M:%S}",
            one.change.action,
            one.change.requester,
            one.change.approver or "",
            one.change.outcome,
            one.change.reason,
        )
        for one in course_of(use_case_name, version).changes
    )
    blocks: list[Block] = []
    if states:
        blocks.append(Table(head=("state since (UTC)", "state", "by", "reason"), rows=states))
    if changes:
        head = ("change of traffic (UTC)", "action", "asked by", "approved by", "outcome", "reason")
        blocks.append(Table(head=head, rows=changes))
    return Section(title="Decisions since its registration", blocks=tuple(blocks))


def _links(model: ModelVersion) -> Iterator[tuple[str, str]]:
    paths = {
        "Evaluation": uris.evaluation_report(model.use_case, model.job_id, "html"),
        "Promotion": uris.promotion_page(model.use_case, model.version),
        "Trade-off of accuracy and explanation": uris.experiment(
            model.use_case, model.dataset_version, "tradeoff.json"
        ),
    }
    return ((name, path) for name, path in paths.items() if lake().exists(path))
