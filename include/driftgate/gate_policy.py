"""What a candidate must pass before it may see traffic: the section ``gates``. What is left out has no gate."""

from typing import Annotated

from pydantic import Field

from driftgate.records import Record


class ChampionGate(Record):
    """Candidate against champion on the same rows: the lower bound of the gain must exceed ``-margin``."""

    margin: Annotated[float, Field(ge=0)]  # in the primary metric's own unit
    confidence: Annotated[float, Field(gt=0.5, lt=1)]


class Gates(Record):
    """What a candidate must pass before it may see traffic."""

    champion: ChampionGate
