"""The performance monitor: the champion's answers of the last nights against the outcomes that came since."""

from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import cost_metrics
from driftgate.evaluation.day_blocks import ScoredDay, metric_interval
from driftgate.evaluation.metrics import Metric, metric, one_class, reported
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.late_days import waiting_told
from driftgate.monitoring.night import Night
from driftgate.partition_keys import keys_before
from driftgate.severity import Severity
from driftgate.use_cases import UseCase


def judge_performance(night: Night) -> Evidence:
    """Judge the metrics of tonight's champion by its answers.

    Only answers of that version count, over the ``window_nights`` that end with the newest day with known outcomes.
    Drift is an upper bound of the AUC below the model's own evaluation less ``max_auc_drop``; in a regression a lower
    bound of the error above that evaluation's upper bound plus ``max_increase``.
    """
    use_case, champion = night.use_case, night.served
    nights = use_case.monitor.performance.window_nights
    days = [ScoredDay(day.labels, day.scores) for day in night.labelled_days(nights)]
    waiting = [day for day in keys_before(night.labelled_key, nights) if night.waiting(day)]
    told = waiting_told(use_case, waiting)
    try:
        _require_enough(use_case, champion, days)
        baseline = _baseline(use_case, champion, night.baseline)
    except CannotJudge as reason:
        return night.insufficient("performance", f"{reason}{told}", sum(len(day.labels) for day in days))
    statistics = performance_statistics(use_case, days, baseline)
    found = _evidence(night, days, statistics)
    if not waiting:
        return found
    more = Statistic(name="waiting_days", value=len(waiting))
    return found.model_copy(update={"sentence": found.sentence + told, "statistics": (*statistics, more)})


def performance_statistics(use_case: UseCase, days: list[ScoredDay], baseline: Baseline) -> tuple[Statistic, ...]:
    """Return the metrics of all days pooled with one-sided bounds, the primary one first, with its threshold."""
    import numpy as np

    confidence = use_case.monitor.performance.confidence
    labels, scores = np.concatenate([d.labels for d in days]), np.concatenate([d.scores for d in days])
    return tuple(
        Statistic(
            name=one.name,
            value=one.value(labels, scores),
            interval=metric_interval(one, days, confidence),
            threshold=_threshold(use_case, one, baseline) if one.name == use_case.metric.primary else None,
            reference=baseline.reference.get(one.name),
            metric_impl_version=one.version,
        )
        for one in (
            *reported(use_case.problem, use_case.metric.primary),
            *cost_metrics(use_case.problem, use_case.metric.costs_usd),
        )
    )


def _threshold(use_case: UseCase, primary: Metric, baseline: Baseline) -> float:
    """Return what the model may come to; the limit of an error starts at the upper bound of its evaluation."""
    reference = baseline.reference[primary.name]
    if not primary.higher_is_better:
        reference = baseline.reference_intervals.get(primary.name, (reference, reference))[1]
    return primary.worse_by(reference, use_case.monitor.performance.tolerance)


def _require_enough(use_case: UseCase, champion: str, days: list[ScoredDay]) -> None:
    """Raise when the window is too thin for an interval: rows, days (the blocks of the bootstrap), or classes."""
    import numpy as np

    settings = use_case.monitor.performance
    rows = sum(len(day.labels) for day in days)
    window = f"in the last {settings.window_nights} nights"
    if rows < settings.min_rows:
        raise CannotJudge(
            f"Model {champion} has {rows} answers with known outcome {window}, fewer than the {settings.min_rows} "
            "that performance needs."
        )
    if 2 * len(days) <= settings.window_nights:
        raise CannotJudge(
            f"Model {champion} has known outcomes on only {len(days)} of {settings.window_nights} nights; more than "
            "half are needed to tell a drop from one bad day."
        )
    if one_class(use_case.problem, np.concatenate([day.labels for day in days])):
        raise CannotJudge(f"All {rows} outcomes {window} are of one class, so no AUC exists.")


def _baseline(use_case: UseCase, champion: str, baseline: Baseline) -> Baseline:
    primary = metric(use_case.metric.primary)
    if primary.name not in baseline.reference:
        raise CannotJudge(
            f"The baseline of model {use_case.name}/{champion} has no evaluation {primary.title} to compare with."
        )
    made_by = baseline.metric_impl_versions.get(primary.name, primary.version)
    if made_by != primary.version:
        raise CannotJudge(
            f"The {primary.title} of model {use_case.name}/{champion} was measured by version {made_by} of that "
            f"metric, and tonight's would be by version {primary.version}; retrain to have both measured alike."
        )
    return baseline


def _evidence(night: Night, days: list[ScoredDay], statistics: tuple[Statistic, ...]) -> Evidence:
    use_case, found = night.use_case, statistics[0]
    if found.interval is None or found.threshold is None:
        raise CannotJudge(f"{found.name} has no interval or no threshold; this monitor cannot decide by it.")
    drifted = surely_worse(metric(found.name), found.interval, found.threshold)
    return night.found(
        "performance",
        found,
        _sentence(use_case, night.served, len(days), found, drifted=drifted),
        drifts=drifted,
        severity=_severity(use_case, found),
        sample_size=sum(len(day.labels) for day in days),
        statistics=statistics,
    )


def surely_worse(primary: Metric, interval: tuple[float, float], threshold: float) -> bool:
    """Return whether even the better end of an interval is worse than the threshold."""
    return interval[1] < threshold if primary.higher_is_better else interval[0] > threshold


def _severity(use_case: UseCase, found: Statistic) -> Severity:
    """Critical is a loss that is at least twice as large as the one that is allowed."""
    primary = metric(found.name)
    limit = primary.worse_by(found.threshold or 0.0, use_case.monitor.performance.tolerance)
    return "critical" if surely_worse(primary, found.interval or (found.value, found.value), limit) else "major"


def _sentence(use_case: UseCase, champion: str, nights: int, found: Statistic, *, drifted: bool) -> str:
    primary, (low, high) = metric(found.name), found.interval or (found.value, found.value)
    if primary.higher_is_better:
        bound = f"the upper bound {'lies below' if drifted else 'reaches'}"
    else:
        bound = f"the lower bound {'exceeds' if drifted else 'does not exceed'}"
    unit = f" {use_case.label.unit}" if primary.in_unit else ""
    return (
        f"{primary.title} of model {champion} over {nights} nights is {found.value:.3f} ({low:.3f} to {high:.3f})"
        f"{unit}; it was {found.reference:.3f} in evaluation, and {bound} the limit {found.threshold:.3f}."
    )
