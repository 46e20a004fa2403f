"""The gate on robustness: how many answers flip under noise, and what the metric loses when features are missing."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, gain_interval, mean_interval
from driftgate.evaluation.disturbance import Flips, Spread, boundary, harmful_signs, spread_of, with_noise, without
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.holdout import Holdout
from driftgate.evaluation.metrics import METRICS, Floats, Metric, metric, one_class
from driftgate.evaluation.report import GateResult, Verdict
from driftgate.evaluation.robustness_report import MissingResult, NoiseResult, Robustness
from driftgate.problems import ErrorCosts
from driftgate.robustness_policy import RobustnessGate
from driftgate.use_cases import UseCase

SAMPLE_ROWS, BOUNDARY_ROWS = 1000, 50  # a search asks each row ten times for each number
LEVELS = (0.01, 0.03, 0.1, 0.3, 1.0)
LISTED = 20  # features


@dataclass(frozen=True)
class _Sample:
    """Validation rows from all over, as the candidate reads and answers them."""

    found: Comparison
    held: Holdout

    @cached_property
    def matrix(self) -> Floats:
        return self.found.scorer.preprocessing.encode_table(self.held.table)

    @cached_property
    def answers(self) -> Floats:
        return self.found.scorer.score_matrix(self.matrix)

    @cached_property
    def spread(self) -> Spread:
        return spread_of(self.found.scorer, self.found.scorer.preprocessing.encode_table(self.found.train))

    @property
    def primary(self) -> Metric:
        return metric(self.found.use_case.metric.primary)

    @property
    def confidence(self) -> float:
        return self.found.use_case.gates.champion.confidence

    @cached_property
    def tolerance(self) -> float | None:
        if isinstance(self.found.use_case.metric.costs_usd, ErrorCosts):
            return None
        return METRICS["rmse"].value(self.held.labels, self.answers)

    @property
    def flips(self) -> Flips:
        costs, tolerance = self.found.use_case.metric.costs_usd, self.tolerance
        if isinstance(costs, ErrorCosts):
            threshold = cost_threshold(costs)
            return lambda before, after: (before > threshold) != (after > threshold)
        return lambda before, after: np.abs(after - before) > tolerance

    def drop(self, answers: Floats) -> float:
        """Return what the primary metric loses with these answers."""
        values = (self.primary.value(self.held.labels, one) for one in (self.answers, answers))
        return rounded(self.primary.gain(*values))


def robust(found: Comparison) -> Finding:
    """Disturb the candidate's rows; without ``gates.robustness`` nothing is asked of it."""
    section = found.use_case.gates.robustness
    if section is None:
        return Finding({}, ())
    made = robustness(found, section.at_noise)
    return Finding({"robustness": made}, robustness_gates(found.use_case, section, made))


def robustness(found: Comparison, at_noise: float) -> Robustness:
    """Measure a candidate on a sample of the validation rows.

    :param at_noise: a level that is measured beside the usual ones
    """
    sample = _Sample(found, _sampled(found.use_case, found.held))
    scorer, levels = found.scorer, sorted({*LEVELS, at_noise})
    noise = (_noise(sample, level, with_noise(scorer, sample.matrix, sample.spread, level)) for level in levels)
    online = {name for view in found.signature.views for name in view.columns} & set(scorer.preprocessing.names)
    missing = sorted((_missing(sample, (name,)) for name in scorer.preprocessing.names), key=_worst_first)
    joined = _missing(sample, tuple(sorted(online))) if online else None
    worst = min((*missing, *([joined] if joined else [])), key=_worst_first)
    few = sample.matrix[places_all_over(len(sample.matrix), BOUNDARY_ROWS)]
    return Robustness(
        rows=len(sample.matrix),
        flip_tolerance=None if sample.tolerance is None else rounded(sample.tolerance),
        noise=tuple(noise),
        gradient=_gradient(sample, levels),
        missing=tuple(missing[:LISTED]),
        online=joined,
        worst_missing_interval=_drop_interval(sample, worst),
        boundary=boundary(scorer, few, sample.spread, sample.flips)[:LISTED],
    )


