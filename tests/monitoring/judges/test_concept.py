"""The concept monitor: false alarms at their price, planted changes found, hard days told from them, bad input."""

from typing import Any

import numpy as np
import pytest
from played_nights import EVALUATED, PlayedNight, Records, baseline, day, evaluated, last_key, play

from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.monitoring import Evidence
from driftgate.monitoring.judges.concept import (
    BETS,
    MOST,
    State,
    after,
    departures,
    evidence_of,
    nights_per_false_alarm,
)
from driftgate.monitoring.monitors import judge
from driftgate.monitoring_policy import ConceptDrift
from driftgate.use_cases import UseCase

SETTINGS, THRESHOLD = ConceptDrift(), 365.25


@pytest.fixture
def evaluation(use_case: UseCase) -> Any:
    return evaluated(use_case, [day(seed) for seed in range(100, 100 + EVALUATED)])


def simulated(memories: tuple[float, float], *, years: int, shift: float = 0.0, tail: float | None = None) -> Any:
    """The evidence of each night of many years at once: 14 evaluation days, then 365 days, with a shift from day 30."""
    random = np.random.default_rng(7)
    size = (EVALUATED + 365, years, 2)
    steps = random.normal(size=size) if tail is None else random.standard_t(tail, size) / np.sqrt(tail / (tail - 2))
    memory = np.array(memories)
    for number in range(1, len(steps)):
        steps[number] = memory * steps[number - 1] + np.sqrt(1 - memory**2) * steps[number]
    known = np.moveaxis(steps[:EVALUATED], 0, 1)
    state, found = State(np.zeros((years, len(BETS))), None, 0), []
    for number, values in enumerate(steps[EVALUATED:]):
        state = after(state, departures(known, values + shift * (number >= 30), SETTINGS), SETTINGS, MOST * THRESHOLD)
        found.append(evidence_of(state.capitals))
    return np.array(found)


@pytest.mark.parametrize(("memories", "tail"), [((0.0, 0.0), None), ((0.5, 0.2), None), ((0.5, 0.2), 3.0)])
def test_false_alarms_come_at_most_at_their_price(memories: tuple[float, float], tail: float | None) -> None:
    """One a year is paid for, which 63 % of all years have; what 14 days of evaluation do not tell is allowed for."""
    alarms = simulated(memories, years=400, tail=tail).max(axis=0) >= THRESHOLD
    assert alarms.mean() + 2 * np.sqrt(0.25 / 400) < 1 - np.exp(-1)


def test_a_shift_of_two_deviations_is_found_within_three_weeks() -> None:
    nights = simulated((0.5, 0.2), years=300, shift=2)[30:]
    assert (nights[:21].max(axis=0) >= THRESHOLD).mean() > 0.75


def test_days_like_those_of_the_evaluation_are_no_change(use_case: UseCase, evaluation: Any) -> None:
    found = play(use_case, "concept", [day(seed) for seed in range(30)], evaluation)
    assert {one.verdict for one in found} == {"ok"}
    assert found[-1].threshold == nights_per_false_alarm(use_case) == THRESHOLD
    assert found[-1].sample_size == 30
    assert found[-1].sentence.startswith("The 30 days of model 1 are like those of its evaluation: the evidence is ")


def test_labels_that_no_longer_follow_the_scores_are_a_change(use_case: UseCase, evaluation: Any) -> None:
    found = play(use_case, "concept", [day(seed, skill=0) for seed in range(20)], evaluation)
    assert (found[-1].verdict, found[-1].severity) == ("drift", "major")
    assert "it tells the rows of one day apart less well" in found[-1].sentence


def test_a_level_that_stays_is_a_change_and_one_storm_is_none(use_case: UseCase, evaluation: Any) -> None:
    storm = [day(seed, level=3.0 if seed == 5 else 0.0) for seed in range(12)]
    assert {one.verdict for one in play(use_case, "concept", storm, evaluation)} == {"ok"}
    found = play(use_case, "concept", [day(seed, level=1.5) for seed in range(20)], evaluation)
    assert found[-1].verdict == "drift"
    assert "as a whole they came out higher or lower than it said" in found[-1].sentence


def test_evidence_fades_when_the_days_are_good_again(use_case: UseCase, evaluation: Any) -> None:
    days = [day(seed, skill=0 if seed < 20 else 1) for seed in range(45)]
    found = play(use_case, "concept", days, evaluation)
    assert found[19].verdict == "drift" and found[-1].verdict == "ok"


def night_of(use_case: UseCase, days: dict[str, ScoredDay], past: Records, evaluation: Any, key: str) -> PlayedNight:
    return PlayedNight(use_case, key, past, days, baseline(use_case, evaluation))


def test_a_night_reads_its_own_day_and_the_evidence_of_the_night_before(use_case: UseCase, evaluation: Any) -> None:
    keys = [last_key(number) for number in range(1, 41)]
    days = {key: day(number) for number, key in enumerate(keys)}
    past = Records()
    for key in keys:
        night = night_of(use_case, days, past, evaluation, key)
        past.found[key, "concept"] = judge(night, "concept")
    assert set(night.looked_at) == {keys[-1]}


def test_a_missing_night_is_caught_up(use_case: UseCase, evaluation: Any) -> None:
    keys = [last_key(number) for number in range(1, 6)]
    days = {key: day(number) for number, key in enumerate(keys)}
    past, gap = Records(), Records()
    for key in keys:
        past.found[key, "concept"] = judge(night_of(use_case, days, past, evaluation, key), "concept")
        if key != keys[2]:
            gap.found[key, "concept"] = judge(night_of(use_case, days, gap, evaluation, key), "concept")
    assert gap.found == {place: one for place, one in past.found.items() if place[0] != keys[2]}


