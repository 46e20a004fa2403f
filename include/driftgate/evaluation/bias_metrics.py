"""How differently two groups of rows fare: the bias metrics of Amazon SageMaker Clarify, and three of a regression.

Each compares a group ``d`` with the group of reference ``a`` by sums over their rows, so that it can be resampled from
each day's sums. A difference is that of the reference less that of the group, as in Clarify: 0 is no difference.

Sums of a binary problem: ``rows``, ``labels`` (true ones), ``decisions`` (positive ones), ``hits`` (true label and
positive decision), ``correct`` (decision as the label). Of a regression: ``rows``, ``labels``, ``errors`` (answer less
label), ``distances`` (their absolute values), ``over`` (answers above the label). The last axis of each are the strata.

:see: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html
:see: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.metrics import Floats, Labels
from driftgate.fairness_policy import BiasMetricName
from driftgate.problems import Problem

Tally = Mapping[str, Floats]
Booleans = npt.NDArray[np.bool_]
Compare = Callable[[Tally, Tally], Floats]


def class_imbalance(a: Tally, d: Tally) -> Floats:
    """CI: (n_a - n_d) / (n_a + n_d), from -1 (only the group) to 1 (only the reference)."""
    return _ratio(_sum(a, "rows") - _sum(d, "rows"), _sum(a, "rows") + _sum(d, "rows"))


def difference_in_proportions_of_labels(a: Tally, d: Tally) -> Floats:
    """DPL: the share of true labels of the reference less that of the group."""
    return _mean(a, "labels") - _mean(d, "labels")


def conditional_demographic_disparity(a: Tally, d: Tally) -> Floats:
    """CDD: the mean over strata, by their rows, of the demographic disparity DD (Wachter et al. 2020).

    DD is the group's share of all false labels less its share of all true ones: positive where the group has more of
    the false than of the true. A stratum whose labels are all alike has none and is left out.
    """
    rows, true = a["rows"] + d["rows"], a["labels"] + d["labels"]
    disparity = _ratio(d["rows"] - d["labels"], rows - true) - _ratio(d["labels"], true)
    known = ~np.isnan(disparity)
    return _ratio(np.where(known, disparity * rows, 0).sum(axis=-1), np.where(known, rows, 0).sum(axis=-1))


def disparate_impact(a: Tally, d: Tally) -> Floats:
    """DI: the share of positive decisions of the group divided by that of the reference; 1 is no difference."""
    return _ratio(_mean(d, "decisions"), _mean(a, "decisions"))


def difference_in_positive_proportions(a: Tally, d: Tally) -> Floats:
    """DPPL: the share of positive decisions of the reference less that of the group."""
    return _mean(a, "decisions") - _mean(d, "decisions")


def accuracy_difference(a: Tally, d: Tally) -> Floats:
    """AD: the share of right decisions of the reference less that of the group."""
    return _mean(a, "correct") - _mean(d, "correct")


def equal_opportunity_difference(a: Tally, d: Tally) -> Floats:
    """The recall of the reference less that of the group (Hardt et al. 2016; Clarify's recall difference RD)."""
    return _mean(a, "hits", per="labels") - _mean(d, "hits", per="labels")


def mean_error_difference(a: Tally, d: Tally) -> Floats:
    """How much too high the answers are on average for the reference, less the same for the group."""
    return _mean(a, "errors") - _mean(d, "errors")


def absolute_error_difference(a: Tally, d: Tally) -> Floats:
    """What the answers are off by on average for the reference, less the same for the group."""
    return _mean(a, "distances") - _mean(d, "distances")


def over_prediction_difference(a: Tally, d: Tally) -> Floats:
    """The share of answers above the label of the reference, less that of the group."""
    return _mean(a, "over") - _mean(d, "over")


BIAS_METRICS: dict[BiasMetricName, Compare] = {
    "class_imbalance": class_imbalance,
    "difference_in_proportions_of_labels": difference_in_proportions_of_labels,
    "conditional_demographic_disparity": conditional_demographic_disparity,
    "difference_in_mean_labels": difference_in_proportions_of_labels,  # the mean of numbers instead of booleans
    "disparate_impact": disparate_impact,
    "difference_in_positive_proportions": difference_in_positive_proportions,
    "accuracy_difference": accuracy_difference,
    "equal_opportunity_difference": equal_opportunity_difference,
    "mean_error_difference": mean_error_difference,
    "absolute_error_difference": absolute_error_difference,
    "over_prediction_difference": over_prediction_difference,
}


def row_values(problem: Problem, labels: Labels, answers: Labels | None = None) -> dict[str, Floats]:
    """Return, for each row, what the sums of a tally are of; without answers only what labels alone tell."""
    truth = labels.astype(np.float64)
    found = {"rows": np.ones(len(truth)), "labels": truth}
    if answers is None:
        return found
    given = answers.astype(np.float64)
    if problem == "binary":
        correct = (given == truth).astype(np.float64)
        return {**found, "decisions": given, "hits": given * truth, "correct": correct}
    errors = given - truth
    return {**found, "errors": errors, "distances": np.abs(errors), "over": (errors > 0).astype(np.float64)}


def _sum(group: Tally, name: str) -> Floats:
    total: Floats = group[name].sum(axis=-1)
    return total


def _mean(group: Tally, name: str, per: str = "rows") -> Floats:
    return _ratio(_sum(group, name), _sum(group, per))


def _ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Return the quotient, NaN where nothing is below."""
    top, bottom = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    nowhere = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    found: Floats = np.divide(top, bottom, out=nowhere, where=bottom != 0)
    return found
