"""How much noise and how many gaps a candidate must bear: the section ``gates.robustness``."""

from typing import Annotated

from pydantic import Field

from driftgate.records import Record


class RobustnessGate(Record):
    """Upper bounds of what noise and missing values may do; None sets no limit.

    ``at_noise`` is in standard deviations of each number in training, and the share of words that are swapped.
    """

    at_noise: Annotated[float, Field(gt=0, le=1)]
    max_flip_rate: Annotated[float, Field(ge=0, le=1)]
    max_metric_drop_missing: Annotated[float, Field(ge=0)] | None = None  # in the primary metric's own unit
