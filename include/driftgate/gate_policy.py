"""What a candidate must pass before it may see traffic: the section ``gates``. What is left out has no gate."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from driftgate.errors import nearest
from driftgate.records import Record
from driftgate.robustness_policy import RobustnessGate
from driftgate.serving_policy import ServingGate, SkewGate

Confidence = Annotated[float, Field(gt=0.5, lt=1)]
Limit = Annotated[float, Field(ge=0)]

# What a person may answer for instead. Whether a model is the one that was judged is no matter of opinion.
WAIVABLE = (
    "uplift",
    "champion",
    "cost",
    "calibration",
    "slices",
    "label_flips",
    "segment_regression",
    "cross_validation",
    "coverage",
    "splits",
    "edge_cases",
    "fairness",
    "explanation_stability",
    "explanation_local_stability",
    "explanation_fidelity",
    "explanation_consistency",
    "robustness_noise",
    "robustness_missing",
    "latency",
    "size",
)


class ChampionGate(Record):
    """Candidate against champion on the same rows: the lower bound of the gain must exceed ``-margin``."""

    margin: Limit  # in the primary metric's own unit
    confidence: Confidence


class CostGate(Record):
    """Candidate against baselines and champion: by how much its errors may cost more, at the bound of the interval."""

    max_increase_usd_per_1000: Limit
    confidence: Confidence = 0.9


class CalibrationGate(Record):
    """How far mean score and mean label of a tenth of the rows may lie apart: a share, or the label's unit.

    It is the mean over the tenths, at the upper bound of its interval.
    """

    max_error: Annotated[float, Field(gt=0)]
    confidence: Confidence = 0.9


class Band(Record):
    """Bands of a number: below the first edge, from each edge to the next, from the last one on."""

    column: str
    edges: Annotated[tuple[float, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _edges_rise(self) -> "Band":
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges must rise, got {', '.join(f'{edge:g}' for edge in self.edges)}")
        return self


class SliceGate(Record):
    """Candidate against champion on each slice: the rows with one value of a column, or in one of its ``bands``.

    ``worst_loss`` is how much a slice that surely loses may lose: in nats of log loss, or the label's unit.
    ``confidence`` is that of all slices together. A slice of fewer than ``min_rows`` rows proves nothing.
    """

    by: Annotated[tuple[str, ...], Field(min_length=1)]  # columns of features.sql, or names of bands
    bands: dict[str, Band] = {}
    worst_loss: Limit
    min_rows: Annotated[int, Field(gt=0)]
    confidence: Confidence = 0.9

    @model_validator(mode="after")
    def _every_band_is_asked_for(self) -> "SliceGate":
        for name in self.bands:
            if name not in self.by:
                raise ValueError(f"bands has {name!r}, which 'by' does not name{nearest(name, self.by)}")
        if len(set(self.by)) < len(self.by):
            raise ValueError("by names something twice")
        return self


class TrainingDataGate(Record):
    """Whether the data may have been tampered with or broken: each limit is a gate of its own.

    ``max_flipped`` is the share of labels that may have been turned over, in a binary problem, at the upper bound;
    ``max_segment_drop`` what a segment of ``validation`` may lose of the primary metric against the champion's report.
    """

    max_flipped: Annotated[float, Field(gt=0, lt=0.5)] | None = None
    max_segment_drop: Annotated[float, Field(gt=0)] | None = None
    confidence: Confidence = 0.9


class Waiver(Record):
    """A person answers for a gate that fails, up to and including a day: that of the newest rows judged."""

    gate: str
    approver: Annotated[str, Field(min_length=1)]
    until: date
    reason: Annotated[str, Field(min_length=1)]


class Gates(Record):
    """What a candidate must pass before it may see traffic.

    A candidate that passes with a gate of a verdict in ``review_when`` waits for a person. Before it moves traffic, the
    newest published partition may be ``receipts_valid_days`` past the rows that it was judged on, and no gate may have
    had too few rows to say anything unless ``accept_insufficient_data``.

    With ``or_no_worse_than_champion`` a level (uplift, cost, calibration, fairness) passes too where the candidate is
    not worse than the champion on the same rows; before the first champion a level is a level.
    """

    champion: ChampionGate
    or_no_worse_than_champion: bool = True
    cost: CostGate | None = None
    calibration: CalibrationGate | None = None
    slices: SliceGate | None = None
    robustness: RobustnessGate | None = None
    training_data: TrainingDataGate | None = None
    serving: ServingGate | None = None
    skew: SkewGate = SkewGate()
    waivers: tuple[Waiver, ...] = ()
    review_when: tuple[Literal["waived", "insufficient_data"], ...] = ("waived",)
    receipts_valid_days: Annotated[int, Field(gt=0)] = 30
    accept_insufficient_data: bool = False

    @model_validator(mode="after")
    def _waivers_are_of_gates(self) -> "Gates":
        named = [waiver.gate for waiver in self.waivers]
        for name in named:
            if name not in WAIVABLE:
                raise ValueError(f"waivers names {name!r}, no gate that can be waived{nearest(name, WAIVABLE)}")
            if named.count(name) > 1:
                raise ValueError(f"waivers names {name!r} twice; keep one")
        return self
