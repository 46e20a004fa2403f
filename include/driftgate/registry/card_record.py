"""A model card as data: sections of text, tables and lists, from which Markdown and pages are made."""

from collections.abc import Iterable

from driftgate.errors import PromotionRefused
from driftgate.records import Record


class Table(Record):
    """Rows under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Points(Record):
    """A list."""

    points: tuple[str, ...]


Block = str | Table | Points


class Section(Record):
    """A title and what is under it; in texts ```name``` is a name and ``**word**`` is bold, as in Markdown."""

    title: str
    blocks: tuple[Block, ...]


class Card(Record):
    """The file ``card.json``: everything about one version for those who work on it, and for everybody else."""

    schema_version: int = 1
    use_case: str
    version: str
    technical: tuple[Section, ...]
    plain: tuple[Section, ...]


def markdown(title: str, sections: Iterable[Section]) -> str:
    """Return a rendering as Markdown."""
    return "\n\n".join((f"# {title}", *map(markdown_of, sections))) + "\n"


def markdown_of(section: Section) -> str:
    """Return one section as Markdown."""
    return "\n\n".join((f"## {section.title}", *map(_block, section.blocks)))


def require_sections(card: Card, technical: Iterable[str], plain: Iterable[str]) -> None:
    """Return when the card says something in every section that it must have.

    :raises PromotionRefused: it does not
    """
    for wanted, found in ((technical, card.technical), (plain, card.plain)):
        said = {section.title for section in found if any(_block(block).strip() for block in section.blocks)}
        if missing := [title for title in wanted if title not in said]:
            raise PromotionRefused(
                f"The card of {card.use_case}/{card.version} says nothing under {', '.join(map(repr, missing))}, so it "
                f"is not registered; complete card.yaml and ethics_assessment.md of {card.use_case}."
            )


def _block(block: Block) -> str:
    if isinstance(block, str):
        return block
    if isinstance(block, Points):
        return "\n".join(f"- {point}" for point in block.points)
    lines = [block.head, *block.rows]
    first, *rest = (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
    return "\n".join((first.replace("|  |", "| |"), "|" + "---|" * len(block.head), *rest))
