"""The data monitor: one night's requests against the days of the champion's training data."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from driftgate.errors import CannotJudge
from driftgate.evaluation.feature_baseline import read_feature_baseline
from driftgate.monitoring.answers import sample_told
from driftgate.monitoring.calibration.alarm_price import AlarmRule
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.whole_rows import whole_rows
from driftgate.monitoring.night import Night
from driftgate.monitoring_policy import Tier
from driftgate.partition_keys import parse_key
from driftgate.profiles.distances import distances
from driftgate.registry.package import FEATURE_BASELINE
from driftgate.severity import Severity
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

SCORE = "rarity"  # of a feature's distance among those of the training days: -log10 of the share of days as far out
MANY_IMPORTANT = 3  # important features that drift together weigh as much as a critical one
LOOKED_AT = 100  # requests that are looked at for columns the model does not know


def judge_data(night: Night) -> Evidence:
    """Judge data drift of one night."""
    champion, rows = night.served, night.answers.num_rows
    wanted, told = night.use_case.monitor.data_drift.min_rows, sample_told(night.answers)
    if rows < wanted:
        sentence = f"{rows} requests on {night.key}{told} are fewer than the {wanted} that data drift needs."
        return night.insufficient("data", sentence, rows)
    scores, limit = scores_and_limit(night)
    tiers = feature_tiers(night, scores)
    counted = {name: score for name, score in scores.items() if tiers[name] != "informational"}
    worst = max(counted, key=lambda name: (counted[name], name))
    over = sorted(name for name, score in counted.items() if score > limit)
    return night.found(
        "data",
        Statistic(name=f"{SCORE}({worst})", value=counted[worst], threshold=limit),
        " ".join([_sentence(over, worst, counted[worst], limit, champion), *_notes(night, rows, told)]),
        drifts=bool(over),
        severity=severity(over, tiers),
        sample_size=rows,
        features=over,
        statistics=(*_statistics(night, scores, tiers, limit), *whole_rows(night)),
    )


def scores_and_limit(night: Night) -> tuple[dict[str, float], float]:
    """Return the score of every feature, and the limit of the largest one of those that count.

    :raises CannotJudge: the baseline has too few training days, or no feature counts
    """
    calibration = night.baseline.calibration(night.profile.rows)
    ordinal = parse_key(night.key).toordinal()
    features = calibration.days.features
    histograms = {name: days.histogram(night.profile.columns[name]) for name, days in features.items()}
    tiers = feature_tiers(night, features)
    counted = [name for name in sorted(features) if tiers[name] != "informational"]
    if not counted:
        raise CannotJudge(
            f"Every feature of model {night.served} is informational, so none can drift; 'monitor.tiers' of "
            f"{night.use_case.name} places the ones that matter, and the next training freezes it."
        )
    return calibration.scores(histograms, ordinal), calibration.limit(counted, ordinal, alarm_rule(night.use_case))


def alarm_rule(use_case: UseCase) -> AlarmRule:
    """Return what makes an alarm of nights, and how many false ones are accepted."""
    policy = use_case.retrain
    return AlarmRule(policy.nights, policy.of_last, use_case.monitor.prices["data"])


def feature_tiers(night: Night, names: Iterable[str]) -> dict[str, Tier]:
    """Return the tiers of features that were frozen when the champion was trained."""
    return frozen_tiers(night.package_file(night.served, FEATURE_BASELINE), night.served, names)


def frozen_tiers(data: bytes | None, version: str, names: Iterable[str]) -> dict[str, Tier]:
    """Return the tiers in a package's ``feature_baseline.json``; features of a package without it are important."""
    found = read_feature_baseline(data, f"model {version}/{FEATURE_BASELINE}").features if data else {}
    return {name: found[name].tier if name in found else "important" for name in names}


def severity(over: list[str], tiers: Mapping[str, Tier]) -> Severity:
    """Return how bad it is that these features drift."""
    critical = [name for name in over if tiers[name] == "critical"]
    return "major" if critical or len(over) >= MANY_IMPORTANT else "minor"


def _statistics(
    night: Night, scores: Mapping[str, float], tiers: Mapping[str, Tier], limit: float
) -> tuple[Statistic, ...]:
    """Return each feature's score, with the limit where it counts, and its textbook distances, which only inform."""
    found = []
    for name, reference in sorted(night.baseline.profile.columns.items()):
        threshold = None if tiers[name] == "informational" else limit
        found.append(Statistic(name=SCORE, value=scores[name], feature=name, threshold=threshold))
        shown = distances(reference, night.profile.columns[name])
        found += [Statistic(name=statistic, value=value, feature=name) for statistic, value in shown.items()]
    return tuple(found)


def _sentence(over: list[str], worst: str, score: float, limit: float, champion: str) -> str:
    rare = f"{worst} is as far out as {odds(score)}, where {odds(limit)} is the limit"
    if over:
        features = "1 feature" if len(over) == 1 else f"{len(over)} features"
        return f"{features} left the training days of model {champion} ({', '.join(over[:5])}); furthest out, {rare}."
    return f"Every feature that counts lies among the training days of model {champion}; furthest out, {rare}."


def odds(score: float) -> str:
    """Return a score in words: 2 is one day in a hundred."""
    return f"one day in {10 ** min(max(score, 0.0), 6):,.0f}{' or more' if score > 6 else ''}"


def _notes(night: Night, rows: int, told: str) -> list[str]:
    """Return what else there is to say: how many rows of all it rests on, and which columns it did not look at."""
    notes = [f"It rests on {rows} requests{told}."] if told else []
    known = {*night.baseline.profile.columns, *night.use_case.not_features, *night.use_case.request_key}
    unknown = sorted(_columns(night.answers) - known - {night.use_case.event_time})
    if unknown:
        notes.append(f"Not looked at, as model {night.served} does not know them: {', '.join(unknown[:5])}.")
    return notes


def _columns(captures: "pa.Table") -> set[str]:
    rows = captures.column("features").slice(0, LOOKED_AT).to_pylist()
    return {name for row in rows for name in json.loads(row)}
