"""The performance monitor: the champion's answers of the last nights against the outcomes that came since."""

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import ScoredDay, auc_interval, calibration_interval, mean_interval
from driftgate.evaluation.metrics import auc, calibration_error, log_loss
from driftgate.lake import lake
from driftgate.monitoring.answers import answers, champion_of
from driftgate.monitoring.baseline import load_baseline
from driftgate.monitoring.evidence import Evidence, Statistic, insufficient, write_evidence
from driftgate.monitoring.ground_truth import labelled_key, read_joined
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase


def measure_performance(use_case: UseCase, key: str) -> Evidence:
    """Measure AUC, log loss and calibration of tonight's champion, write the evidence to the lake and return it.

    Only answers of that version count, over the ``window_nights`` that end with the newest day with known outcomes.
    Drift is an upper bound of the AUC below the model's own evaluation less ``max_auc_drop``.
    """
    champion = champion_of(answers(use_case.name, key))
    if champion is None:
        return _insufficient(use_case, key, f"No request of {key} was answered by a champion.", 0, None)
    days = _scored_days(use_case, key, champion)
    rows = sum(len(day.labels) for day in days)
    try:
        _require_enough(use_case, champion, days)
        reference = _reference(use_case, champion)
    except CannotJudge as reason:
        return _insufficient(use_case, key, str(reason), rows, champion)
    statistics = performance_statistics(use_case, days, reference)
    return write_evidence(_evidence(use_case, key, champion, days, statistics))


def performance_statistics(
    use_case: UseCase, days: list[ScoredDay], reference: dict[str, float]
) -> tuple[Statistic, ...]:
    """Return AUC (with its threshold), log loss and calibration error of all days pooled, with one-sided bounds."""
    import numpy as np

    settings = use_case.monitor.performance
    labels, scores = np.concatenate([d.labels for d in days]), np.concatenate([d.scores for d in days])
    rows = np.array([len(day.labels) for day in days])
    losses = np.array([log_loss(day.labels, day.scores) * len(day.labels) for day in days])
    return (
        Statistic(
            name="auc",
            value=auc(labels, scores),
            interval=auc_interval(days, settings.confidence),
            threshold=reference["auc"] - settings.max_auc_drop,
            reference=reference["auc"],
        ),
        Statistic(
            name="log_loss",
            value=float(losses.sum() / rows.sum()),
            interval=mean_interval(losses, rows, settings.confidence),
            reference=reference.get("log_loss"),
        ),
        Statistic(
            name="calibration_error",
            value=calibration_error(labels, scores),
            interval=calibration_interval(days, settings.confidence),
            reference=reference.get("calibration_error"),
        ),
    )


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
            labels = rows.column("label").to_numpy(zero_copy_only=False).astype(bool)
            days.append(ScoredDay(labels, rows.column("score").to_numpy().astype(np.float64)))
    return days


def _answered(table: "object") -> "object":
    import pyarrow.compute as pc

    return pc.not_equal(table.column("variant_role"), "shadow")  # type: ignore[attr-defined]


def _require_enough(use_case: UseCase, champion: str, days: list[ScoredDay]) -> None:
    """Raise when the window is too thin for an interval: rows, days (the blocks of the bootstrap), or classes."""
    settings = use_case.monitor.performance
    rows, positives = sum(len(day.labels) for day in days), sum(int(day.labels.sum()) for day in days)
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
    if positives in (0, rows):
        raise CannotJudge(f"All {rows} outcomes {window} are of one class, so no AUC exists.")


def _reference(use_case: UseCase, champion: str) -> dict[str, float]:
    reference = load_baseline(use_case.name, champion).reference
    if "auc" not in reference:
        raise CannotJudge(f"The baseline of model {use_case.name}/{champion} has no evaluation AUC to compare with.")
    return reference


def _evidence(
    use_case: UseCase, key: str, champion: str, days: list[ScoredDay], statistics: tuple[Statistic, ...]
) -> Evidence:
    found = statistics[0]
    if found.interval is None or found.threshold is None:
        raise CannotJudge(f"{found.name} has no interval or no threshold; this monitor cannot decide by it.")
    drifted = found.interval[1] < found.threshold
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
        sentence=(
            f"AUC of model {champion} over {len(days)} nights is {found.value:.3f} "
            f"({found.interval[0]:.3f} to {found.interval[1]:.3f}); it was {found.reference:.3f} in evaluation, and "
            f"the upper bound {'lies below' if drifted else 'reaches'} the limit {found.threshold:.3f}."
        ),
        statistics=statistics,
    )


def _insufficient(use_case: UseCase, key: str, sentence: str, rows: int, champion: str | None) -> Evidence:
    return write_evidence(
        insufficient(use_case.name, key, "performance", sentence, champion=champion, sample_size=rows)
    )
