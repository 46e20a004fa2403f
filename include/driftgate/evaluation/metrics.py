"""Every metric, each in one place: training stops by it, evaluation gates by it, monitoring watches by it.

Labels and scores are two columns of the same rows. In a binary problem labels are booleans and scores probabilities;
in a regression both are numbers of the label's unit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from driftgate.errors import CannotJudge, ConfigError, nearest
from driftgate.problems import Composite, Problem

if TYPE_CHECKING:
    import pyarrow as pa

CALIBRATION_BINS = 10
SMALLEST_PROBABILITY = 1e-15  # a certain and wrong answer costs 34.5 nats, not infinity

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]  # booleans of a binary problem, doubles of a regression
Measure = Callable[[npt.ArrayLike, npt.ArrayLike], float]
Better = Literal["higher", "lower", "nearer_zero"]
Number = TypeVar("Number", float, Floats)


def _itself(mean: Any) -> Any:
    return mean


@dataclass(frozen=True)
class Metric:
    """One metric of one kind of problem.

    Where it is a function of a mean over rows, ``value`` is ``of_mean(row_losses.mean())``, so that it can be resampled
    from each day's sum. ``version`` rises when the same rows would give another number.
    """

    name: str
    title: str
    problem: Problem
    better: Better
    value: Measure
    of_constant: Callable[[Labels], float] | None = None  # what the best answer gets that is the same for all rows
    row_losses: Callable[[npt.ArrayLike, npt.ArrayLike], Floats] | None = None
    of_mean: Callable[[Any], Any] = _itself
    in_unit: bool = False  # of the label
    version: int = 1

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger value is the better one."""
        return self.better == "higher"

    def gain(self, value: Number, other: Number) -> Number:
        """Return how much better ``value`` is than ``other``; negative where it is worse."""
        if self.better == "nearer_zero":
            return abs(other) - abs(value)
        return value - other if self.higher_is_better else other - value

    def worse_by(self, value: float, amount: float) -> float:
        """Return the value that is worse than ``value`` by ``amount``."""
        return value - amount if self.higher_is_better else value + amount


