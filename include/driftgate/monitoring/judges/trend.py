"""The trend monitor: what creeps for two weeks without one night that stands out.

Of each feature that counts, the rarity of the nights before tonight is asked whether it rises. Mann and Kendall's test
(Kendall 1975) asks without a shape in mind; nights that remember the night before are worth fewer nights (Hamed and Rao
1998), and how well they do, the training days say, for two weeks are too few. Theil's and Sen's slope says how fast.
The slopes are told on every night, alarm or not.
"""

import math

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.data_drift import SCORE, feature_tiers, severity
from driftgate.monitoring.night import Night
from driftgate.profiles.sketches import Floats

NIGHTS = 14
MIN_NIGHTS = 10
LEVEL = 0.05  # of all features together: of two weeks in which nothing creeps one in twenty is called a trend


def judge_trend(night: Night) -> Evidence:
    """Judge whether features have crept away over the nights before this one.

    :raises CannotJudge: too few of them were judged for the same champion
    """
    champion = night.served
    series = {name: values for name, values in _series(night).items() if len(values) >= MIN_NIGHTS}
    if not series:
        raise CannotJudge(
            f"Fewer than {MIN_NIGHTS} of the {NIGHTS} nights before {night.key} were judged for model {champion}; "
            "a trend needs more of them."
        )
    calibration = night.baseline.calibration(night.baseline.rows)
    found = {name: rising(values, calibration.memory(name)) for name, values in sorted(series.items())}
    limit = -math.log10(LEVEL / len(found))
    worst = max(found, key=lambda name: (found[name], name))
    over = sorted(name for name, score in found.items() if score > limit)
    return night.found(
        "trend",
        Statistic(name=f"rising({worst})", value=found[worst], threshold=limit),
        _sentence(over, worst, slope(series[worst]) * NIGHTS, champion),
        drifts=bool(over),
        severity=severity(over, feature_tiers(night, series)),
        sample_size=len(series[worst]),
        features=over,
        statistics=[one for name, score in found.items() for one in _statistics(name, score, series[name], limit)],
    )


def rising(values: Floats, memory: float = 0.0) -> float:
    """Return how rare such a rise is where nothing rises: -log10 of the one-sided p-value of Mann and Kendall's test.

    :param memory: the correlation of a night with the night before
    """
    count = len(values)
    statistic = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(count, 1)].sum())
    _, ties = np.unique(values, return_counts=True)
    variance = (_pairs(count) - sum(_pairs(int(tie)) for tie in ties)) / 18 * _correction(count, memory)
    if statistic <= 1 or variance <= 0:
        return 0.0
    return -math.log10(max(0.5 * math.erfc((statistic - 1) / math.sqrt(2 * variance)), 1e-300))


def slope(values: Floats) -> float:
    """Return Theil's and Sen's slope: the median of the slopes of all pairs of nights."""
    first, second = np.triu_indices(len(values), 1)
    return float(np.median((values[second] - values[first]) / (second - first)))


def _pairs(count: int) -> float:
    return float(count * (count - 1) * (2 * count + 5))


def _correction(count: int, memory: float) -> float:
    """Return by how much memory widens the statistic's variance: Hamed and Rao's factor for ranks."""
    lags = np.arange(1, count)
    weights = (count - lags) * (count - lags - 1) * (count - lags - 2)
    return 1 + 2 / (count * (count - 1) * (count - 2)) * float(weights @ memory**lags)


def _series(night: Night) -> dict[str, Floats]:
    """Return, for each feature that counts, its rarity on the nights before that judged the same champion."""
    found: dict[str, list[float]] = {}
    for evidence in night.earlier("data", NIGHTS):
        for one in evidence.statistics:
            if one.name == SCORE and one.threshold is not None:
                found.setdefault(str(one.feature), []).append(one.value)
    return {name: np.array(values[::-1]) for name, values in found.items()}


def _statistics(feature: str, score: float, values: Floats, limit: float) -> list[Statistic]:
    return [
        Statistic(name="rising", value=score, feature=feature, threshold=limit),
        Statistic(name="slope", value=slope(values), feature=feature),  # a night
    ]


def _sentence(over: list[str], worst: str, change: float, champion: str) -> str:
    rarity = f"the rarity of {worst} changed by {change:+.2f} in two weeks"
    if over:
        return f"{', '.join(over[:5])} crept away from the training days of model {champion}: {rarity}."
    return f"No feature crept away from the training days of model {champion}; most of all, {rarity}."
