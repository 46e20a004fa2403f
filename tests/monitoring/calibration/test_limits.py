"""An alarm has the price that was agreed, and what is planted is found: on worlds whose days are not independent."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats
from watched_worlds import Watched

from driftgate.errors import CannotJudge
from driftgate.monitoring.calibration.alarm_price import AlarmRule, alarm_starts
from driftgate.monitoring.calibration.limits import Calibration, thinning
from driftgate.monitoring.calibration.training_days import FeatureDays, TrainingDays
from driftgate.monitoring.worlds import Shift, ShiftKind, World, worlds

RULE = AlarmRule(2, 3, 4.0)
WINDOW, NIGHTS = 90, 28
KINDS = ("independent", "weekly", "autocorrelated", "heavy_tailed")
# By so much it drifts, and an alarm, which takes two nights of three, comes within so many. A region is a quarter of
# the rows; a label moves each feature by half of its own shift, in a world where days differ by 0.15 by themselves.
PLANTED: list[tuple[ShiftKind, float, int]] = [
    ("mean", 0.7, 3),
    ("variance", 4.0, 3),
    ("category", 0.15, 3),
    ("region", 2.0, 7),
    ("label", 0.7, 7),
]


@pytest.fixture(scope="module")
def watched() -> list[Watched]:
    """Two worlds of each kind, after a window of ninety days."""
    return list(watching(range(2)))


def watching(seeds: range) -> Iterator[Watched]:
    for seed in seeds:
        made = worlds(seed, rows=400)
        yield from (Watched(made[kind], range(WINDOW)) for kind in KINDS)


def false_alarms(monitors: list[Watched]) -> tuple[int, float]:
    """Return how many alarms there were, and how many were agreed."""
    nights = range(WINDOW, WINDOW + NIGHTS)
    return (
        sum(alarm_starts(one.over(nights, RULE), RULE) for one in monitors),
        len(monitors) * NIGHTS / 365 * RULE.per_year,
    )


def test_false_alarms_come_as_often_as_agreed(watched: list[Watched]) -> None:
    alarms, agreed = false_alarms(watched)
    assert alarms <= stats.poisson.ppf(0.995, agreed)


@pytest.mark.parametrize(("kind", "size", "nights"), PLANTED)
def test_planted_drift_is_an_alarm_within_days(
    watched: list[Watched], kind: ShiftKind, size: float, nights: int
) -> None:
    assert found_within(watched, Shift(kind, size, first=WINDOW), nights) >= 7 / 8  # nine in ten, of eight worlds


def test_a_change_of_the_labels_alone_is_nothing_to_the_data_monitor(watched: list[Watched]) -> None:
    nights = range(WINDOW, WINDOW + 5)
    concept = Shift("concept", 0.4)
    assert all(np.array_equal(one.over(nights, RULE, concept), one.over(nights, RULE)) for one in watched[:4])


def found_within(monitors: list[Watched], shift: Shift, nights: int) -> float:
    over = [one.over(range(WINDOW, WINDOW + nights), RULE, shift) for one in monitors]
    return float(np.mean([alarm_starts(found, RULE) > 0 for found in over]))


@pytest.mark.soak
@pytest.mark.timeout(1800)  # nine minutes on two busy cores
def test_two_hundred_worlds_keep_the_price_and_find_what_is_planted() -> None:
    monitors = list(watching(range(100, 150)))  # 200
    alarms, agreed = false_alarms(monitors)
    low, high = stats.gamma.ppf([0.005, 0.995], [max(alarms, 0.1), alarms + 1])  # of the rate, given so many
    assert low / 1.5 <= agreed <= high * 1.5  # a window of ninety days knows its own chance by a third only
    for kind, size, nights in PLANTED:
        assert found_within(monitors, Shift(kind, size, first=WINDOW), nights) >= 0.9, kind


@pytest.mark.soak
def test_seasons_are_respected_where_the_window_holds_a_year() -> None:
    monitors = [Watched(worlds(seed)["seasonal"], range(400)) for seed in range(12)]
    nights = range(400, 520)
    alarms = sum(alarm_starts(one.over(nights, RULE), RULE) for one in monitors)
    assert alarms <= stats.poisson.ppf(0.995, 12 * 120 / 365 * RULE.per_year)


def test_fewer_rows_are_held_against_days_with_as_few() -> None:
    watched = Watched(World(5, rows=1000, level=0.05), range(60))
    thin = World(5, rows=150, level=0.05)
    assert thinning(watched.days, 1000) == 0
    level = thinning(watched.days, 150)
    assert 0.8**level == pytest.approx(0.15, rel=0.12)
    few = Watched(World(5, rows=1000, level=0.05), range(60))
    few.world, few.calibration = thin, Calibration(few.days, thinned=level)
    assert few.over(range(60, 90), RULE).mean() < 0.2
    few.calibration = Calibration(few.days)
    assert few.over(range(60, 90), RULE).mean() > 0.9


def days(counts: "np.typing.NDArray[np.int64]", kind: str = "numeric", **more: object) -> TrainingDays:
    keys = tuple(Watched.key(day) for day in range(len(counts)))
    rows = tuple(tuple(int(n) for n in day) for day in counts)
    return TrainingDays(keys=keys, features={"x": FeatureDays(kind=kind, counts=rows, **more)})


def test_one_stray_row_in_a_feature_that_never_moves_is_no_alarm() -> None:
    constant = Calibration(days(np.tile([0, 900, 0, 0], (60, 1)), edges=(4.9, 5.0)))
    tonight = constant.ordinals[-1] + 1
    limit = constant.limit(["x"], tonight, AlarmRule(1, 1, 1.0))
    assert constant.scores({"x": [0, 900, 0, 0]}, tonight)["x"] <= limit
    assert constant.scores({"x": [0, 700, 200, 0]}, tonight)["x"] > 3
    assert constant.scores({"x": [1, 899, 0, 0]}, tonight)["x"] < 1.5


def test_too_short_a_window_is_a_sentence() -> None:
    with pytest.raises(CannotJudge, match=r"trained on 20 days with enough rows; .* at least 28: train on a longer"):
        Calibration(days(np.full((20, 3), 300)))
