"""The skew monitor: what the endpoint saw of one day's requests against what training would see of them.

Both come from one ``features.sql``, so every difference is a fault: a value that a caller computes another way, a late
or missing online value, a correction that claims to have been there on time. No value of a row leaves this room.

How bad it is depends on the tiers that were frozen when the champion was trained: ``minor`` where only informational
features differ in more rows than may, ``critical`` where a critical one does in most rows, else ``major``.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftgate.errors import CannotJudge, DriftgateError
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.data_drift import feature_tiers
from driftgate.monitoring.night import Night
from driftgate.monitoring_policy import Tier
from driftgate.severity import Severity

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 5  # answers that the evidence names
MOST = 0.5  # of the rows


@dataclass
class Differences:
    """What came of comparing rows; ``unknown`` are requests that the published partition does not have."""

    rows: int = 0
    unknown: int = 0
    differing: list[str] = field(default_factory=list)  # prediction ids
    by_feature: Counter[str] = field(default_factory=Counter)
    largest: dict[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share of the compared rows that differ in any feature."""
        return len(self.differing) / self.rows if self.rows else 0.0


def judge_skew(night: Night) -> Evidence:
    """Compare the champion's captured rows of one night with the offline truth."""
    champion = night.served
    try:
        truth = night.offline_features(night.key)
    except DriftgateError as problem:
        raise CannotJudge(f"There is no offline truth of {night.key}: {problem}") from None
    found = differences(_rows_of(night.answers, champion), truth.to_pylist(), night.use_case.request_key)
    if not found.rows:
        raise CannotJudge(
            f"None of the {found.unknown} requests that {champion} answered on {night.key} is in the partition."
        )
    return _evidence(night, champion, found)


def differences(
    captured: Iterable[tuple[str, dict[str, Any]]], truth: Iterable[dict[str, Any]], request_key: tuple[str, ...]
) -> Differences:
    """Compare captured rows, by their prediction id, with the offline rows of the same request keys, exactly."""
    offline = {tuple(row[name] for name in request_key): row for row in truth}
    types = next(iter(offline.values()), {})
    found = Differences()
    for prediction_id, row in captured:
        known = offline.get(tuple(_as(types.get(name), row.get(name)) for name in request_key))
        if known is None:
            found.unknown += 1
            continue
        found.rows += 1
        differing = [name for name in known if not _note(found, name, _as(known[name], row.get(name)), known[name])]
        found.by_feature.update(differing)
        if differing:
            found.differing.append(prediction_id)
    return found


def _note(found: Differences, name: str, captured: Any, known: Any) -> bool:
    """Return whether two values are equal; of numbers that are not, keep the largest difference."""
    captured, known = _null_for_nan(captured), _null_for_nan(known)
    if captured == known:
        return True
    if _is_number(captured) and _is_number(known):
        found.largest[name] = max(found.largest.get(name, 0.0), abs(float(captured) - float(known)))
    return False


def _as(example: Any, value: Any) -> Any:
    """Return ``value``, as JSON has it, as the type of ``example``: times may be written in several ways."""
    if isinstance(example, datetime) and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def _null_for_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rows_of(captures: "pa.Table", version: str) -> Iterable[tuple[str, dict[str, Any]]]:
    columns = (captures.column(name).to_pylist() for name in ("model_version", "prediction_id", "features"))
    for model_version, prediction_id, features in zip(*columns, strict=True):
        if model_version == version:
            yield prediction_id, json.loads(features)


def _evidence(night: Night, champion: str, found: Differences) -> Evidence:
    limit = night.use_case.monitor.skew.max_differing_share
    drifts = found.share > limit
    ranked = [name for name, _ in found.by_feature.most_common()]
    return night.found(
        "skew",
        Statistic(name="differing_rows", value=found.share, threshold=limit),
        _sentence(champion, found, ranked),
        drifts=drifts,
        severity=severity(found, feature_tiers(night, ranked), limit) if drifts else None,
        sample_size=found.rows,
        features=ranked if drifts else (),
        statistics=list(_statistics(found, ranked)),
        examples=found.differing[:EXAMPLES],
    )


def severity(found: Differences, tiers: Mapping[str, Tier], limit: float) -> Severity:
    """Return how bad it is that so many rows differ in features of these tiers."""
    shares = {name: count / found.rows for name, count in found.by_feature.items()}
    if any(share > MOST and tiers[name] == "critical" for name, share in shares.items()):
        return "critical"
    beyond = {tiers[name] for name, share in shares.items() if share > limit}  # none: little of each, but of many
    return "minor" if beyond == {"informational"} else "major"


def _statistics(found: Differences, ranked: list[str]) -> Iterable[Statistic]:
    yield Statistic(name="unknown_requests", value=found.unknown)
    for name in ranked:
        yield Statistic(name="differing_rows", feature=name, value=found.by_feature[name] / found.rows)
        if name in found.largest:
            yield Statistic(name="largest_difference", feature=name, value=found.largest[name])


def _sentence(champion: str, found: Differences, ranked: list[str]) -> str:
    if not found.differing:
        return f"All {found.rows} rows that model {champion} saw are what training sees of them."
    worst = f"{ranked[0]} in {found.by_feature[ranked[0]]} of them"
    if ranked[0] in found.largest:
        worst += f", by up to {found.largest[ranked[0]]:.3g}"
    return (
        f"{len(found.differing)} of {found.rows} rows that model {champion} saw differ from what training sees of "
        f"them: {worst}."
    )
