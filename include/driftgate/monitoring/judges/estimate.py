"""The estimate monitor: how good the champion is on a night whose outcomes nobody knows yet.

Metrics are estimated from the scores alone (:mod:`driftgate.monitoring.day_measures`) and corrected by what such
estimates were off by on days whose outcomes are known: the champion's evaluation days, and its labelled days since. The
same errors give the interval: where the night is like one of those days, the truth lies beyond either end with a chance
of one less the confidence (split conformal prediction; Vovk et al. 2005). So days are the units, not rows.

An estimate cannot see that the same requests mean something else today. It abstains where its assumptions fail: when
the labelled nights came out on another level than was said, when the concept monitor's last evidence is a drift, or
when a feature has left what the training rows support.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval
from driftgate.evaluation.metrics import METRICS, Floats, metric
from driftgate.monitoring.day_measures import DayValues, EvaluationDays, estimates, measured_evaluation
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.concept import earlier_days, measured_day
from driftgate.monitoring.judges.late_days import LOOK_BACK_NIGHTS
from driftgate.monitoring.judges.performance import surely_worse
from driftgate.monitoring.judges.served_scores import served_scores
from driftgate.monitoring.judges.support import farthest_outside
from driftgate.monitoring.night import Night
from driftgate.use_cases import UseCase


class Estimated(NamedTuple):
    """One metric of a night without outcomes: what its scores expect, corrected, and within what the truth lies."""

    value: float
    interval: Interval


def judge_estimate(night: Night) -> Evidence:
    """Judge the newest night by its scores; drift is an interval that lies beyond the limit of performance."""
    evaluation = measured_evaluation(night.baseline.evaluation, night.served)
    scores, labelled = _scores(night), earlier_days(night, night.use_case.monitor.estimate.window_nights)
    _require_assumptions(night, evaluation, labelled)
    known = [*(day.values for day in evaluation.days), *labelled]
    confidence = night.use_case.monitor.performance.confidence
    expected = estimates(night.use_case.problem, night.use_case.metric.costs_usd, scores, evaluation.by_score)
    found = {name: corrected(name, value, known, confidence) for name, value in expected.items()}
    return _evidence(night, evaluation, found, len(scores), _estimate_error(night, evaluation, found))


def corrected(name: str, expected: float, known: Sequence[DayValues], confidence: float) -> Estimated:
    """Return an estimate, corrected by what the estimates of known days were off by.

    :raises CannotJudge: the days are too few for the confidence
    """
    errors = np.sort([values[name] - values[f"estimated_{name}"] for values in known])
    place = int(np.ceil(confidence * (len(errors) + 1)))  # of the error that one more day exceeds with that chance
    if place > len(errors):
        raise CannotJudge(
            f"The estimates of {len(errors)} days are known to be right or wrong, too few for an interval at a "
            f"confidence of {confidence:g}."
        )
    low, high = expected + errors[-place], expected + errors[place - 1]
    return Estimated(float(expected + np.median(errors)), (float(low), float(high)))


def _scores(night: Night) -> Floats:
    scores = served_scores(night, night.use_case.monitor.estimate.min_rows, "an estimate of its performance")
    if scores.min() == scores.max():
        raise CannotJudge(
            f"All {len(scores)} scores of model {night.served} on {night.key} are {scores[0]:.4g}: they tell nothing "
            "apart, and no performance can be read from them."
        )
    return scores


def _require_assumptions(night: Night, evaluation: EvaluationDays, labelled: list[DayValues]) -> None:
    """Raise where an estimate from scores would be a guess."""
    settings, champion = night.use_case.monitor.estimate, night.served
    recent = labelled[-night.use_case.monitor.performance.window_nights :]
    level = evaluation.column("level")
    shift = (
        abs(np.mean([day["level"] for day in recent]) - level.mean()) / level.std(ddof=1)
        if len(recent) >= FEWEST_DAYS
        else 0.0
    )
    if shift > settings.max_level_shift:
        raise CannotJudge(
            f"The last {len(recent)} labelled days of model {champion} came out {shift:.1f} deviations off the level "
            f"of its evaluation, more than {settings.max_level_shift:g}: its scores are not calibrated, so nothing can "
            "be estimated from them."
        )
    before = next((one for one in night.earlier("concept", LOOK_BACK_NIGHTS) if one.value is not None), None)
    if before and before.verdict == "drift":
        raise CannotJudge(f"The meaning of the requests has changed, which no estimate can see: {before.sentence}")
    feature, share = farthest_outside(night)
    if share > settings.max_outside_share:
        raise CannotJudge(
            f"{share:.0%} of the requests of {night.key} have a {feature} that model {champion} never saw in training, "
            f"more than {settings.max_outside_share:.0%}: what it answers there cannot be estimated."
        )


def _estimate_error(night: Night, evaluation: EvaluationDays, tonight: Mapping[str, Estimated]) -> float | None:
    """Return by how much the estimate of the newest day whose outcomes came was too low, of the primary metric."""
    day, primary = night.labelled_key, night.use_case.metric.primary
    truth = measured_day(night, evaluation, day)
    then = night.past.evidence(day, "estimate") if day < night.key else None
    said = tonight[primary].value if day == night.key else then.value if then else None
    return truth[primary] - said if truth and said is not None else None


def _evidence(
    night: Night, evaluation: EvaluationDays, found: Mapping[str, Estimated], rows: int, error: float | None
) -> Evidence:
    use_case = night.use_case
    name = use_case.metric.primary
    reference = float(evaluation.column(name).mean())
    threshold = metric(name).worse_by(reference, use_case.monitor.performance.tolerance)
    statistics = [
        Statistic(
            name=one,
            value=found[one].value,
            interval=found[one].interval,
            reference=float(evaluation.column(one).mean()),
            threshold=threshold if one == name else None,
            metric_impl_version=METRICS[one].version if one in METRICS else None,
        )
        for one in sorted(found, key=lambda one: one != name)
    ]
    if error is not None:
        statistics.append(Statistic(name="estimate_error", value=error))
    return night.found(
        "estimate",
        statistics[0],
        _sentence(use_case, night, found[name], reference, threshold, error),
        drifts=surely_worse(metric(name), found[name].interval, threshold),
        severity="major",
        sample_size=rows,
        statistics=statistics,
    )


def _sentence(
    use_case: UseCase, night: Night, found: Estimated, reference: float, threshold: float, error: float | None
) -> str:
    primary, (low, high) = metric(use_case.metric.primary), found.interval
    unit = f" {use_case.label.unit}" if primary.in_unit else ""
    told = (
        f"By its scores alone, {primary.title} of model {night.served} on {night.key} is about {found.value:.3f} "
        f"({low:.3f} to {high:.3f}){unit}; a day of its evaluation had {reference:.3f}, the limit is {threshold:.3f}."
    )
    return (
        told
        if error is None
        else f"{told} The newest estimate that met its outcomes was {abs(error):.3f} too "
        + ("low." if error > 0 else "high.")
    )
