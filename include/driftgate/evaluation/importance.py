"""How much each feature matters to a model, by three measures that err in different ways.

Gain counts what the trees won on the training rows and flatters features with many values. Permutation counts what the
primary metric loses on the validation rows, and divides what two features say alike between them. SHAP counts how far
a feature moves scores, right or wrong. Each is a share: over all features they add up to 1, or to 0 for a model that
nothing matters to. Of a network only permutation is known.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats, Labels, Metric
from driftgate.records import Record

if TYPE_CHECKING:
    from driftgate.models import Scorer

SHAP_ROWS = 300  # a row takes twenty times as long as scoring it


class Importance(Record):
    """The shares of one feature; None where the model does not tell."""

    gain: float | None
    permutation: float
    shap: float | None

    @property
    def share(self) -> float:
        """The mean of those that are known; over all features it adds up to 1 too."""
        known = [share for share in (self.gain, self.permutation, self.shap) if share is not None]
        return rounded(sum(known) / len(known))


@dataclass(frozen=True)
class Sample:
    """Encoded rows and their labels."""

    matrix: Floats
    labels: Labels


def importances(
    scorer: "Scorer", sample: Sample, primary: Metric, random: np.random.Generator
) -> dict[str, Importance]:
    """Return the importance of every feature, measured on validation rows."""
    contributions = scorer.contributions(sample.matrix[places_all_over(len(sample.matrix), SHAP_ROWS)])
    measures = {
        "gain": scorer.gains(),
        "permutation": _losses(scorer, sample, primary, random),
        "shap": None if contributions is None else np.abs(contributions.values).mean(axis=0),
    }
    shares = {name: None if amounts is None else _shares(amounts) for name, amounts in measures.items()}
    return {
        feature: Importance(
            **{name: None if found is None else rounded(float(found[place])) for name, found in shares.items()}
        )
        for place, feature in enumerate(scorer.preprocessing.names)
    }


def _losses(scorer: "Scorer", sample: Sample, primary: Metric, random: np.random.Generator) -> Floats:
    """Return what the metric loses when a feature's values are dealt to other rows; chance may make it negative."""
    scores, gains = scorer.score_matrix(sample.matrix), scorer.gains()
    whole, losses = primary.value(sample.labels, scores), np.zeros(sample.matrix.shape[1])
    for place in range(len(losses)) if gains is None else np.flatnonzero(gains):  # without a split no score changes
        dealt, column = scores.copy(), random.permutation(sample.matrix[:, place])
        # a tree scores each row for itself, so one that is dealt what it had keeps its score
        other = ~np.isclose(column, sample.matrix[:, place], rtol=0, atol=0, equal_nan=True) | (gains is None)
        mixed = sample.matrix[other]
        mixed[:, place] = column[other]
        if len(mixed):
            dealt[other] = scorer.score_matrix(mixed)
        losses[place] = primary.gain(whole, primary.value(sample.labels, dealt))
    return losses


def _shares(amounts: Floats) -> Floats:
    positive = np.maximum(amounts, 0.0)
    total = positive.sum()
    return positive / total if total else positive
