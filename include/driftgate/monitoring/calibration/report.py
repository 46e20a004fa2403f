"""What the data monitor of a model version promises: how often it cries wolf, and what it finds how soon."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from driftgate import uris
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.monitoring.baseline import Baseline, load_baseline
from driftgate.monitoring.calibration.alarm_price import YEAR_NIGHTS, AlarmRule, alarm_starts
from driftgate.monitoring.calibration.day_distances import GAP_DAYS
from driftgate.monitoring.calibration.limits import MIN_DAYS, Calibration
from driftgate.monitoring.calibration.prices import Price, agreed_prices
from driftgate.monitoring.calibration.training_days import FeatureDays, TrainingDays
from driftgate.monitoring.judges.data_drift import alarm_rule, frozen_tiers
from driftgate.monitoring_policy import Tier
from driftgate.profiles import NumericColumn
from driftgate.profiles.sketches import Floats
from driftgate.records import Record
from driftgate.registry.package import FEATURE_BASELINE
from driftgate.use_cases import UseCase

LAG_DAYS = 14  # after the last training day: a champion's first weeks
PARTS = 4  # of the window: each is judged by what the others say
NIGHTS = (1, 3, 7)
POWER = CONFIDENCE = 0.9
MEANS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)  # in standard deviations of the training rows
VARIANCES = (1.2, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)  # as a multiple
SHARES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)  # of all rows, that turn into one category
Smallest = tuple[float | None, float | None, float | None]  # in 1, 3 and 7 nights; None: not even the largest tried


class Detection(Record):
    """The smallest shift of one feature that is found with 90 % power within 1, 3 and 7 nights."""

    feature: str
    tier: Tier
    mean: Smallest | None = None
    variance: Smallest | None = None
    category: Smallest | None = None


class CalibrationReport(Record):
    """One model version. The first night counts where it is over the limit; later ones where they make an alarm."""

    schema_version: int = 1
    use_case: str
    version: str
    keys: tuple[str, ...]
    numbers: tuple[float, ...]  # the night's number of each training day, as the other days see it
    limit: float
    rule_nights: int
    rule_of_last: int
    accepted_per_year: float
    judged_nights: int  # out of sample
    judged_over: int
    judged_alarms: int
    achieved_per_year: float | None
    achieved_interval: tuple[float, float] | None
    detections: tuple[Detection, ...]
    prices: tuple[Price, ...] = ()  # of all monitors; reports of before have none


def calibrate_version(use_case: UseCase, version: str | None = None) -> CalibrationReport:
    """Return the report of a model version, or of the champion.

    :raises ConfigError: there is no champion
    :raises CannotJudge: its package has no baseline, or one that tells too few training days
    """
    from driftgate.registry.aliases import champion_version

    chosen = version or champion_version(use_case.name)
    if chosen is None:
        raise ConfigError(f"{use_case.name} has no champion yet; name a version: driftgate model list {use_case.name}.")
    baseline, path = load_baseline(use_case.name, chosen), f"{uris.package(use_case.name, chosen)}/{FEATURE_BASELINE}"
    tiers = frozen_tiers(lake().read(path) if lake().exists(path) else None, chosen, baseline.profile.columns)
    return calibration_report(baseline, chosen, tiers, alarm_rule(use_case), agreed_prices(use_case))


def calibration_report(
    baseline: Baseline, version: str, tiers: Mapping[str, Tier], rule: AlarmRule, prices: tuple[Price, ...] = ()
) -> CalibrationReport:
    """Return the report of a model version.

    :raises CannotJudge: its baseline tells too few training days
    """
    whole = baseline.calibration(baseline.rows)
    counted = [name for name in sorted(whole.features) if tiers[name] != "informational"] or sorted(whole.features)
    ordinal = whole.ordinals[-1] + LAG_DAYS
    limit = whole.limit(counted, ordinal, rule)
    over = _judged_by_others(whole.days, counted, rule)
    nights, alarms = sum(map(len, over)), sum(alarm_starts(part, rule) for part in over)
    years = nights / YEAR_NIGHTS
    return CalibrationReport(
        use_case=baseline.use_case,
        version=version,
        keys=whole.days.keys,
        numbers=tuple(np.round(whole.series(counted, LAG_DAYS), 4).tolist()),
        limit=round(limit, 4),
        rule_nights=rule.nights,
        rule_of_last=rule.of_last,
        accepted_per_year=rule.per_year,
        judged_nights=nights,
        judged_over=int(sum(part.sum() for part in over)),
        judged_alarms=alarms,
        achieved_per_year=round(alarms / years, 2) if nights else None,
        achieved_interval=_interval(alarms, years) if nights else None,
        detections=tuple(_detection(baseline, whole, name, tiers[name], limit, rule) for name in counted),
        prices=prices,
    )


def _judged_by_others(days: TrainingDays, counted: list[str], rule: AlarmRule) -> list[npt.NDArray[np.bool_]]:
    """Return, for each part of the window, which nights are over the limit by the days that are not near them."""
    found = []
    ordinals = np.array(days.ordinals)
    for part in np.array_split(np.arange(len(ordinals)), PARTS):
        far = (ordinals < ordinals[part[0]] - GAP_DAYS) | (ordinals > ordinals[part[-1]] + GAP_DAYS)
        if far.sum() < MIN_DAYS:
            continue
        others = Calibration(_taken(days, np.flatnonzero(far)))
        found.append(np.array([_over(others, days, int(place), counted, rule) for place in part]))
    return found


def _over(others: Calibration, days: TrainingDays, place: int, counted: list[str], rule: AlarmRule) -> bool:
    ordinal = days.ordinals[place]
    scores = others.scores({name: days.features[name].counts[place] for name in counted}, ordinal)
    return max(scores.values()) > others.limit(counted, ordinal, rule)


def _taken(days: TrainingDays, places: npt.NDArray[np.int64]) -> TrainingDays:
    features = {
        name: feature.model_copy(update={"counts": tuple(feature.counts[place] for place in places)})
        for name, feature in days.features.items()
    }
    return TrainingDays(keys=tuple(days.keys[place] for place in places), features=features)


def _interval(alarms: int, years: float) -> tuple[float, float]:
    """Return the exact interval of a rate that gave so many (Garwood 1936)."""
    from scipy.stats import gamma

    tail = (1 - CONFIDENCE) / 2
    low = float(gamma.ppf(tail, alarms)) if alarms else 0.0
    return round(low / years, 2), round(float(gamma.ppf(1 - tail, alarms + 1)) / years, 2)


def _detection(
    baseline: Baseline, whole: Calibration, name: str, tier: Tier, limit: float, rule: AlarmRule
) -> Detection:
    bins, column = whole.days.features[name], baseline.profile.columns[name]
    counts = whole.features[name].counts

    def smallest(sizes: tuple[float, ...], shifted: "partial[Floats]") -> Smallest:
        powers = [_powers(whole, name, shifted(size), limit, rule) for size in sizes]
        found = list(zip(sizes, powers, strict=True))
        first = [next((size for size, power in found if power[place] >= POWER), None) for place in range(len(NIGHTS))]
        return first[0], first[1], first[2]

    if isinstance(column, NumericColumn):
        mean = smallest(MEANS, partial(_stretched, counts, bins, column, variance=1.0))
        variance = smallest(VARIANCES, partial(_stretched, counts, bins, column, 0.0))
        return Detection(feature=name, tier=tier, mean=mean, variance=variance)
    return Detection(feature=name, tier=tier, category=smallest(SHARES, partial(_turned, counts)))


def _powers(whole: Calibration, name: str, counts: Floats, limit: float, rule: AlarmRule) -> list[float]:
    """Return the share of training days on which such a shift, begun that day, is found within 1, 3 and 7 nights."""
    over = whole.rarity(name, whole.features[name].moved(counts), LAG_DAYS) > limit
    found = [float(over.mean())]
    for nights in NIGHTS[1:]:
        before = np.pad(sliding_window_view(over, nights), ((0, 0), (rule.of_last - 1, 0)))
        windows = sliding_window_view(before, rule.of_last, axis=1).sum(axis=2)
        found.append(float((windows >= rule.nights).any(axis=1).mean()))
    return found


def _stretched(counts: Floats, bins: FeatureDays, column: NumericColumn, mean: float, variance: float) -> Floats:
    """Return the counts of days whose numbers lie ``mean`` standard deviations higher, and so much wider apart."""
    edges, rows = np.array(bins.edges), counts[:, :-1].sum(axis=1, keepdims=True)
    below = np.cumsum(counts[:, :-1], axis=1)[:, :-1]
    wanted = (edges - column.mean - mean * column.standard_deviation) / np.sqrt(variance) + column.mean
    moved = np.array([np.interp(wanted, edges, day, left=0.0, right=day[-1]) for day in below])
    return np.column_stack([np.diff(moved, axis=1, prepend=0.0, append=rows), counts[:, -1]])


def _turned(counts: Floats, share: float) -> Floats:
    """Return the counts of days on which a share of all rows turns into the rarest category that has a name."""
    turned = counts * (1 - share)
    turned[:, max(counts.shape[1] - 3, 0)] += share * counts.sum(axis=1)
    return turned
