"""What a candidate goes by, as the evaluation records it; no value of any row is in it."""

from typing import Literal

from driftgate.evaluation.day_blocks import Interval
from driftgate.explanation_policy import BaselineKind
from driftgate.records import Record


class AttributionBaseline(Record):
    """What a score is explained against; another one is another explanation, with another hash.

    ``values`` are the encoded means of numbers and most frequent words, in the order of the features: what a network's
    answers are compared with. ``offsets`` are what each feature adds on average in the rows of the class; empty where
    trees are explained against what every row starts from. With ``log_odds``, contributions add up to log odds, else
    to the answer.
    """

    kind: BaselineKind
    log_odds: bool
    values: tuple[float | None, ...]
    offsets: tuple[float, ...] = ()


class Reason(Record):
    """What one feature adds to one score, in log odds or the label's unit."""

    feature: str
    contribution: float


class FeatureAttribution(Record):
    """How far one feature moves scores. ``quantiles`` of what it adds are those of 5, 25, 50, 75 and 95 % of the rows.

    ``direction`` is the rank correlation of a number with what it adds: 1 where more of it always raises the score.
    """

    feature: str
    mean_absolute: float
    share: float
    champion_share: float | None
    quantiles: tuple[float, ...]
    direction: float | None


class Example(Record):
    """Why one validation row, told by its number, has its score; ``others`` is what all other features add."""

    row: int
    raw: float
    reasons: tuple[Reason, ...]
    others: float


class ExplanationScore(Record):
    """One measure of how good the explanations are, with one-sided bounds; whole days are resampled."""

    value: float
    interval: Interval | None


class Explanation(Record):
    """The file ``explain.json``: global and local explanations of one candidate on a sample of the validation rows.

    ``sum_error`` is by how much contributions and base miss the model's own raw score at most. ``others`` is the share
    of the features that are not listed.
    """

    schema_version: int = 1
    level: Literal["global", "local"]
    method: Literal["tree_shap", "sampled_shapley"]
    baseline: AttributionBaseline
    baseline_sha256: str
    base: float
    rows: int
    top_k: int
    sum_error: float
    features: tuple[FeatureAttribution, ...]
    others: float
    examples: tuple[Example, ...]
    stability: ExplanationScore
    local_stability: ExplanationScore | None
    fidelity: ExplanationScore
    consistency: ExplanationScore | None