def robustness_gates(use_case: UseCase, section: RobustnessGate, made: Robustness) -> tuple[GateResult, ...]:
    """Hold the upper bound of the flip rate, and that of the worst loss by missing features, against their limits."""
    noise = next(one for one in made.noise if one.level == section.at_noise)
    what = f"At noise of {noise.level:g} standard deviations {noise.flip_rate:.1%} of {made.rows:,} answers flip"
    gates = [_gate("noise", "flip_rate", noise.flip_rate, noise.flip_interval, section.max_flip_rate, what)]
    if section.max_metric_drop_missing is not None:
        worst = min((*made.missing, *([made.online] if made.online else [])), key=_worst_first)
        title = metric(use_case.metric.primary).title
        gone = worst.features[0] if len(worst.features) == 1 else f"all {len(worst.features)} online features"
        what = f"Without {gone} {title} loses {worst.metric_drop:.4f}"
        limit, name = section.max_metric_drop_missing, use_case.metric.primary
        gates.append(_gate("missing", name, worst.metric_drop, made.worst_missing_interval, limit, what))
    return tuple(gates)


def _sampled(use_case: UseCase, held: Holdout) -> Holdout:
    places = places_all_over(len(held.labels), SAMPLE_ROWS)
    if one_class(use_case.problem, held.labels[places]):  # one class is so rare that the sample missed it
        return held
    return Holdout(held.table.take(places), held.labels[places], held.days[places])


def _noise(sample: _Sample, level: float, disturbed: Floats) -> NoiseResult:
    answers = sample.found.scorer.score_matrix(disturbed)
    flips = sample.flips(sample.answers, answers).astype(np.float64)
    interval = mean_interval(flips, sample.held.days, sample.confidence)
    return NoiseResult(
        level=level,
        flip_rate=rounded(float(flips.mean())),
        flip_interval=None if interval is None else rounded_interval(interval),
        metric_drop=sample.drop(answers),
    )


def _gradient(sample: _Sample, levels: list[float]) -> tuple[NoiseResult, ...]:
    scorer = sample.found.scorer
    if scorer.gains() is not None:  # trees: flat between their splits
        return ()
    signs = harmful_signs(scorer, sample.matrix, sample.spread, sample.held.labels)
    return tuple(_noise(sample, level, sample.matrix + level * sample.spread.deviation * signs) for level in levels)


def _missing(sample: _Sample, names: tuple[str, ...]) -> MissingResult:
    answers = sample.found.scorer.score_matrix(without(sample.found.scorer, sample.matrix, names))
    flip_rate = rounded(float(sample.flips(sample.answers, answers).mean()))
    return MissingResult(features=names, flip_rate=flip_rate, metric_drop=sample.drop(answers))


def _worst_first(one: MissingResult) -> tuple[float, float, tuple[str, ...]]:
    return -one.metric_drop, -one.flip_rate, one.features


def _drop_interval(sample: _Sample, worst: MissingResult) -> Interval | None:
    answers = sample.found.scorer.score_matrix(without(sample.found.scorer, sample.matrix, worst.features))
    whole, less = sample.held.by_day(sample.answers), sample.held.by_day(answers)
    if len(whole) < FEWEST_DAYS:
        return None
    return rounded_interval(gain_interval(sample.primary, whole, less, sample.confidence))


def _gate(name: str, metric_name: str, value: float, interval: Interval | None, limit: float, what: str) -> GateResult:
    verdict: Verdict = "insufficient_data" if interval is None else "pass" if interval[1] <= limit else "fail"
    if interval is None:
        told = f"fewer than {FEWEST_DAYS} days are too few to hold it against {limit:g}"
    else:
        told = f"the upper bound, {interval[1]:.4f}, {'is at most' if verdict == 'pass' else 'exceeds'} {limit:g}"
    return GateResult(
        gate=f"robustness_{name}",
        metric=metric_name,
        value=value,
        interval=interval,
        threshold=limit,
        verdict=verdict,
        sentence=f"{what}; {told}.",
    )
