"""How much the world of a use case moves, from a year of verdicts, and how often its features should be looked at.

A night counts 0 without drift, and by its worst drift 1/3 (minor), 2/3 (major) or 1 (critical), of the monitors that
look at what goes in, what comes out and how one follows from the other. **Drift** is the mean of all judged nights,
**seasonality** the highest mean of a month less the lowest. The score is the larger of drift and half the seasonality:
a world that turns with the seasons wants its features looked at in each, however calm it is in between.
"""

from collections import defaultdict
from collections.abc import Sequence

from driftgate.feature_review_policy import Cadence
from driftgate.monitoring import Verdict
from driftgate.monitoring_policy import MonitorName
from driftgate.records import Record
from driftgate.severity import SEVERITIES

WORLD: frozenset[MonitorName] = frozenset({"data", "prediction", "trend", "concept", "attribution"})
WEIGHTS = {severity: place / len(SEVERITIES) for place, severity in enumerate(SEVERITIES, 1)}
MONTHLY, QUARTERLY = 0.4, 0.1  # from which score on; flight_delays came to 0.13 to 0.26 in seven replays of 2013
FEWEST_NIGHTS = 28  # before which nothing is proposed
FEWEST_OF_MONTH = 10  # judged nights of a month that counts for the seasons


class Volatility(Record):
    """What a year of verdicts says; ``proposes`` is None where too few nights were judged."""

    first: str | None
    last: str | None
    nights: int  # judged
    drift_nights: int
    drift: float
    by_month: dict[str, float]
    seasonality: float | None
    score: float | None
    proposes: Cadence | None


def volatility(nights: Sequence[Verdict]) -> Volatility:
    """Return how volatile the world was on ``nights``; those on which none of the monitors could judge do not count."""
    found = {night.key: weight for night in nights if (weight := _weight(night)) is not None}
    months: dict[str, list[float]] = defaultdict(list)
    for key, weight in found.items():
        months[key[:7]].append(weight)
    means = {month: _mean(weights) for month, weights in sorted(months.items()) if len(weights) >= FEWEST_OF_MONTH}
    seasonality = max(means.values()) - min(means.values()) if len(means) > 1 else None
    drift = _mean(list(found.values()))
    score = max(drift, (seasonality or 0.0) / 2) if len(found) >= FEWEST_NIGHTS else None
    return Volatility(
        first=min(found, default=None),
        last=max(found, default=None),
        nights=len(found),
        drift_nights=sum(weight > 0 for weight in found.values()),
        drift=round(drift, 4),
        by_month={month: round(mean, 4) for month, mean in means.items()},
        seasonality=None if seasonality is None else round(seasonality, 4),
        score=None if score is None else round(score, 4),
        proposes=None if score is None else proposed(score),
    )


def proposed(score: float) -> Cadence:
    """Return how often features should be looked at in a world with this score."""
    return "monthly" if score >= MONTHLY else "quarterly" if score >= QUARTERLY else "biannual"


def _weight(night: Verdict) -> float | None:
    mine = [item for item in night.evidence if item.monitor in WORLD and item.verdict != "insufficient"]
    weights = (WEIGHTS[item.severity or "major"] if item.verdict == "drift" else 0.0 for item in mine)
    return max(weights, default=None)


def _mean(weights: Sequence[float]) -> float:
    return sum(weights) / len(weights) if weights else 0.0
