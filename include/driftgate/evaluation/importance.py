"""How much each feature matters to a model, by three measures that err in different ways.

Gain counts what the trees won on the training rows and flatters features with many values. Permutation counts what the
primary metric loses on the validation rows, and divides what two features say alike between them. SHAP counts how far
a feature moves scores, right or wrong. Each is a share: over all features they add up to 1, or to 0 for a model that
nothing matters to.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats, auc
from driftgate.records import Record

if TYPE_CHECKING:
    from driftgate.models import Scorer

SHAP_ROWS = 300  # a row takes twenty times as long as scoring it


class Importance(Record):
    """The shares of one feature."""

    gain: float
    permutation: float
    shap: float

    @property
    def share(self) -> float:
        """The mean of the three; over all features it adds up to 1 too."""
        return rounded((self.gain + self.permutation + self.shap) / 3)


@dataclass(frozen=True)
class Sample:
    """Encoded rows and their labels."""

    matrix: Floats
    labels: npt.NDArray[np.bool_]


def importances(scorer: "Scorer", sample: Sample, random: np.random.Generator) -> dict[str, Importance]:
    """Return the importance of every feature, measured on validation rows."""
    shares = zip(
        _shares(scorer.gains()),
        _shares(_losses(scorer, sample, random)),
        _shares(np.abs(scorer.contributions(_spread(sample.matrix))).mean(axis=0)),
        strict=True,
    )
    return {
        name: Importance(gain=rounded(gain), permutation=rounded(permutation), shap=rounded(shap))
        for name, (gain, permutation, shap) in zip(scorer.preprocessing.names, shares, strict=True)
    }


def _spread(matrix: Floats) -> Floats:
    """Return at most ``SHAP_ROWS`` rows from all over the matrix, which is ordered by time."""
    spread: Floats = matrix[np.linspace(0, len(matrix) - 1, min(len(matrix), SHAP_ROWS)).astype(int)]
    return spread


def _losses(scorer: "Scorer", sample: Sample, random: np.random.Generator) -> Floats:
    """Return the AUC that is lost when a feature's values are dealt to other rows; chance may make it negative."""
    whole = auc(sample.labels, scorer.score_matrix(sample.matrix))
    losses = np.zeros(sample.matrix.shape[1])
    for place in np.flatnonzero(scorer.gains()):  # a feature without a split changes no score
        mixed = sample.matrix.copy()
        mixed[:, place] = random.permutation(mixed[:, place])
        losses[place] = whole - auc(sample.labels, scorer.score_matrix(mixed))
    return losses


def _shares(amounts: Floats) -> Floats:
    positive = np.maximum(amounts, 0.0)
    total = positive.sum()
    return positive / total if total else positive
