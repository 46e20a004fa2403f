"""The payoff monitor: it says when training would pay, not before, and goes on from the night before."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate.models import Scorer
from driftgate.monitoring import Evidence, join_ground_truth, judge, measure
from driftgate.monitoring.baseline import Baseline
from driftgate.monitoring.evidence import read_evidence
from driftgate.monitoring.ground_truth import JoinResult
from driftgate.monitoring.judges.pilot import probability
from driftgate.monitoring.night import LabelledDay, Night
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.partition_keys import days_between, keys_between
from driftgate.profiles import numeric_column, profile_table
from driftgate.use_cases import UseCase

NIGHTS = keys_between("2013-04-01", "2013-04-20")
ROWS = 400


class Played:
    """A past that is made night by night; by ``effect`` an airport moves the outcomes, and the champion knows not."""

    def __init__(self, use_case: UseCase, *, effect: float = 2.0) -> None:
        self.use_case, self.found = use_case, dict[str, Evidence]()
        self.late = dict[str, int]()  # nights, of a day's outcomes but for a tenth of them
        self.days = {key: self._day(key, effect) for key in NIGHTS}
        self.baseline = Baseline(
            use_case=use_case.name,
            profile=profile_table(self.days[NIGHTS[0]][1]),
            scores=numeric_column(np.array([0.5]), rows=1),
            reference={"auc": 0.7, "rmse": 5.0},
        )

    def play(self, nights: list[str], champion: str | None = "1", since: str = NIGHTS[0]) -> Evidence:
        """Have the monitor judge each night of a champion that answers ``since``, and return the last evidence."""
        for key in nights:
            self.found[key] = judge(PlayedNight(self, key, champion, since), "payoff")
        return self.found[nights[-1]]

    def evidence(self, key: str, monitor: str) -> Evidence | None:
        return self.found.get(key)

    def verdict(self, key: str) -> Verdict | None:
        return None

    def joined(self, key: str) -> JoinResult | None:
        return None

    def trained_to(self, version: str) -> str | None:
        return None

    def _day(self, key: str, effect: float) -> tuple[LabelledDay, pa.Table]:
        random = np.random.default_rng(int(key.replace("-", "")))
        airports, hours = random.choice(["EWR", "JFK", "LGA"], ROWS), random.uniform(5, 23, ROWS)
        odds = (hours - 14) / 6
        moved = probability(odds + effect * (airports == "EWR"))
        if self.use_case.problem == "binary":
            labels, scores = random.random(ROWS) < moved, probability(odds)
        else:
            labels, scores = 10 * (odds + effect * (airports == "EWR")) + random.normal(0, 5, ROWS), 10 * odds
        ids = [f"{key}/{n:03}" for n in range(ROWS)]
        return LabelledDay(key, ids, labels, scores), pa.table({"origin": airports, "hour": hours})


class PlayedNight(Night):
    """One night of it."""

    def __init__(self, played: Played, key: str, champion: str | None, since: str) -> None:
        super().__init__(played.use_case, key, played)
        self.played, self._champion, self.since = played, champion, since

    @property
    def champion(self) -> str | None:  # type: ignore[override]
        return self._champion

    def features_of(self, day: str) -> tuple[pa.Table, pa.Table]:
        labelled, features = self.played.days[day]
        features = features.slice(0, len(labelled.labels))
        return features.append_column("prediction_id", pa.array(labelled.prediction_ids)), features

    def answers_of(self, day: str) -> pa.Table:
        return self.features_of(day)[0] if day in NIGHTS else pa.table({"model_version": pa.array([], pa.string())})

    def baseline_of(self, version: str) -> Baseline:
        return self.played.baseline

    def joined_of(self, day: str) -> pa.Table | None:
        if day not in NIGHTS:
            return None
        answered, rows = self.played.days[day][0], len(self.played.days[day][0].labels)
        came = np.full(rows, days_between(day, self.key) >= self.played.late.get(day, 0)) | (np.arange(rows) % 10 == 0)
        return pa.table(
            {
                "prediction_id": pa.array(answered.prediction_ids, pa.string()),
                "variant_role": pa.array(["champion"] * rows, pa.string()),
                "model_version": pa.array([self.champion if day >= self.since else "0"] * rows, pa.string()),
                "score": answered.scores,
                "label": pa.array(answered.labels, mask=~came),
                "has_outcome": came,
            }
        )

    def offline_features(self, day: str) -> pa.Table:
        raise NotImplementedError

    def package_file(self, version: str, name: str) -> bytes | None:
        raise NotImplementedError

    def scorer_of(self, version: str) -> Scorer:
        raise NotImplementedError


def test_training_pays_where_outcomes_hold_what_the_champion_does_not_know(use_case: UseCase) -> None:
    played = Played(use_case)
    verdicts = [played.play([key]).verdict for key in NIGHTS[:12]]
    first = verdicts.index("drift")
    assert verdicts[:6] == ["insufficient"] * 6 and 6 <= first <= 8 and set(verdicts[first:]) == {"drift"}
    found = played.found[NIGHTS[11]]
    assert (found.statistic, found.severity, found.sample_size) == ("cusum", "major", 12)
    assert found.value is not None and found.threshold is not None and found.value > found.threshold > 4
    gain = found.statistics[1]
    assert gain.name == "gain(auc)" and gain.interval is not None and 0 < gain.interval[0] < gain.value
    assert found.sentence.startswith("A model trained tonight would have gained +0.")
    assert "nats of log loss" in found.sentence and "at most 4 times a year" in found.sentence


def test_it_does_not_pay_where_the_champion_is_right(use_case: UseCase) -> None:
    found = Played(use_case, effect=0.0).play(NIGHTS)
    assert (found.verdict, found.severity) == ("ok", None)
    assert found.sentence.startswith("Training does not pay yet: a pilot that learns every night gains ")


def test_a_regression_is_judged_by_its_own_metric() -> None:
    from driftgate.use_cases import load_use_case

    found = Played(load_use_case("air_time")).play(NIGHTS[:10])
    assert found.verdict == "drift" and "of RMSE" in found.sentence


def test_the_same_night_again_gives_the_same_evidence(use_case: UseCase) -> None:
    played = Played(use_case)
    first = played.play(NIGHTS[:8])
    assert played.play([NIGHTS[7]]) == first == Played(use_case).play(NIGHTS[:8])


def test_evidence_that_went_through_json_is_gone_on_from_alike(use_case: UseCase) -> None:
    played, stored = Played(use_case), Played(use_case)
    for key in NIGHTS[:9]:
        stored.found[key] = Evidence.model_validate_json(stored.play([key]).canonical())
    assert stored.found[NIGHTS[8]] == played.play(NIGHTS[:9])


def test_a_night_that_did_not_run_is_caught_up_with(use_case: UseCase) -> None:
    whole, gap = Played(use_case), Played(use_case)
    expected = whole.play(NIGHTS[:9])
    gap.play(NIGHTS[:5])
    assert gap.play([NIGHTS[7], NIGHTS[8]]).carried == expected.carried


def empty(day: LabelledDay) -> LabelledDay:
    return replace(day, prediction_ids=[], labels=day.labels[:0], scores=day.scores[:0])


def test_a_night_without_outcomes_carries_the_state_on(use_case: UseCase) -> None:
    played = Played(use_case)
    before = played.play(NIGHTS[:8])
    day, features = played.days[NIGHTS[8]]
    played.days[NIGHTS[8]] = (empty(day), features)
    found = played.play([NIGHTS[8]])
    assert (found.verdict, found.carried) == ("insufficient", before.carried)
    assert found.sentence.startswith("No outcome of model 1 is new tonight")
    assert played.play([NIGHTS[9]]).sample_size == 9


LATE = {
    "a night": {8: 1},
    "three nights": {7: 3},
    "several days at once": {5: 5, 6: 4, 7: 3, 8: 2},
    "one after the other": {3: 2, 4: 5, 8: 1, 9: 2},
    "the later day first": {6: 5, 7: 1},
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_outcomes_that_come_late_are_learnt_in_their_place(use_case: UseCase, late: dict[int, int]) -> None:
    on_time, played = Played(use_case), Played(use_case)
    played.late = {NIGHTS[day]: nights for day, nights in late.items()}
    assert played.play(NIGHTS[:13]) == on_time.play(NIGHTS[:13])
    waited = played.found[NIGHTS[max(late)]]
    assert waited.sample_size < on_time.found[NIGHTS[max(late)]].sample_size
    assert waited.sentence.endswith("an outcome.")
    assert played.play([NIGHTS[12]]) == on_time.found[NIGHTS[12]]


def test_a_day_that_waits_is_no_news_and_the_days_after_it_are_judged(use_case: UseCase) -> None:
    played = Played(use_case)
    played.late = {NIGHTS[8]: 3}
    before = played.play(NIGHTS[:8])
    found = played.play([NIGHTS[8]])
    assert found.carried == {**before.carried, f"waits for {NIGHTS[8]}": ()}
    assert found.sentence == (
        f"No outcome of model 1 is new tonight, so its pilot learns nothing. {NIGHTS[8]} waits until 90% of its "
        "answers have an outcome."
    )
    after = [played.play([key]) for key in NIGHTS[9:12]]
    assert [(one.verdict, one.sample_size) for one in after] == [("drift", 9), ("drift", 10), ("drift", 12)]
    assert after[1].carried == found.carried


def test_outcomes_that_are_always_a_night_late_are_judged_a_night_later(use_case: UseCase) -> None:
    on_time, late = Played(use_case), Played(use_case)
    late.late = dict.fromkeys(NIGHTS, 1)
    late.play(NIGHTS[:11]), on_time.play(NIGHTS[:10])
    for before, key in pairwise(NIGHTS[:11]):
        told, expected = late.found[key], on_time.found[before]
        assert (told.verdict, told.statistics) == (expected.verdict, expected.statistics)
        assert told.carried == {**expected.carried, f"waits for {key}": ()}


def test_what_is_late_after_a_promotion_is_learnt_by_the_pilot_of_the_new_champion(use_case: UseCase) -> None:
    on_time, late = Played(use_case), Played(use_case)
    late.late = {NIGHTS[7]: 4, NIGHTS[8]: 2, NIGHTS[9]: 1}  # the first of them is the old champion's
    for played in (on_time, late):
        played.play(NIGHTS[:8])
        played.play(NIGHTS[8:12], champion="2", since=NIGHTS[8])
    assert late.found[NIGHTS[8]].sample_size == late.found[NIGHTS[9]].sample_size == 0
    assert late.found[NIGHTS[11]] == on_time.found[NIGHTS[11]]
    assert late.found[NIGHTS[11]].sample_size == 4


def test_outcomes_that_do_not_come_for_two_weeks_are_given_up(use_case: UseCase) -> None:
    without, late = Played(use_case), Played(use_case)
    late.late = {NIGHTS[2]: 15}
    day, features = without.days[NIGHTS[2]]
    without.days[NIGHTS[2]] = (empty(day), features)
    nights = [*NIGHTS[:4], *NIGHTS[15:18]]  # those between did not run: there would be more and more days to take in
    late.play(nights[:-1]), without.play(nights)
    assert f"waits for {NIGHTS[2]}" in late.found[NIGHTS[15]].carried
    assert late.found[NIGHTS[16]] == without.found[NIGHTS[16]]
    assert late.play([NIGHTS[17]]) == without.found[NIGHTS[17]], "too late"


def test_evidence_that_never_waited_is_gone_on_from_as_it_was_written(use_case: UseCase) -> None:
    """What was written before days could be waited for."""
    played = Played(use_case)
    played.late = {NIGHTS[4]: 1}
    found = played.play(NIGHTS[:5])
    carried = {name: values for name, values in found.carried.items() if not name.startswith("waits")}
    played.found[NIGHTS[4]] = found.model_copy(update={"carried": carried})
    assert played.play([NIGHTS[5]]).sample_size == 5


@pytest.mark.parametrize("few", [True, False])
def test_a_night_with_few_rows_or_one_class_teaches_and_is_not_compared(use_case: UseCase, few: bool) -> None:
    played = Played(use_case)
    day, features = played.days[NIGHTS[8]]
    changed = (
        replace(day, prediction_ids=day.prediction_ids[:50], labels=day.labels[:50], scores=day.scores[:50])
        if few
        else replace(day, labels=np.zeros(ROWS, dtype=bool))
    )
    before = played.play(NIGHTS[:8])
    played.days[NIGHTS[8]] = (changed, features)
    found = played.play([NIGHTS[8]])
    assert found.sample_size == 8 and found.carried["weights"] != before.carried["weights"]


def test_a_new_champion_begins_with_an_untaught_pilot(use_case: UseCase) -> None:
    played = Played(use_case)
    played.play(NIGHTS[:8])
    found = played.play([NIGHTS[8]], champion="2", since=NIGHTS[8])
    assert (found.verdict, found.champion, found.sample_size) == ("insufficient", "2", 1)
    assert found.sentence == "A pilot was compared with model 2 on 1 night(s); it takes 7."


def test_a_state_of_other_cells_is_not_gone_on_from(use_case: UseCase) -> None:
    played = Played(use_case)
    for key in NIGHTS[:3]:
        found = played.play([key])
        played.found[key] = found.model_copy(update={"carried": {**found.carried, "weights": (0.0,)}})
    assert played.play([NIGHTS[3]]).sample_size == 4  # learnt anew, from the days that are there


def test_nobody_answered(use_case: UseCase) -> None:
    found = Played(use_case).play(NIGHTS[:1], champion=None)
    assert (found.verdict, found.sentence) == ("insufficient", f"No request of {NIGHTS[0]} was answered by a champion.")


def test_a_recorded_night_reads_captures_and_outcomes(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    key = NIGHTS[0]
    nights.happen(key)
    nights.answer(key, nights.rows(key), nights.scores(key, skill=0.0))
    join_ground_truth(use_case, key)
    measure(use_case, key, "payoff")
    found = read_evidence(use_case.name, key, "payoff")
    assert found is not None and (found.verdict, found.carried["gains"]) == ("insufficient", (0.0,))
    assert any(found.carried["weights"])