def auc(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the share of (positive, negative) pairs in the right order; a tie counts half (Mann-Whitney U).

    :raises CannotJudge: there is only one class
    """
    truth, values = checked("binary", labels, scores)
    positives = values[truth]
    negatives = np.sort(values[~truth])
    if not len(positives) or not len(negatives):
        raise CannotJudge(f"All {len(truth)} labels are of one class, so no AUC exists; take a longer window of rows.")
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).sum() / 2 / len(positives) / len(negatives))


def log_loss(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean negative log likelihood in nats; scores are clipped away from 0 and 1."""
    return float(row_log_losses(labels, scores).mean())


def row_log_losses(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """Return each row's negative log likelihood in nats."""
    truth, values = checked("binary", labels, scores)
    likelihood = np.where(truth, values, 1 - values)
    losses: Floats = -np.log(np.clip(likelihood, SMALLEST_PROBABILITY, 1))
    return losses


def calibration_error(labels: npt.ArrayLike, scores: npt.ArrayLike, bins: int = CALIBRATION_BINS) -> float:
    """Return the expected calibration error over equal bins of the score (Naeini et al. 2015, Guo et al. 2017).

    It is the mean over rows of the distance between mean score and share of positives in the row's bin.
    """
    truth, values = checked("binary", labels, scores)
    return float(np.abs(calibration_gaps(truth, values, bins)).sum() / len(truth))


def calibration_gaps(labels: Labels, scores: Floats, bins: int = CALIBRATION_BINS) -> Floats:
    """Return, for each bin of the score, the sum of (label - score) over its rows."""
    places = np.minimum((scores * bins).astype(int), bins - 1)
    return np.bincount(places, weights=labels - scores, minlength=bins).astype(np.float64)


def rmse(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the root of the mean squared error, in the label's unit: a few large errors count most."""
    return float(np.sqrt(_squares(labels, scores).mean()))


def mae(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean absolute error, in the label's unit: what an answer is off by, one with another."""
    return float(_distances(labels, scores).mean())


def mape(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the mean absolute error as a share of the label.

    :raises CannotJudge: a label is 0
    """
    return float(_shares(labels, scores).mean())


def bias(labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return how much too high the answers are on average, in the label's unit; negative where they are too low."""
    return float(_errors(labels, scores).mean())


def _errors(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    truth, values = checked("regression", labels, scores)
    errors: Floats = values - truth
    return errors


def _squares(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    return np.square(_errors(labels, scores))


def _shares(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    truth, values = checked("regression", labels, scores)
    if (truth == 0).any():
        raise CannotJudge("A label is 0, of which no error is a share; measure MAE.")
    shares: Floats = np.abs((values - truth) / truth)
    return shares


def _distances(labels: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    return np.abs(_errors(labels, scores))


METRICS = {
    metric.name: metric
    for metric in (
        Metric("auc", "AUC", "binary", "higher", auc, of_constant=lambda _: 0.5),
        Metric("log_loss", "log loss", "binary", "lower", log_loss, row_losses=row_log_losses),
        Metric("calibration_error", "calibration error", "binary", "lower", calibration_error),
        Metric(
            "rmse",
            "RMSE",
            "regression",
            "lower",
            rmse,
            of_constant=lambda labels: rmse(labels, np.full(len(labels), labels.mean())),
            row_losses=_squares,
            of_mean=np.sqrt,
            in_unit=True,
        ),
        Metric(
            "mae",
            "MAE",
            "regression",
            "lower",
            mae,
            of_constant=lambda labels: mae(labels, np.full(len(labels), np.median(labels))),
            row_losses=_distances,
            in_unit=True,
        ),
        Metric("mape", "MAPE", "regression", "lower", mape, row_losses=_shares),
        Metric("bias", "bias", "regression", "nearer_zero", bias, row_losses=_errors, in_unit=True),
    )
}
COMPARED: dict[Problem, tuple[str, ...]] = {"binary": ("auc", "log_loss"), "regression": ("rmse", "mae")}
LEVEL: dict[Problem, str] = {"binary": "calibration_error", "regression": "bias"}  # is the level right, not the order
GUARDED: dict[Problem, str] = {"binary": "log_loss", "regression": "mae"}  # what a candidate's traffic is judged by


def metric(name: str) -> Metric:
    """Return the metric called ``name``.

    :raises ConfigError: there is none
    """
    if name not in METRICS:
        raise ConfigError(f"There is no metric {name!r}{nearest(name, METRICS)}")
    return METRICS[name]


def reported(problem: Problem, primary: str) -> tuple[Metric, ...]:
    """Return the metrics that say how good a model is: the primary one first, the one of its level last."""
    names = sorted(COMPARED[problem], key=lambda name: name != primary)
    return tuple(METRICS[name] for name in (*names, LEVEL[problem]))


def composite(weighted: Composite, labels: npt.ArrayLike, scores: npt.ArrayLike) -> float:
    """Return the weighted sum of metrics; what is better when smaller, or nearer to zero, counts as its negative."""
    one_by_one = ((metric(name), weight) for name, weight in weighted.weights.items())
    return sum(weight * one.gain(one.value(labels, scores), 0.0) for one, weight in one_by_one)


def require_weighable(weighted: Composite, problem: Problem, where: str) -> None:
    """Return when every weight is of a metric of the problem.

    :param where: the key of the section, for the sentence
    :raises ConfigError: one is not
    """
    known = [one.name for one in METRICS.values() if one.problem == problem]
    for name in weighted.weights:
        if name not in known:
            raise ConfigError(f"{where} weighs {name!r}, no metric of a {problem} problem{nearest(name, known)}")


def label_values(problem: Problem, column: "pa.ChunkedArray") -> Labels:
    """Return the labels of a table's column as metrics take them."""
    labels: Labels = column.to_numpy(zero_copy_only=False).astype(bool if problem == "binary" else np.float64)
    return labels


def one_class(problem: Problem, labels: Labels) -> bool:
    """Return whether a binary problem's labels are all true or all false, which nothing can be told apart by."""
    return problem == "binary" and bool(labels.all() or not labels.any())


def checked(problem: Problem, labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[Labels, Floats]:
    """Return labels and scores as arrays that can be measured.

    :raises CannotJudge: there are no rows, or a score or a label is none
    """
    truth = np.asarray(labels, dtype=bool if problem == "binary" else np.float64)
    values = np.asarray(scores, dtype=np.float64)
    if truth.shape != values.shape or truth.ndim != 1:
        raise ValueError(f"labels {truth.shape} and scores {values.shape} must be two columns of the same rows")
    if not len(truth):
        raise CannotJudge("There are no rows to measure; take a longer window of rows.")
    if problem == "binary" and not ((values >= 0) & (values <= 1)).all():  # NaN fails both comparisons
        raise CannotJudge("A score is not a probability between 0 and 1, so nothing can be measured; train again.")
    if not np.isfinite(values).all():
        raise CannotJudge("A score is not a finite number, so nothing can be measured; train again.")
    if problem == "regression" and not np.isfinite(truth).all():
        raise CannotJudge("A label is not a finite number, so nothing can be measured; correct 'label.expression'.")
    return truth, values
