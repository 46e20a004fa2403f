"""The data monitor: one night's requests against the champion's training data."""

from typing import TYPE_CHECKING

from driftgate.monitoring.answers import sample_told
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.night import Night
from driftgate.monitoring_policy import DataDrift
from driftgate.profiles import Profile
from driftgate.profiles.distances import distances
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

STATISTICS = ("psi", "jensen_shannon", "kolmogorov_smirnov")


def judge_data(night: Night) -> Evidence:
    """Judge data drift of one night."""
    use_case, champion = night.use_case, night.served
    wanted = use_case.monitor.data_drift.min_rows
    if night.answers.num_rows < wanted:
        told = sample_told(night.answers)
        sentence = (
            f"{night.answers.num_rows} requests on {night.key}{told} are fewer than the {wanted} that data drift needs."
        )
        return night.insufficient("data", sentence, night.answers.num_rows)
    statistics = feature_statistics(use_case, night.baseline, night.profile)
    evidence = _evidence(use_case, night.key, champion, night.profile, statistics)
    return evidence.model_copy(update={"sentence": evidence.sentence + _rows_told(night.answers)})


def feature_statistics(use_case: UseCase, baseline: Baseline, night: Profile) -> tuple[Statistic, ...]:
    """Return every statistic of every feature with the threshold it is held against."""
    settings = use_case.monitor.data_drift
    return tuple(
        Statistic(name=name, value=value, feature=feature, threshold=_threshold(settings, baseline, feature, name))
        for feature, reference in sorted(baseline.profile.columns.items())
        for name, value in distances(reference, night.columns[feature]).items()
        if name in STATISTICS
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
