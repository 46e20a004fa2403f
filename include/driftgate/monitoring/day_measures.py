"""What one day of labelled answers says of a model, in numbers that many days can be compared by.

A hard day is weather: everything is late, whatever the model says. So a day's loss is taken apart. ``level`` is by how
much the day as a whole came out higher than the scores said: in log odds, or the label's unit. ``remainder`` is what is
wrong once the scores are moved by that level, how badly the model tells the rows of one day apart: by how much the AUC
falls short of what the moved scores expect, or the mean absolute error that is left.

``estimated_…`` is what a metric is expected to be by the scores alone, without a label:

- in a binary problem by confidence (CBPE; NannyML's documentation, after Guillory et al. 2021): a row with score 0.3 is
  positive with a chance of 0.3, so every metric has an expected value;
- in a regression by what the model was off by, on its evaluation rows, at scores like these (direct loss estimation).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import COST, cost_threshold, row_costs_usd
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.evaluation.metrics import SMALLEST_PROBABILITY, Floats, Labels, metric, one_class
from driftgate.problems import Costs, ErrorCosts, Problem
from driftgate.records import Record

ESTIMATED: dict[Problem, tuple[str, ...]] = {"binary": ("auc", "log_loss", COST), "regression": ("rmse", "mae", COST)}
WIDEST_LEVEL = 8.0  # of log odds: a day on which everything came true, or nothing
DayValues = Mapping[str, float]
SCORE_BINS = 10
DIGITS = 6
FEWEST_EVALUATION_DAYS = 7


class LossByScore(Record):
    """What a regression's answers were off by on its evaluation rows: means over rows by tenths of the score."""

    edges: tuple[float, ...]
    squared: tuple[float, ...]
    absolute: tuple[float, ...]
    cost_usd: tuple[float, ...]


class DayMeasures(Record):
    """The numbers of one day, by their names."""

    day: str
    rows: int
    values: dict[str, float]


class EvaluationDays(Record):
    """The days that a model was evaluated on, each measured as every later day will be."""

    days: tuple[DayMeasures, ...]
    by_score: LossByScore | None = None  # of a regression, over all days

    def column(self, name: str) -> Floats:
        """Return one number of every day, NaN where a day has none of that name."""
        return np.array([day.values.get(name, np.nan) for day in self.days])


def evaluation_days(problem: Problem, costs: Costs, keys: Sequence[str], days: Sequence[ScoredDay]) -> EvaluationDays:
    """Return the measures of each evaluation day; one with one class only measures nothing.

    A regression's day is estimated from the errors of the others.
    """
    found = []
    for place, (key, day) in enumerate(zip(keys, days, strict=True)):
        others = [*days[:place], *days[place + 1 :]]
        if others and not one_class(problem, day.labels):
            by_score = loss_by_score(others, costs) if problem == "regression" else None
            values = day_measures(problem, costs, day, by_score)
            found.append(DayMeasures(day=key, rows=len(day.labels), values=values))
    everything = loss_by_score(days, costs) if days and problem == "regression" else None
    return EvaluationDays(days=tuple(found), by_score=everything)


def measured_evaluation(evaluation: EvaluationDays | None, version: str) -> EvaluationDays:
    """Return the evaluation days of a model version, when there are enough to know days by.

    :raises CannotJudge: its package is older than they are, or has too few of them
    """
    if evaluation is None:
        raise CannotJudge(
            f"The baseline of model {version} tells none of its evaluation days; train and register again."
        )
    if len(evaluation.days) < FEWEST_EVALUATION_DAYS:
        raise CannotJudge(
            f"Model {version} was evaluated on {len(evaluation.days)} days with outcomes of both kinds, fewer than the "
            f"{FEWEST_EVALUATION_DAYS} that tell what days are like; raise 'train.validation_days'."
        )
    return evaluation


def day_measures(problem: Problem, costs: Costs, day: ScoredDay, by_score: LossByScore | None) -> dict[str, float]:
    """Return every number of one day of labelled answers."""
    first, second, _ = ESTIMATED[problem]
    realised = {name: metric(name).value(day.labels, day.scores) for name in (first, second)}
    realised[COST] = 1000 * float(row_costs_usd(day.labels, day.scores, costs).mean())
    level, remainder = (binary_parts if problem == "binary" else regression_parts)(day.labels, day.scores)
    estimated = {f"estimated_{name}": value for name, value in estimates(problem, costs, day.scores, by_score).items()}
    found = {**realised, **estimated, "level": level, "remainder": remainder}
    return {name: round(value, DIGITS) for name, value in found.items()}


