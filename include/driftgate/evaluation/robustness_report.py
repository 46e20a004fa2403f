"""What noise, gaps and an adversary do to a candidate, as the evaluation records it.

An answer flips when a decision turns; in a regression, when it moves by more than the model is usually off by (RMSE).
"""

from driftgate.evaluation.day_blocks import Interval
from driftgate.records import Record


class NoiseResult(Record):
    """All features disturbed at once; ``level`` is in standard deviations in training, and the share of words swapped.

    ``metric_drop`` is what the primary metric loses; ``flip_interval`` has one-sided bounds.
    """

    level: float
    flip_rate: float
    flip_interval: Interval | None
    metric_drop: float


class MissingResult(Record):
    """These features missing at once, as when a feed is away."""

    features: tuple[str, ...]
    flip_rate: float
    metric_drop: float


class BoundaryResult(Record):
    """How near the rows lie to another answer along one number: the steps up and down that were tried go to ``tried``.

    ``smallest_step`` is the smallest one that flips any row, in standard deviations; None where none does.
    """

    feature: str
    flip_share: float
    smallest_step: float | None
    tried: float


class Robustness(Record):
    """``gradient`` is noise in the direction that does most harm (FGSM, Goodfellow 2015), of networks only.

    Of trees the gradient is zero; ``boundary`` searches for them. ``missing`` has the worst first, ``online`` all
    features that the endpoint joins.
    """

    rows: int
    flip_tolerance: float | None  # in the label's unit; None of decisions
    noise: tuple[NoiseResult, ...]
    gradient: tuple[NoiseResult, ...]
    missing: tuple[MissingResult, ...]
    online: MissingResult | None
    worst_missing_interval: Interval | None  # of the larger metric drop of ``missing`` and ``online``
    boundary: tuple[BoundaryResult, ...]
