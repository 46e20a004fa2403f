"""What the plots of an evaluation are drawn from; nothing is judged by it."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.calibration import reliability, score_bins
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.curves_report import Curves, Distribution, Gains
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats

BINS = 40
ASKED = np.linspace(0, 1, 41)
WIDEST = 0.99  # of the errors of a regression lie inside the plot; the rest counts in the outermost bins


def curves(found: Comparison) -> Finding:
    """Measure how scores are distributed, and how many positive rows the highest scores find."""
    champion = found.others.get("champion")
    models = {"candidate": found.scores} | ({} if champion is None else {"champion": champion})
    binary = found.use_case.problem == "binary"
    edges = np.linspace(0, 1, BINS + 1) if binary else _error_edges(found, list(models.values()))
    measured = Curves(
        edges=_numbers(edges),
        distributions=tuple(_distributions(found, models, edges)),
        asked=_numbers(ASKED) if binary else (),
        gains=tuple(_gains(found)) if binary else (),
        champion_reliability=() if champion is None else reliability(found.held, champion, score_bins(champion)),
    )
    return Finding({"curves": measured}, ())


def _error_edges(found: Comparison, models: list[Floats]) -> Floats:
    reach = max(float(np.quantile(np.abs(scores - found.held.labels), WIDEST)) for scores in models)
    return np.linspace(-reach or -1.0, reach or 1.0, BINS + 1)


def _distributions(found: Comparison, models: dict[str, Floats], edges: Floats) -> Iterator[Distribution]:
    labels = found.held.labels
    for model, scores in models.items():
        if found.use_case.problem == "binary":
            for outcome in (False, True):
                yield Distribution(model=model, outcome=outcome, shares=_shares(scores[labels == outcome], edges))
        else:
            yield Distribution(model=model, outcome=None, shares=_shares(scores - labels, edges))


def _shares(values: Floats, edges: Floats) -> tuple[float, ...]:
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return _numbers(counts / len(values))


def _gains(found: Comparison) -> Iterator[Gains]:
    """Equal scores share the positives among them evenly, so their order among each other changes nothing."""
    for model, scores in {"candidate": found.scores, **found.others}.items():
        values, places = np.unique(-scores, return_inverse=True)
        rows = np.bincount(places, minlength=len(values)).cumsum()
        positives = np.bincount(places, weights=found.held.labels, minlength=len(values)).cumsum()
        asked = ASKED * len(scores)
        found_share = np.interp(asked, np.append(0, rows), np.append(0, positives)) / positives[-1]
        yield Gains(model=model, found=_numbers(found_share))


def _numbers(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(rounded(float(value)) for value in values)
