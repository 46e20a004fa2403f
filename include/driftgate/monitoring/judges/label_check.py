"""Whether the labels of a day contradict the champion: broken joins, turned signs, poisoned outcomes.

Of a binary problem, the share ``f`` of labels that look turned over. With ``f`` turned, a row with chance ``q`` of a
true label has one of ``q + f (1 - 2 q)``; ``f`` is estimated by the score of that likelihood, on top of the level that
the day came out at, for a storm makes all flights late and turns no label. Rows that the champion is sure of weigh
most.
Of a regression, the share of labels that are off by more than :data:`FAR_OFF` times the champion's own RMSE.

No model is so good that one day proves a few percent: on the flights a day's estimate strays by 0.1. So a week is
judged as well as a night, both against the nights before.
"""

from typing import NamedTuple

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.metrics import SMALLEST_PROBABILITY, Floats, Labels, one_class
from driftgate.monitoring.night import Night

FEWEST_ROWS = 100
FAR_OFF = 5.0
SUREST = 0.03  # nearer to 0 or 1 a row weighs no more: no champion is as sure as it says
STEPS, NOTHING = 50, 1e-9


class Disagreement(NamedTuple):
    """One number of a day, and a standard deviation that it has by chance alone."""

    name: str
    value: float
    chance: float


def disagreement(night: Night) -> Disagreement:
    """Return how much the newest labels contradict tonight's champion.

    :raises CannotJudge: there are too few, or nothing to tell them by
    """
    found = night.labelled_day(night.labelled_key)
    rows = 0 if found is None else len(found.labels)
    if found is None or rows < FEWEST_ROWS:
        raise CannotJudge(f"{rows} labels of {night.labelled_key} are fewer than the {FEWEST_ROWS} that are checked.")
    if night.use_case.problem == "binary":
        if one_class(night.use_case.problem, found.labels):
            raise CannotJudge(f"All {rows} labels of {night.labelled_key} are of one class, which contradicts nobody.")
        return turned_labels(found.labels, found.scores)
    error = night.baseline.reference.get("rmse")
    if not error:
        raise CannotJudge(f"The baseline of model {night.served} tells no RMSE to hold labels against.")
    return far_off_labels(found.labels, found.scores, FAR_OFF * error)


def turned_labels(labels: Labels, scores: Floats) -> Disagreement:
    """Return which share of the labels looks turned over; of a model that gives one answer, nothing can.

    :raises CannotJudge: all scores are alike
    """
    truth, chances = labels.astype(float), levelled(labels, scores)
    spread, sure = chances * (1 - chances), np.clip(chances, SUREST, 1 - SUREST)
    weights = (1 - 2 * sure) / (sure * (1 - sure))
    weights = weights - (weights @ spread) / spread.sum()
    turns = float(weights @ (1 - 2 * chances))
    if abs(turns) < NOTHING * len(labels):
        raise CannotJudge("All answers are alike, so no label contradicts them.")
    return Disagreement(
        "turned_labels", float(weights @ (truth - chances)) / turns, float(np.sqrt(weights**2 @ spread)) / abs(turns)
    )


def far_off_labels(labels: Labels, answers: Floats, limit: float) -> Disagreement:
    """Return which share of the labels is further from the answer than ``limit``."""
    rows, share = len(labels), float(np.mean(np.abs(labels - answers) > limit))
    likely = max(share, 1 / rows)
    return Disagreement("far_off_labels", share, float(np.sqrt(likely * (1 - likely) / rows)))


def levelled(labels: Labels, scores: Floats) -> Floats:
    """Return the scores moved alike, in log odds, to where they expect as many true labels as there are."""
    inside = np.clip(scores, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    odds, moved = np.log(inside / (1 - inside)), 0.0
    chances: Floats = inside
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-(odds + moved)))
        step = (labels.sum() - chances.sum()) / (chances * (1 - chances)).sum()
        moved += float(np.clip(step, -1, 1))
        if abs(step) < NOTHING:
            break
    return chances
