"""The written assessment at the framing of a use case, without which no model of it is registered, and its owners.

It is ``ethics_assessment.md`` in the folder of the use case: who is affected, what harm may come to them, whose
treatment is measured and why, who reviewed it, and what they decided.
"""

import re
from pathlib import Path

from driftgate.errors import PromotionRefused
from driftgate.records import Record, sha256
from driftgate.use_cases import UseCase

FILE = "ethics_assessment.md"
SECTIONS = ("Who is affected", "Harms", "Facets", "Reviewers", "Decision")
APPROVED = "Approved"  # how the section Decision begins


class EthicsAssessment(Record):
    """What was assessed, by the title of its section, and the hash of the file."""

    sections: dict[str, str]
    sha256: str


def ethics_assessment(use_case: UseCase, folder: Path | None = None) -> EthicsAssessment:
    """Return the assessment of a use case.

    :param folder: where it lies; None: where the use case does
    :raises PromotionRefused: it is missing, lacks a section, names not every facet, or does not approve
    """
    path = (folder or use_case.folder) / FILE
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise PromotionRefused(
            f"{path} does not exist, so no model of {use_case.name} is registered; write there, under a heading each: "
            f"{', '.join(SECTIONS)}."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise PromotionRefused(f"{path} is not a text in UTF-8 that can be read; correct it.") from None
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)
    found = {title: body.strip() for title, body in zip(parts[1::2], parts[2::2], strict=True)}
    if missing := [title for title in SECTIONS if not found.get(title)]:
        raise PromotionRefused(f"{path} says nothing under '## {missing[0]}'; write that section.")
    for facet in use_case.fairness.facets if use_case.fairness else ():
        if f"`{facet}`" not in found["Facets"]:
            raise PromotionRefused(f"{path} does not say under '## Facets' why `{facet}` is one; add it.")
    if not found["Decision"].startswith(APPROVED):
        raise PromotionRefused(
            f"{path} does not begin its section '## Decision' with {APPROVED!r}: it is not approved."
        )
    return EthicsAssessment(sections=found, sha256=sha256(text.encode()))


def require_accountable(use_case: UseCase, folder: Path | None = None) -> EthicsAssessment:
    """Return the assessment of a use case that has one, and owners for performance, fairness and explainability.

    :param folder: where both are written; None: where the use case is
    :raises PromotionRefused: one of them is missing
    """
    if use_case.owners is None:
        raise PromotionRefused(
            f"{(folder or use_case.folder) / 'use_case.yaml'} has no key 'owners', so no model of {use_case.name} is "
            "registered; name there who answers for performance, fairness and explainability."
        )
    return ethics_assessment(use_case, folder)
