"""Whether a night's features are such as the model saw in training: nobody knows what it answers beyond that."""

from driftgate.monitoring.judges.data_drift import feature_tiers
from driftgate.monitoring.night import Night
from driftgate.profiles import CategoricalColumn, Column, NumericColumn
from driftgate.profiles.distances import unseen


def farthest_outside(night: Night) -> tuple[str, float]:
    """Return the feature with the largest share of rows that training does not support, and that share.

    Informational features do not count.
    """
    known = night.baseline.profile.columns
    counted = [name for name, tier in feature_tiers(night, known).items() if tier != "informational"]
    shares = {name: outside_share(known[name], night.profile.columns[name]) for name in counted}
    worst = max(shares, key=lambda name: (shares[name], name), default="")
    return worst, shares.get(worst, 0.0)


def outside_share(reference: Column, night: Column) -> float:
    """Return the share of rows beyond the smallest and largest number, or whose word the reference does not name.

    Rows without a value count where the training rows all had one.
    """
    missing = 0.0 if _has_missing(reference) else (night.rows - night.count) / max(night.rows, 1)
    if isinstance(reference, CategoricalColumn) and isinstance(night, CategoricalColumn):
        return missing + unseen(reference, night)
    if not isinstance(reference, NumericColumn) or not isinstance(night, NumericColumn) or not night.count:
        return missing
    return missing + _beyond(reference, night) * night.count / night.rows


def _has_missing(column: Column) -> bool:
    return column.rows > column.count


def _beyond(reference: NumericColumn, night: NumericColumn) -> float:
    if reference.minimum is None or reference.maximum is None:
        return 1.0
    below = [value for value in night.sketch.values if value < reference.minimum]
    up_to = night.sketch.share_up_to([*below[-1:], reference.maximum])
    return float(1 - up_to[-1] + (up_to[0] if below else 0.0))
