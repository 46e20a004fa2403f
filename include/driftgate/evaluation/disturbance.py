"""Rows as noise, gaps and an adversary leave them, in the matrix that a model reads."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats, Labels
from driftgate.evaluation.robustness_report import BoundaryResult

if TYPE_CHECKING:
    from driftgate.models import Scorer

STEPS = (0.01, 0.03, 0.1, 0.3, 1.0)  # standard deviations: how far the boundary is searched for
SLOPE_STEP = 0.05  # standard deviations: what a network's slope is measured over, in single precision
SAME = 1e-9  # of the range: two numbers that are nearer differ by the order of additions only
SEED = 20130401

Flips = Callable[[Floats, Floats], npt.NDArray[np.bool_]]
"""Which answers to disturbed rows differ from those to the same rows undisturbed."""


class Spread(NamedTuple):
    """Of each feature in training: the standard deviation, 0 of words, and the smallest gap between two values.

    What is measured in whole minutes or hundredths of an inch is disturbed by whole steps of that, or not at all:
    trees tell 0 from a 0.0001 that no instrument shows.
    """

    deviation: Floats
    gap: Floats


def spread_of(scorer: "Scorer", train: Floats) -> Spread:
    """Measure the encoded training rows."""
    words = np.array([feature.kind == "categorical" for feature in scorer.preprocessing.features])
    return Spread(np.where(words, 0.0, np.nanstd(train, axis=0)), np.array([_gap(column) for column in train.T]))


def with_noise(scorer: "Scorer", matrix: Floats, spread: Spread, level: float) -> Floats:
    """Add normal noise of ``level`` standard deviations to numbers; that share of words becomes another row's word.

    What is missing stays so. The same rows always get the same noise.
    """
    random = np.random.default_rng(SEED)
    disturbed = _moved(matrix, level * spread.deviation * random.normal(size=matrix.shape), spread.gap)
    for place in scorer.preprocessing.categorical:
        swapped = random.random(len(matrix)) < level
        disturbed[swapped, place] = random.permutation(matrix[:, place])[swapped]
    return disturbed


def without(scorer: "Scorer", matrix: Floats, names: Collection[str]) -> Floats:
    """Return the rows as a request without the features ``names`` is encoded."""
    disturbed = matrix.copy()
    for place, feature in enumerate(scorer.preprocessing.features):
        if feature.name in names:
            disturbed[:, place] = np.nan if feature.null_value is None else feature.null_value
    return disturbed


def harmful_signs(scorer: "Scorer", matrix: Floats, spread: Spread, labels: Labels) -> Floats:
    """Return where each number must go to make each answer worse: the sign of the loss's slope, by differences."""
    slopes = np.zeros_like(matrix)
    for place in np.flatnonzero(spread.deviation):
        step = np.zeros(matrix.shape[1])
        step[place] = SLOPE_STEP * spread.deviation[place]
        slopes[:, place] = scorer.score_matrix(matrix + step) - scorer.score_matrix(matrix - step)
    worse = np.sign(scorer.score_matrix(matrix) - labels)  # an answer that is too low gets worse by sinking
    signs: Floats = np.sign(slopes) * worse[:, None]
    return signs


def boundary(scorer: "Scorer", matrix: Floats, spread: Spread, flips: Flips) -> tuple[BoundaryResult, ...]:
    """Search each number alone, up and down, for the smallest step that flips an answer; the nearest boundary first."""
    answers = scorer.score_matrix(matrix)
    found = []
    for place in map(int, np.flatnonzero(spread.deviation)):
        flipped = []
        for size in STEPS:
            up, down = (_along(scorer, matrix, place, way * size, spread) for way in (1, -1))
            flipped.append(flips(answers, up) | flips(answers, down))
        smallest = next((size for size, rows in zip(STEPS, flipped, strict=True) if rows.any()), None)
        share = rounded(float(np.any(flipped, axis=0).mean()))
        name = scorer.preprocessing.names[place]
        found.append(BoundaryResult(feature=name, flip_share=share, smallest_step=smallest, tried=STEPS[-1]))
    return tuple(sorted(found, key=lambda one: (-one.flip_share, one.smallest_step or STEPS[-1], one.feature)))


def _along(scorer: "Scorer", matrix: Floats, place: int, size: float, spread: Spread) -> Floats:
    moved = matrix.copy()
    moved[:, place] = _moved(moved[:, place], size * spread.deviation[place], spread.gap[place])
    return scorer.score_matrix(moved)


def _gap(column: Floats) -> float:
    known = np.unique(column[~np.isnan(column)])
    gaps = np.diff(known)
    return float(gaps[gaps > SAME * np.ptp(known)].min()) if len(gaps) else 1.0


def _moved(values: Floats, amount: Floats, gap: Floats) -> Floats:
    moved: Floats = values + np.round(amount / gap) * gap
    return moved
