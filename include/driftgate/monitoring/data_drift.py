"""The data monitor: one night's requests against the champion's training data."""

from typing import TYPE_CHECKING

from driftgate.errors import CannotJudge
from driftgate.monitoring.answers import answers, champion_of, requested_features, sample_told
from driftgate.monitoring.baseline import Baseline, load_baseline
from driftgate.monitoring.evidence import Evidence, Statistic, insufficient, write_evidence
from driftgate.profiles import Profile, profile_table
from driftgate.profiles.distances import distances
from driftgate.use_cases import DataDrift, UseCase

if TYPE_CHECKING:
    import pyarrow as pa

STATISTICS = ("psi", "jensen_shannon", "kolmogorov_smirnov")


def measure_drift(use_case: UseCase, key: str) -> Evidence:
    """Measure data drift of one night, write the evidence to the lake and return it."""
    captures = answers(use_case.name, key)
    champion = champion_of(captures)
    wanted = use_case.monitor.data_drift.min_rows
    if champion is None:
        return _insufficient(use_case, key, f"No request of {key} was answered by a champion.", 0, None)
    if captures.num_rows < wanted:
        told = sample_told(captures)
        sentence = f"{captures.num_rows} requests on {key}{told} are fewer than the {wanted} that data drift needs."
        return _insufficient(use_case, key, sentence, captures.num_rows, champion)
    try:
        baseline = load_baseline(use_case.name, champion)
    except CannotJudge as reason:
        return _insufficient(use_case, key, str(reason), captures.num_rows, champion)
    night = profile_table(requested_features(captures, baseline))
    evidence = _evidence(use_case, key, champion, night, feature_statistics(use_case, baseline, night))
    return write_evidence(evidence.model_copy(update={"sentence": evidence.sentence + _rows_told(captures)}))


def feature_statistics(use_case: UseCase, baseline: Baseline, night: Profile) -> tuple[Statistic, ...]:
    """Return every statistic of every feature with the threshold it is held against."""
    settings = use_case.monitor.data_drift
    return tuple(
        Statistic(name=name, value=value, feature=feature, threshold=_threshold(settings, baseline, feature, name))
        for feature, reference in sorted(baseline.profile.columns.items())
        for name, value in distances(reference, night.columns[feature]).items()
    )


def _threshold(settings: DataDrift, baseline: Baseline, feature: str, name: str) -> float:
    """The use case's threshold, or what single days of training reached themselves where that is more."""
    configured = {statistic: getattr(settings, statistic) for statistic in STATISTICS}
    return float(max(configured[name], baseline.day_limits.get(feature, {}).get(name, 0.0)))


def _evidence(
    use_case: UseCase, key: str, champion: str, night: Profile, statistics: tuple[Statistic, ...]
) -> Evidence:
    worst = max(statistics, key=_excess)
    features = sorted({str(item.feature) for item in statistics if _excess(item) > 1})
    return Evidence(
        use_case=use_case.name,
        key=key,
        monitor="data",
        champion=champion,
        statistic=f"{worst.name}({worst.feature})",
        value=worst.value,
        interval=None,
        threshold=worst.threshold,
        sample_size=night.rows,
        features=tuple(features),
        verdict="drift" if features else "ok",
        sentence=_sentence(features, worst, champion),
        statistics=statistics,
    )


def _rows_told(captures: "pa.Table") -> str:
    told = sample_told(captures)
    return f" It rests on {captures.num_rows} requests{told}." if told else ""


def _excess(statistic: Statistic) -> float:
    return statistic.value / (statistic.threshold or 1.0)


def _sentence(features: list[str], worst: Statistic, champion: str) -> str:
    number = f"{worst.name} of {worst.feature} is {worst.value:.3f} against a limit of {worst.threshold:.3f}"
    if features:
        return f"{len(features)} features left the training data of model {champion}; furthest out, {number}."
    return f"Every feature lies within the training data of model {champion}; nearest to its limit, {number}."


def _insufficient(use_case: UseCase, key: str, sentence: str, rows: int, champion: str | None) -> Evidence:
    return write_evidence(insufficient(use_case.name, key, "data", sentence, champion=champion, sample_size=rows))