def late_nights(use_case: UseCase, evaluation: Any, late: dict[int, int], nights: int = 9) -> list[Evidence]:
    """Judge so many nights; of some days, by their number, nine of ten outcomes come so many nights late."""
    keys = [last_key(number) for number in range(1, nights + 1)]
    days, past = {key: day(number) for number, key in enumerate(keys)}, Records()
    for number, key in enumerate(keys):
        night = night_of(use_case, days, past, evaluation, key)
        few = np.arange(600) % 10 == 0
        night.outcomes = {keys[one]: few for one, lag in late.items() if one + lag > number}
        past.found[key, "concept"] = judge(night, "concept")
        assert judge(night_again(night), "concept") == past.found[key, "concept"]
    return [past.found[key, "concept"] for key in keys]


def night_again(night: PlayedNight) -> PlayedNight:
    again = PlayedNight(night.use_case, night.key, night.past, night.days, night.base)
    again.outcomes = night.outcomes
    return again


def values_of(found: list[Evidence]) -> list[tuple[float, ...]]:
    """The measures that the nights tell of days, in any order."""
    names = {name for one in found for name in one.carried if name.startswith("day ")}
    return sorted(
        values for one in found for values in zip(*(one.carried.get(name, ()) for name in sorted(names)), strict=True)
    )


@pytest.mark.parametrize("late", [{5: 1}, {3: 3}, {2: 4, 3: 3, 4: 2}, {1: 2, 2: 5, 6: 1}, {4: 3, 5: 1}, {0: 2}])
def test_outcomes_that_come_late_are_taken_in_in_their_place(
    use_case: UseCase, evaluation: Any, late: dict[int, int]
) -> None:
    expected, found = late_nights(use_case, evaluation, {}), late_nights(use_case, evaluation, late)
    assert found[-1] == expected[-1] and "waits for" not in str(found[-1].carried)
    assert all(one.sentence.endswith("an outcome.") for number, one in enumerate(found) if number in late)
    assert values_of(found) == values_of(expected), "the estimate is corrected by every day, once"


def test_a_night_whose_day_waits_has_no_news_and_the_days_after_it_are_judged(
    use_case: UseCase, evaluation: Any
) -> None:
    expected, found = late_nights(use_case, evaluation, {}), late_nights(use_case, evaluation, {4: 3})
    assert (found[4].verdict, found[4].sample_size) == ("insufficient", 4)
    assert found[4].sentence == (
        "No day of model 1 is new tonight. 2013-04-05 waits until 90% of its answers have an outcome."
    )
    assert [(one.verdict, one.sample_size) for one in found[5:8]] == [("ok", 5), ("ok", 6), ("ok", 8)]
    assert {name: found[6].carried[name] for name in ("capitals", "departure")} == {
        name: expected[3].carried[name] for name in ("capitals", "departure")
    }


def test_outcomes_that_are_always_a_night_late_are_judged_a_night_later(use_case: UseCase, evaluation: Any) -> None:
    expected, found = (
        late_nights(use_case, evaluation, {}),
        late_nights(use_case, evaluation, dict.fromkeys(range(9), 1)),
    )
    assert found[0].verdict == "insufficient" and found[0].sentence.endswith("an outcome.")
    assert [one.statistics for one in found[1:]] == [one.statistics for one in expected[:-1]]
    assert [one.sample_size for one in found[1:]] == list(range(1, 9))
    assert values_of(found) == values_of(expected[:-1])


def test_another_champion_begins_anew(use_case: UseCase, evaluation: Any) -> None:
    key = last_key(2)
    past = Records()
    before = play(use_case, "concept", [day(seed, skill=0) for seed in range(9)], evaluation)[-1]
    past.found[last_key(1), "concept"] = before.model_copy(update={"champion": "0"})
    found = judge(night_of(use_case, {key: day(1)}, past, evaluation, key), "concept")
    assert (found.sample_size, found.verdict) == (1, "ok")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "No request of 2013-04-01 was answered by a champion."),
        ({last_key(1): ScoredDay(np.zeros(600, dtype=bool), np.full(600, 0.2))}, "Model 1 has no day with 100 known"),
        ({last_key(1): day(1, rows=20)}, "Model 1 has no day with 100 known outcomes of both kinds up to 2013-04-01."),
    ],
)
def test_a_night_that_tells_nothing_says_so(use_case: UseCase, evaluation: Any, given: Any, said: str) -> None:
    found = judge(night_of(use_case, given, Records(), evaluation, last_key(1)), "concept")
    assert found.verdict == "insufficient" and said in found.sentence


def test_an_evaluation_whose_days_are_all_alike_proves_nothing(use_case: UseCase) -> None:
    alike = evaluated(use_case, [day(1)] * EVALUATED)
    found = judge(night_of(use_case, {last_key(1): day(1)}, Records(), alike, last_key(1)), "concept")
    assert found.sentence.startswith("The level of all 14 evaluation days of model 1 is the same")


def test_the_minutes_of_a_regression_are_tested_alike(use_case: UseCase, as_regression: Any) -> None:
    def minutes(seed: int, *, late: float = 0.0) -> ScoredDay:
        random = np.random.default_rng(seed)
        scores = random.uniform(30, 300, 400)
        return ScoredDay(scores + late + random.normal() + random.normal(size=400) * (8 + random.random()), scores)

    whole = as_regression(use_case)
    evaluation = evaluated(whole, [minutes(seed) for seed in range(100, 100 + EVALUATED)])
    assert play(whole, "concept", [minutes(seed) for seed in range(20)], evaluation)[-1].verdict == "ok"
    found = play(whole, "concept", [minutes(seed, late=4) for seed in range(20)], evaluation)[-1]
    assert (found.verdict, found.severity) == ("drift", "major")
