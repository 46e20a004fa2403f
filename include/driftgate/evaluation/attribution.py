"""What each feature adds to a score, against a baseline that the use case names.

Of trees exactly, by the SHAP values that LightGBM computes (Lundberg 2020). Of any other model by sampling orders of
the features (Castro 2009): in each order the features change one by one from the baseline to the row. Every order is
walked both ways, which halves the variance of what two features do together (Mitchell 2022). Either way contributions
and base add up to the raw score.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.explanation_report import AttributionBaseline, Reason
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.holdout import LABEL
from driftgate.evaluation.metrics import SMALLEST_PROBABILITY, Floats, label_values
from driftgate.explanation_policy import BaselineKind
from driftgate.models import Contributions
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Scorer

ORDERS = 12  # of the features, each walked both ways: 24 scores of a row for each feature
SEED = 20130401  # fixed, so that an explanation can be reproduced
CLASS_ROWS = 1000  # of the class whose average trees are explained against


def attribution_baseline(use_case: UseCase, scorer: "Scorer", train: "pa.Table") -> AttributionBaseline:
    """Return what the scores of ``scorer`` are explained against, taken from the training rows.

    :param train: with the column ``label``
    """
    kind: BaselineKind = use_case.explain.baseline if use_case.explain else "training_mean"
    if kind != "training_mean":
        wanted = label_values(use_case.problem, train.column(LABEL)) == (kind == "positive_class")
        train = train.filter(wanted)
    matrix = scorer.preprocessing.encode_table(train)
    values = (_typical(matrix[:, place], words) for place, words in enumerate(_words(scorer)))
    own = None if kind == "training_mean" else scorer.contributions(matrix[places_all_over(len(matrix), CLASS_ROWS)])
    return AttributionBaseline(
        kind=kind,
        log_odds=use_case.problem == "binary",
        values=tuple(None if np.isnan(value) else rounded(value) for value in values),
        offsets=() if own is None else tuple(map(float, own.values.mean(axis=0))),
    )


def attributions(scorer: "Scorer", matrix: Floats, baseline: AttributionBaseline) -> Contributions:
    """Return what each feature adds to the raw score of each row, on top of that of the baseline."""
    found = scorer.contributions(matrix)
    if found is None:
        return _sampled(scorer, matrix, baseline)
    if not baseline.offsets:
        return found
    offsets = np.array(baseline.offsets)
    return Contributions(found.values - offsets, found.base + float(offsets.sum()), found.raw)


def is_exact(scorer: "Scorer", matrix: Floats) -> bool:
    """Return whether a model tells its contributions itself, so that none are sampled."""
    return scorer.contributions(matrix[:1]) is not None


def top_reasons(names: list[str], row: Floats, k: int) -> tuple[Reason, ...]:
    """Return the ``k`` largest contributions of one row."""
    furthest = np.argsort(-np.abs(row), kind="stable")[:k]
    return tuple(Reason(feature=names[place], contribution=rounded(float(row[place]))) for place in furthest)


def _words(scorer: "Scorer") -> Iterator[bool]:
    return (feature.kind == "categorical" for feature in scorer.preprocessing.features)


def _typical(values: Floats, words: bool) -> float:
    """Return the mean of numbers, and of words the code of the most frequent one; NaN where all are missing."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan")
    return float(np.bincount(known.astype(int)).argmax()) if words else float(known.mean())


def _sampled(scorer: "Scorer", matrix: Floats, baseline: AttributionBaseline) -> Contributions:
    start = np.array([np.nan if value is None else value for value in baseline.values])
    rows, features = matrix.shape
    values = np.zeros((rows, features))
    for order in _orders(features):
        changed = np.argsort(order) < np.arange(features + 1)[:, None]  # after each step, which features are the row's
        walked = np.where(changed[:, None, :], matrix, start).reshape(-1, features)
        raw = _raw(scorer.score_matrix(walked), baseline.log_odds).reshape(features + 1, rows)
        values[:, order] += np.diff(raw, axis=0).T
    return Contributions(values / (2 * ORDERS), float(raw[0, 0]), _raw(scorer.score_matrix(matrix), baseline.log_odds))


def _orders(features: int) -> Iterator[np.ndarray]:
    random = np.random.default_rng(SEED)
    for _ in range(ORDERS):
        order = random.permutation(features)
        yield order
        yield order[::-1]


def _raw(scores: Floats, log_odds: bool) -> Floats:
    if not log_odds:
        return scores
    inside = np.clip(scores, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    raw: Floats = np.log(inside / (1 - inside))
    return raw
