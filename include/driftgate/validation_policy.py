"""What the validation rows must hold and a candidate must get right: the section ``validation`` and edge cases."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from driftgate.records import Record

Number = int | float
Limit = Annotated[float, Field(gt=0)]


class Subset(Record):
    """Rows told by one column: some values of it, a band of numbers, or the rows without a value."""

    values: tuple[str | Number, ...] = ()
    at_least: float | None = None
    below: float | None = None
    missing: bool = False  # the rows without a value

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Subset":
        band = (self.at_least, self.below) != (None, None)
        if [bool(self.values), band, self.missing].count(True) != 1:
            raise ValueError("a segment has one of values, a band (at_least, below, or both), and missing: true")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError(f"at_least must be smaller than below, got {self.at_least:g} and {self.below:g}")
        return self


class Segment(Subset):
    """Rows that a model must not be unproven on."""

    column: str
    min_rows: Annotated[int, Field(gt=0)]


class Splits(Record):
    """How far training rows, validation rows and captured requests may lie apart, feature by feature.

    None sets no limit; the distances are in the report all the same. ``apart`` names features that differ by their
    nature, as a temperature does from season to season.
    """

    max_psi: Limit | None = None
    max_kolmogorov_smirnov: Limit | None = None
    apart: tuple[str, ...] = ()


class DataChange(Record):
    """How far the champion's primary metric on a new dataset version may be from that of its evaluation, as a share.

    ``same_days`` is of the days of that evaluation, better or worse, and of how many rows they have: only the data can
    have changed. ``new_days`` is of the later validation days, to the worse: there the world has changed as well.
    """

    same_days: Limit = 0.01
    new_days: Limit = 0.2


class Validation(Record):
    """What makes the validation rows, and the candidate's answers on rare cases, good enough to decide by.

    ``edge_cases`` is a file beside ``use_case.yaml``; None asks no edge case.
    """

    segments: dict[str, Segment] = {}
    splits: Splits = Splits()
    data_change: DataChange = DataChange()
    edge_cases: Literal["edge_cases.yaml"] | None = None


def _as_json(value: Any) -> Any:
    """Return a time of YAML as a request writes it."""
    return value.isoformat() if isinstance(value, datetime) else value


Scalar = Annotated[bool | int | float | str | None, BeforeValidator(_as_json)]
Row = dict[str, Scalar]


class EdgeCase(Record):
    """A rare row and what the model must say of it; without an expectation it must answer at all.

    ``changed`` are other values for the same row, which must move the score ``up`` or ``down``, by ``by_at_least`` or
    more.
    """

    why: str
    row: Row = {}
    at_least: float | None = None
    at_most: float | None = None
    changed: Row = {}
    moves: Literal["up", "down"] | None = None
    by_at_least: Annotated[float, Field(ge=0)] = 0.0
    severity: Literal["fail", "warn"] = "fail"

    @model_validator(mode="after")
    def _expects_one_thing(self) -> "EdgeCase":
        if bool(self.changed) != (self.moves is not None):
            raise ValueError("changed and moves belong together: what changes, and where the score then goes")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least must not exceed at_most, got {self.at_least:g} and {self.at_most:g}")
        return self


class EdgeCases(Record):
    """The file ``edge_cases.yaml``: an everyday row, and what is rare as changes to it. Fields left out are null."""

    schema_version: int = 1
    base: Row
    cases: Annotated[dict[str, EdgeCase], Field(min_length=1)]
