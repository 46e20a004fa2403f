"""The trend monitor: two weeks that rise are found although no night stands out; two weeks that do not are not."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftgate.monitoring import measure
from driftgate.monitoring.evidence import Evidence, Statistic, write_evidence
from driftgate.monitoring.judges.trend import NIGHTS, rising, slope
from driftgate.partition_keys import keys_before, keys_between
from driftgate.use_cases import UseCase

NIGHT = "2013-04-16"


def test_without_memory_it_is_kendalls_test() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=30) + 0.08 * np.arange(30)
    found = stats.kendalltau(np.arange(30), values, alternative="greater", method="asymptotic")
    assert 10 ** -rising(values) == pytest.approx(found.pvalue, rel=0.3)  # ours has the correction for continuity
    assert slope(values) == pytest.approx(stats.theilslopes(values).slope)


def test_by_hand() -> None:
    # Four nights that rise: S = 6, variance 4 * 3 * 13 / 18 = 26 / 3, z = 5 / sqrt(26 / 3).
    assert 10 ** -rising(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(stats.norm.sf(5 / np.sqrt(26 / 3)))
    assert slope(np.array([1.0, 2.0, 4.0])) == 1.5


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.6])
def test_nights_that_remember_do_not_cry_wolf(memory: float) -> None:
    random = np.random.default_rng(2)
    steps = random.normal(size=(60, 1000))
    for night in range(1, 60):
        steps[night] = memory * steps[night - 1] + np.sqrt(1 - memory**2) * steps[night]
    found = np.array([rising(series, memory) for series in steps[-NIGHTS:].T])
    assert np.mean(found > 2) < 0.025  # one in a hundred is meant


def test_falling_and_constant_nights_do_not_rise() -> None:
    assert rising(np.arange(14.0)[::-1].copy()) == 0.0
    assert rising(np.full(14, 0.3)) == 0.0


def nightly(use_case: UseCase, key: str, values: dict[str, float], champion: str = "1") -> None:
    """What the data monitor would have written."""
    statistics = tuple(Statistic(name="rarity", value=v, feature=name, threshold=3.0) for name, v in values.items())
    write_evidence(
        Evidence(
            use_case=use_case.name,
            key=key,
            monitor="data",
            champion=champion,
            statistic="rarity(dest)",
            value=1.0,
            interval=None,
            threshold=3.0,
            sample_size=900,
            features=(),
            verdict="ok",
            sentence="Quiet.",
            statistics=statistics,
        )
    )


@pytest.fixture
def served(nights: Any) -> None:
    """A champion that answered tonight."""
    nights.model("1", days=keys_between("2013-02-02", "2013-03-29"))
    nights.answer(NIGHT, nights.rows(NIGHT)[:20])


@pytest.mark.usefixtures("served")
def test_what_creeps_is_named_and_what_does_not_is_told(use_case: UseCase) -> None:
    for n, key in enumerate(keys_before(NIGHT, NIGHTS + 1)[:-1]):
        nightly(use_case, key, {"dest": 0.2 + 0.1 * n, "carrier": 0.5 + 0.1 * (n % 3)})
    found = measure(use_case, NIGHT, "trend")
    assert (found.verdict, found.severity, found.features) == ("drift", "minor", ("dest",))
    assert found.sentence == (
        "dest crept away from the training days of model 1: the rarity of dest changed by +1.40 in two weeks."
    )
    assert {item.feature for item in found.statistics if item.name == "slope"} == {"dest", "carrier"}


@pytest.mark.usefixtures("served")
def test_two_weeks_without_a_trend_are_quiet_and_still_tell_their_slopes(use_case: UseCase) -> None:
    for n, key in enumerate(keys_before(NIGHT, NIGHTS + 1)[:-1]):
        nightly(use_case, key, {"dest": 0.2 + 0.3 * (n % 3)})
    found = measure(use_case, NIGHT, "trend")
    assert (found.verdict, found.severity) == ("ok", None)
    assert found.sentence.startswith("No feature crept away from the training days of model 1; most of all, ")
    assert len(found.statistics) == 2


@pytest.mark.usefixtures("served")
def test_nights_of_another_champion_or_too_few_tell_no_trend(use_case: UseCase) -> None:
    for n, key in enumerate(keys_before(NIGHT, NIGHTS + 1)[:-1]):
        nightly(use_case, key, {"dest": 0.1 * n}, champion="0" if n < 8 else "1")
    found = measure(use_case, NIGHT, "trend")
    assert found.verdict == "insufficient"
    assert found.sentence.startswith("Fewer than 10 of the 14 nights before 2013-04-16 were judged for model 1")
