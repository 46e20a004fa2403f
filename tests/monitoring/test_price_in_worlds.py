"""Worlds that a champion serves: alarms while nothing changes come no more often than agreed, a change is found."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats
from served_worlds import EVALUATED, TRAINED, Served

from driftgate.monitoring.calibration.alarm_price import AlarmRule, alarm_starts
from driftgate.monitoring.calibration.prices import agreed_prices, total
from driftgate.monitoring.worlds import Shift, ShiftKind, worlds
from driftgate.monitoring_policy import MonitorName
from driftgate.use_cases import UseCase, load_use_case

KINDS = ("independent", "weekly", "autocorrelated", "heavy_tailed")  # in a seasonal one a training pays
FIRST, YEAR, SETTLED = TRAINED + EVALUATED, 365, 45  # SETTLED: nights that a champion has served before a change
MOVES = ("retrain", "review", "rollback")
BY_OUTCOMES: tuple[MonitorName, ...] = ("payoff", "concept")
# Those that a world can feed: without people, groups, a service that fails, and a second computation of features.
FED: tuple[MonitorName, ...] = (*BY_OUTCOMES, "performance", "estimate", "prediction", "data", "trend", "quality")


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case("flight_delays")


def serving(use_case: UseCase, seeds: range, shift: Shift | None = None, *, rows: int = 400) -> Iterator[Served]:
    for seed in seeds:
        made = worlds(seed, rows=rows)
        yield from (Served(use_case, made[kind], shift, inputs=rows > 400) for kind in KINDS)


def alarms(world: Served, nights: int) -> Counter[MonitorName]:
    """Count the alarms of nights on which nothing changes; after each another champion begins, as after a training."""
    found: Counter[MonitorName] = Counter()
    for night in range(FIRST, FIRST + nights):
        if drifting := world.drifts(night, BY_OUTCOMES):
            found.update(drifting)
            world.replace_champion(night + 1)
    return found


def moves(world: Served, nights: int) -> dict[str, int]:
    """Count what the verdicts of nights on which nothing changes begin to ask for: trainings, and moves of any kind."""
    decided = []
    for night in range(FIRST, FIRST + nights):
        decided.append(world.verdict_of(night, FED).decision)
        if decided[-1] == "retrain":
            world.replace_champion(night + 1)
    return {
        "trainings": decided.count("retrain"),
        "moves": alarm_starts(np.array([decision in MOVES for decision in decided]), AlarmRule(1, 3, 0.0)),
    }


def nights_to_find(world: Served, monitor: MonitorName, most: int) -> int | None:
    """Return on which night after the change a monitor says so, of a champion that had served a while before."""
    for night in range(FIRST, FIRST + SETTLED + most):
        if world.drifts(night, (monitor,)) and night >= FIRST + SETTLED:
            return night - FIRST - SETTLED + 1
    return None


def test_a_change_that_a_training_can_learn_moves_the_verdict_and_nothing_else_does(use_case: UseCase) -> None:
    change = FIRST + 30
    world = Served(use_case, worlds(7, rows=400)["weekly"], Shift("relation", 0.5, first=change))
    decided = [world.verdict_of(night, BY_OUTCOMES) for night in range(FIRST, change + 7)]
    assert not [one.key for one in decided[:30] if one.decision in MOVES]
    assert "retrain" in {one.decision for one in decided[30:] if "payoff" in one.causes}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_years_in_which_nothing_changes_cost_no_more_than_agreed(use_case: UseCase) -> None:
    found, years = Counter[MonitorName](), 0
    for world in serving(use_case, range(200, 206)):
        found, years = found + alarms(world, YEAR), years + 1
    for monitor in BY_OUTCOMES:
        assert found[monitor] <= most(use_case.monitor.prices[monitor] * years), (found, years)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_verdicts_on_nights_on_which_nothing_changes_ask_for_no_more_than_agreed(use_case: UseCase) -> None:
    nights, found, prices = 120, Counter[str](), agreed_prices(use_case)
    served = [moves(world, nights) for world in serving(use_case, range(500, 502), rows=700)]
    for one in served:
        found.update(one)
    years = nights * len(served) / YEAR
    assert found["trainings"] <= most(total([one for one in prices if one.trains]) * years), (found, years)
    assert found["moves"] <= most(total(prices) * years), (found, years)


def most(alarms: float) -> float:
    """Return how many alarms are no more than so many expected ones, by chance."""
    return float(stats.poisson.ppf(0.995, alarms))


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("monitor", "kind", "size", "nights"),
    [("payoff", "relation", 0.3, 8), ("concept", "relation", 0.3, 11), ("concept", "concept", 0.1, 7)],
)
def test_a_change_of_what_requests_mean_is_found(
    use_case: UseCase, monitor: MonitorName, kind: ShiftKind, size: float, nights: int
) -> None:
    shift = Shift(kind, size, first=FIRST + SETTLED)
    found = [nights_to_find(world, monitor, nights) for world in serving(use_case, range(300, 310), shift)]
    assert sum(one is not None for one in found) >= 0.9 * len(found), found
