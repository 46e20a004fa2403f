"""Scoring a golden set again, wherever the model was loaded: whether it answers as it did, and how fast."""

import time

import numpy as np

from driftgate.errors import CannotJudge, Skewed
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.golden import Golden
from driftgate.evaluation.metrics import METRICS, Floats
from driftgate.fingerprint import Fingerprint, fingerprint
from driftgate.models import Scorer
from driftgate.records import Record

# Of a score, or of its share where it exceeds 1. Trees add doubles; a graph multiplies floats, in the order that its
# processor likes.
DOUBLE_PRECISION, SINGLE_PRECISION = 1e-6, 1e-3
TOLERANCES = {"model.txt": DOUBLE_PRECISION, "model.onnx": SINGLE_PRECISION}
WATCHED = {"binary": "auc", "regression": "mae"}


class GoldenCheck(Record):
    """What one environment made of a golden set, and what loading the package took there.

    ``latency`` is that of the model alone, row by row. ``metric_difference`` is None where the rows have one class.
    """

    rows: int
    max_difference: float
    tolerance: float
    metric_difference: float | None
    kolmogorov_smirnov: float
    latency_p50_ms: float
    latency_p95_ms: float
    load_seconds: float
    model_mb: float
    environment: Fingerprint


def check_golden(
    golden: Golden, scorer: Scorer, *, model_file: str, load_seconds: float, model_bytes: int, name: str
) -> GoldenCheck:
    """Score the golden set and say what came of it.

    :param name: of the model, for the sentence
    :raises Skewed: the model answers otherwise than where it was registered
    """
    expected, tolerance = np.array(golden.scores), TOLERANCES.get(model_file, SINGLE_PRECISION)
    found, seconds = _scored(golden, scorer)
    apart = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    worst = int(np.argmax(np.nan_to_num(apart, nan=np.inf)))
    if not apart[worst] <= tolerance:
        raise Skewed(
            f"{name} answers {found[worst]:.9g} to row {worst} of its golden set and answered {expected[worst]:.9g} "
            f"where it was registered, which is more than {tolerance:g} apart; it does not serve here. Compare "
            "processor and packages with those of golden.json."
        )
    same = np.where(apart <= DOUBLE_PRECISION, expected, found)  # else ties that part would look like a shift
    return GoldenCheck(
        rows=len(expected),
        max_difference=float(f"{apart[worst]:.3g}"),
        tolerance=tolerance,
        metric_difference=_metric_difference(golden, expected, found),
        kolmogorov_smirnov=rounded(_kolmogorov_smirnov(expected, same)),
        latency_p50_ms=rounded(1000 * float(np.quantile(seconds, 0.5))),
        latency_p95_ms=rounded(1000 * float(np.quantile(seconds, 0.95))),
        load_seconds=round(load_seconds, 3),
        model_mb=round(model_bytes / 1e6, 3),
        environment=fingerprint(),
    )


def _scored(golden: Golden, scorer: Scorer) -> tuple[Floats, list[float]]:
    scores, seconds = [], []
    scorer.score_rows(golden.rows[:1])  # what is prepared once is no latency
    for row in golden.rows:
        began = time.perf_counter()
        scores.append(float(scorer.score_rows([row])[0]))
        seconds.append(time.perf_counter() - began)
    return np.array(scores), seconds


def _metric_difference(golden: Golden, expected: Floats, found: Floats) -> float | None:
    """Return how far apart the metrics of the labelled rows are: a share of it where it exceeds 1."""
    known = [place for place, label in enumerate(golden.labels) if label is not None]
    labels = np.array([golden.labels[place] for place in known], dtype=float)
    metric = METRICS[WATCHED[golden.problem]].value
    truth = labels > 0.5 if golden.problem == "binary" else labels
    try:
        before, now = metric(truth, expected[known]), metric(truth, found[known])
    except CannotJudge:
        return None
    return rounded(abs(now - before) / max(1.0, abs(before)))


def _kolmogorov_smirnov(first: Floats, second: Floats) -> float:
    places = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(scores), places, side="right") / len(scores) for scores in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())
