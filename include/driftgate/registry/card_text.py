"""What no record knows about the models of a use case, and its people write: ``card.yaml`` in its folder."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from driftgate.errors import PromotionRefused
from driftgate.records import Record, load_yaml
from driftgate.use_cases import UseCase

FILE = "card.yaml"

Words = Annotated[str, Field(min_length=20)]
Points = Annotated[tuple[Words, ...], Field(min_length=1)]


class CardText(Record):
    """``plain`` is what the model does, for people who know nothing of models."""

    purpose: Words
    plain: Words
    business_requirement: Words
    performance_goals: Points
    intended_uses: Points
    out_of_scope_uses: Points
    limitations: Points
    usage: Points


def card_text(use_case: UseCase, folder: Path | None = None) -> CardText:
    """Return what is written about the models of a use case.

    :param folder: where it lies; None: where the use case does
    :raises PromotionRefused: there is nothing
    :raises ConfigError: a part is missing or says too little
    """
    path = (folder or use_case.folder) / FILE
    if not path.exists():
        raise PromotionRefused(
            f"{path} does not exist, so no model of {use_case.name} is registered; write there, a key each: "
            f"{', '.join(CardText.model_fields)}."
        )
    return load_yaml(path, CardText)
