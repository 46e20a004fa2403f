"""Right and wrong decisions at one threshold: counts, and what is made of them."""

import numpy.typing as npt

from driftgate.evaluation.metrics import checked

CONFUSION_VERSION = 1  # rises when the same rows would give other numbers


def confusion(labels: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> dict[str, float]:
    """Return the counts and shares of decisions, where every score above ``threshold`` is a yes.

    Precision of no yes, recall of no positive and their F1 do not exist and are left out.
    """
    truth, values = checked("binary", labels, scores)
    said = values > threshold
    right, wrong = int((said & truth).sum()), int((said & ~truth).sum())
    missed = int((~said & truth).sum())
    rest = len(truth) - right - wrong - missed
    found: dict[str, float] = {
        "true_positives": right,
        "false_positives": wrong,
        "false_negatives": missed,
        "true_negatives": rest,
        "accuracy": (right + rest) / len(truth),
    }
    if right + wrong:
        found["precision"] = right / (right + wrong)
    if right + missed:
        found["recall"] = right / (right + missed)
    if right + wrong + missed:
        found["f1"] = 2 * right / (2 * right + wrong + missed)
    return found
