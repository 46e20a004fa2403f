"""The performance monitor: the champion's answers of the last nights against the outcomes that came since."""

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import ScoredDay, metric_interval
from driftgate.evaluation.metrics import Metric, label_values, metric, one_class, reported
from driftgate.lake import lake
from driftgate.monitoring.answers import ANSWERING, answers, champion_of
from driftgate.monitoring.baseline import Baseline, load_baseline
from driftgate.monitoring.evidence import Evidence, Statistic, insufficient, write_evidence
from driftgate.monitoring.ground_truth import labelled_key, read_joined
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase


def measure_performance(use_case: UseCase, key: str) -> Evidence:
    """Measure the metrics of tonight's champion by its answers, write the evidence to the lake and return it.

    Only answers of that version count, over the ``window_nights`` that end with the newest day with known outcomes.
    Drift is an upper bound of the AUC below the model's own evaluation less ``max_auc_drop``; in a regression a lower
    bound of the error above that evaluation's upper bound plus ``max_increase``.
    """
    champion = champion_of(answers(use_case.name, key))
    if champion is None:
        return _insufficient(use_case, key, f"No request of {key} was answered by a champion.", 0, None)
    days = _scored_days(use_case, key, champion)
    rows = sum(len(day.labels) for day in days)
    try:
        _require_enough(use_case, champion, days)
        baseline = _baseline(use_case, champion)
    except CannotJudge as reason:
        return _insufficient(use_case, key, str(reason), rows, champion)
    statistics = performance_statistics(use_case, days, baseline)
    return write_evidence(_evidence(use_case, key, champion, days, statistics))


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
        for one in reported(use_case.problem, use_case.metric.primary)
    )


def _threshold(use_case: UseCase, primary: Metric, baseline: Baseline) -> float:
    """Return what the model may come to; the limit of an error starts at the upper bound of its evaluation."""
    reference = baseline.reference[primary.name]
    if not primary.higher_is_better:
        reference = baseline.reference_intervals.get(primary.name, (reference, reference))[1]
    return primary.worse_by(reference, use_case.monitor.performance.tolerance)


def joined_days(use_case: UseCase, key: str) -> list[str]:
    """Return the days of the window that were joined with their outcomes, oldest first."""
    window = keys_before(labelled_key(use_case, key), use_case.monitor.performance.window_nights)
    return [day for day in window if lake().exists(f"{uris.joined(use_case.name, day)}/manifest.json")]


def _scored_days(use_case: UseCase, key: str, champion: str) -> list[ScoredDay]:
    import numpy as np
    import pyarrow.compute as pc

    days = []
    for day in joined_days(use_case, key):
        table = read_joined(use_case.name, day)
        known = pc.and_(pc.is_valid(table.column("label")), pc.is_valid(table.column("score")))
        own = pc.and_(pc.equal(table.column("model_version"), champion), _answered(table))
        rows = table.filter(pc.and_(known, own))
        if rows.num_rows:
            labels = label_values(use_case.problem, rows.column("label"))
            days.append(ScoredDay(labels, rows.column("score").to_numpy().astype(np.float64)))
    return days


def _answered(table: "object") -> "object":
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(table.column("variant_role"), pa.array(ANSWERING))  # type: ignore[attr-defined]


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


def _baseline(use_case: UseCase, champion: str) -> Baseline:
    baseline, primary = load_baseline(use_case.name, champion), metric(use_case.metric.primary)
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


def _evidence(
    use_case: UseCase, key: str, champion: str, days: list[ScoredDay], statistics: tuple[Statistic, ...]
) -> Evidence:
    found = statistics[0]
    if found.interval is None or found.threshold is None:
        raise CannotJudge(f"{found.name} has no interval or no threshold; this monitor cannot decide by it.")
    drifted = _worse(metric(found.name), found.interval, found.threshold)
    return Evidence(
        use_case=use_case.name,
        key=key,
        monitor="performance",
        champion=champion,
        statistic=found.name,
        value=found.value,
        interval=found.interval,
        threshold=found.threshold,
        sample_size=sum(len(day.labels) for day in days),
        features=(),
        verdict="drift" if drifted else "ok",
        sentence=_sentence(use_case, champion, len(days), found, drifted=drifted),
        statistics=statistics,
    )


def _worse(primary: Metric, interval: tuple[float, float], threshold: float) -> bool:
    return interval[1] < threshold if primary.higher_is_better else interval[0] > threshold


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


def _insufficient(use_case: UseCase, key: str, sentence: str, rows: int, champion: str | None) -> Evidence:
    return write_evidence(
        insufficient(use_case.name, key, "performance", sentence, champion=champion, sample_size=rows)
    )