def estimates(problem: Problem, costs: Costs, scores: Floats, by_score: LossByScore | None) -> dict[str, float]:
    """Return what each metric is expected to be, by the scores alone."""
    if isinstance(costs, ErrorCosts):
        return {
            "auc": expected_auc(scores),
            "log_loss": float(entropies(scores).mean()),
            COST: 1000 * float(_expected_costs(scores, costs).mean()),
        }
    if by_score is None:
        raise ValueError(f"a {problem} problem is estimated from the errors of its evaluation")
    places = np.searchsorted(by_score.edges, scores, side="left")
    squared, absolute, usd = (
        float(np.asarray(means)[places].mean()) for means in (by_score.squared, by_score.absolute, by_score.cost_usd)
    )
    return {"rmse": float(np.sqrt(squared)), "mae": absolute, COST: 1000 * usd}


def expected_auc(scores: Floats) -> float:
    """Return the AUC that calibrated scores expect of themselves: the chance that a pair is in the right order.

    Constant scores, and those that are all 0 or all 1, tell nothing apart: 0.5.
    """
    places = np.unique(scores, return_inverse=True)[1]
    positives, negatives = (np.bincount(places, weights=chance) for chance in (scores, 1 - scores))
    itself = float((scores * (1 - scores)).sum())  # no row is a pair with itself
    ordered = float((positives * (np.cumsum(negatives) - negatives / 2)).sum()) - itself / 2
    pairs = float(scores.sum() * (1 - scores).sum()) - itself
    return ordered / pairs if pairs > 0 else 0.5


def entropies(scores: Floats) -> Floats:
    """Return the log loss that each score expects of itself, in nats."""
    chance = np.clip(scores, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    found: Floats = -(chance * np.log(chance) + (1 - chance) * np.log1p(-chance))
    return found


def binary_parts(labels: Labels, scores: Floats) -> tuple[float, float]:
    """Return the level of a day in log odds, and how far its AUC falls short of what scores moved by it expect."""
    level = _level(float(labels.mean()), scores)
    return level, expected_auc(_moved(scores, level)) - metric("auc").value(labels, scores)


def regression_parts(labels: Labels, scores: Floats) -> tuple[float, float]:
    """Return the median error of a day, and the mean absolute error of the scores moved by it, in the label's unit."""
    errors = labels - scores
    level = float(np.median(errors))
    return level, float(np.abs(errors - level).mean())


def loss_by_score(days: Sequence[ScoredDay], costs: Costs) -> LossByScore:
    """Return what the answers of some days were off by, by tenths of the score."""
    labels, scores = (np.concatenate([getattr(day, name) for day in days]) for name in ("labels", "scores"))
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    places = np.searchsorted(edges, scores, side="left")
    errors = np.abs(labels - scores)

    def means(losses: Floats) -> tuple[float, ...]:
        sums, rows = (np.bincount(places, weights=each, minlength=len(edges) + 1) for each in (losses, None))
        return tuple(np.where(rows > 0, sums / np.maximum(rows, 1), losses.mean()).round(DIGITS).tolist())

    return LossByScore(
        edges=tuple(edges.tolist()),
        squared=means(np.square(errors)),
        absolute=means(errors),
        cost_usd=means(row_costs_usd(labels, scores, costs)),
    )


def _level(share: float, scores: Floats) -> float:
    """Return by how much the log odds of all scores must move for their mean to be ``share``; halving the way to it."""
    low, high = -WIDEST_LEVEL, WIDEST_LEVEL
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _moved(scores, middle).mean() < share else (low, middle)
    return (low + high) / 2


def _moved(scores: Floats, level: float) -> Floats:
    chance = np.clip(scores, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    moved: Floats = chance / (chance + (1 - chance) * np.exp(-level))
    return moved


def _expected_costs(scores: Floats, costs: ErrorCosts) -> Floats:
    found: Floats = np.where(scores > cost_threshold(costs), costs.false_alarm * (1 - scores), costs.missed * scores)
    return found
