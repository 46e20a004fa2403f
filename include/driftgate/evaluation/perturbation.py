"""How easily an answer turns when one feature moves a little.

Of a binary problem: the decision, among the rows where it is close. Of a regression: whether the answer moves by more
than a tenth of what the model is usually off by.

A number moves up and down by 5 % of its standard deviation in training (a whole number that moves by less than 1
crosses no split, and turns nothing). A word becomes the next most frequent one, the rarest the most frequent. What is
missing stays so.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats
from driftgate.profiles import CategoricalColumn, Column, NumericColumn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftgate.models import Feature, Scorer

STEP = 0.05  # of the standard deviation
NEAREST_SHARE = 0.2  # of the rows are near the boundary: those whose scores are nearest to the threshold
MOST_ROWS = 400


Turned = Callable[[Floats], npt.NDArray[np.bool_]]
"""Which answers to moved rows are turned, row by row."""


def decision_sensitivities(
    scorer: "Scorer", matrix: Floats, columns: "Mapping[str, Column]", threshold: float
) -> dict[str, float]:
    """Return, for each feature, the share of the near rows whose score changes to the other side of ``threshold``.

    :param columns: the profile of the training rows
    """
    scores = scorer.score_matrix(matrix)
    nearest = np.argsort(np.abs(scores - threshold), kind="stable")[: _near(len(scores))]
    alarms = scores[nearest] > threshold
    return _shares(scorer, matrix[nearest], columns, lambda moved: (moved > threshold) != alarms)


def answer_sensitivities(
    scorer: "Scorer", matrix: Floats, columns: "Mapping[str, Column]", tolerance: float
) -> dict[str, float]:
    """Return, for each feature, the share of some rows from all over whose answer moves by more than ``tolerance``."""
    some = matrix[places_all_over(len(matrix), MOST_ROWS)]
    answers = scorer.score_matrix(some)
    return _shares(scorer, some, columns, lambda moved: np.abs(moved - answers) > tolerance)


def _shares(scorer: "Scorer", rows: Floats, columns: "Mapping[str, Column]", turned_by: Turned) -> dict[str, float]:
    found = {}
    for place, feature in enumerate(scorer.preprocessing.features):
        turned = np.zeros(len(rows), dtype=bool)
        for values in _moved(feature, rows[:, place], columns[feature.name]):
            moved = rows.copy()
            moved[:, place] = values
            turned |= turned_by(scorer.score_matrix(moved))
        found[feature.name] = rounded(float(turned.mean()))
    return found


def _near(rows: int) -> int:
    return min(max(int(rows * NEAREST_SHARE), 1), MOST_ROWS)


def _moved(feature: "Feature", values: Floats, column: Column) -> Iterator[Floats]:
    if isinstance(column, NumericColumn):
        step = STEP * column.standard_deviation
        yield values + step
        yield values - step
    elif isinstance(column, CategoricalColumn):
        yield _next_most_frequent(feature.categories, values, column)


def _next_most_frequent(categories: tuple[str, ...], values: Floats, column: CategoricalColumn) -> Floats:
    ranked = sorted(range(len(categories)), key=lambda code: (-column.categories.get(categories[code], 0), code))
    following = np.empty(len(categories))
    following[ranked] = np.roll(ranked, -1)
    known = ~np.isnan(values)
    moved = values.copy()
    moved[known] = following[values[known].astype(int)]
    return moved
