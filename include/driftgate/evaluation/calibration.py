"""The gate on calibration: does what the model says come true as often, or as much, as it says?

Tenths of the rows by score, not equal steps of it: on bins of equal mass the expected calibration error is less biased
(Nixon et al. 2019, Roelofs et al. 2022). Of few rows it is still too high, and more so in a resample: its upper bound,
which the gate tests, errs on the strict side.
"""

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, gap_interval
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import CALIBRATION_BINS, Floats
from driftgate.evaluation.report import GateResult, ReliabilityBin
from driftgate.gate_policy import CalibrationGate
from driftgate.problems import Problem


def calibration(found: Comparison) -> Finding:
    """Compare scores and labels tenth by tenth; without a limit there is no gate."""
    policy, bins = found.use_case.gates.calibration, score_bins(found.scores)
    table = reliability(found.held, found.scores, bins)
    gates = (_gate(policy, found.use_case.problem, found.held, found.scores, bins),) if policy else ()
    return Finding({"reliability": table}, gates)


def score_bins(scores: Floats, bins: int = CALIBRATION_BINS) -> npt.NDArray[np.intp]:
    """Return the bin of each score, of equal mass as far as equal scores, which stay together, allow."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.unique(np.searchsorted(edges, scores, side="left"), return_inverse=True)[1]


def reliability(held: Holdout, scores: Floats, bins: npt.NDArray[np.intp]) -> tuple[ReliabilityBin, ...]:
    """Return what was said and what came true in each bin."""
    rows = np.bincount(bins)
    said, came = (np.bincount(bins, weights=values) / rows for values in (scores, held.labels))
    return tuple(
        ReliabilityBin(rows=int(count), mean_score=rounded(float(score)), mean_label=rounded(float(label)))
        for count, score, label in zip(rows, said, came, strict=True)
    )


def error_with_bounds(
    held: Holdout, scores: Floats, bins: npt.NDArray[np.intp], confidence: float
) -> tuple[float, Interval | None]:
    """Return the mean over rows of the distance between mean score and mean label in the row's bin."""
    found, days = np.unique(held.days, return_inverse=True)
    gaps = np.zeros((len(found), int(bins.max()) + 1))
    np.add.at(gaps, (days, bins), held.labels - scores)
    error = rounded(float(np.abs(gaps.sum(axis=0)).sum() / len(scores)))
    if len(found) < FEWEST_DAYS:
        return error, None
    return error, rounded_interval(gap_interval(gaps, np.bincount(days), confidence))


def _gate(
    policy: CalibrationGate, problem: Problem, held: Holdout, scores: Floats, bins: npt.NDArray[np.intp]
) -> GateResult:
    error, bounds = error_with_bounds(held, scores, bins, policy.confidence)
    passed = bounds is not None and bounds[1] <= policy.max_error
    if bounds is None:
        sentence = f"The validation rows are of fewer than {FEWEST_DAYS} days, too few to judge calibration by."
    else:
        sentence = (
            f"What is said and what comes true lie {error:.4f} apart ({bounds[0]:.4f} to {bounds[1]:.4f}) on the mean "
            f"of {int(bins.max()) + 1} bins of {len(scores):,} rows; the upper bound is "
            f"{'at most' if passed else 'more than'} the {policy.max_error:g} that is allowed."
        )
    return GateResult(
        gate="calibration",
        metric="calibration_error" if problem == "binary" else "bias",
        value=error,
        interval=bounds,
        threshold=policy.max_error,
        verdict="pass" if passed else "fail",
        sentence=sentence,
    )
