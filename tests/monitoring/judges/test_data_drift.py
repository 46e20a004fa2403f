"""The data monitor: quiet on a day like those of training, loud when the requests move, silent without evidence."""

import json
import random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from played_nights import PlayedNight, Records, baseline

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.evaluation.day_blocks import ScoredDay
from driftgate.lake import lake
from driftgate.monitoring import answers, measure
from driftgate.monitoring.calibration.training_days import days_of
from driftgate.monitoring.evidence import read_evidence
from driftgate.monitoring.judges import data_drift
from driftgate.monitoring.judges.data_drift import judge_data
from driftgate.partition_keys import keys_between
from driftgate.profiles import merge, profile_table
from driftgate.use_cases import UseCase

DAY = "2013-04-02"
WINDOW = tuple(keys_between("2013-02-02", "2013-03-29"))


def test_a_real_day_like_those_of_training_is_quiet(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.features, found.champion, found.sample_size) == ("ok", (), "1", 983)
    assert found.severity is None
    assert found.value is not None and found.threshold is not None and found.value < found.threshold
    assert "Every feature that counts lies among the training days of model 1; furthest out, " in found.sentence


def test_every_feature_is_held_against_the_same_limit_and_shown_in_textbook_distances(
    use_case: UseCase, nights: Any
) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    limits = {(item.feature, item.threshold) for item in found.statistics if item.name == "rarity"}
    assert limits == {(name, found.threshold) for name in ("carrier", "dest", "distance_miles", "origin")}
    shown = {(item.feature, item.threshold) for item in found.statistics if item.name == "psi"}
    assert shown == {(name, None) for name in ("carrier", "dest", "distance_miles", "origin")}


def test_a_planted_shift_is_found_and_named(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, [{**row, "distance_miles": row["distance_miles"] + 500} for row in nights.rows(DAY)])
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.severity, found.features) == ("drift", "minor", ("distance_miles",))
    assert found.statistic == "rarity(distance_miles)"
    assert found.sentence.startswith("1 feature left the training days of model 1 (distance_miles); furthest out, ")
    assert read_evidence("flight_delays", DAY, "data") == found


def test_requests_without_any_feature_are_as_far_as_can_be(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    identity = {*use_case.request_key, "scheduled_departure"} - {"carrier", "origin"}
    rows = [
        {name: value if name in identity else None for name, value in row.items()} for row in nights.rows(DAY)[:400]
    ]
    nights.answer(DAY, rows)
    found = measure(use_case, DAY, "data")
    assert found.features == ("carrier", "dest", "distance_miles", "origin")
    assert (found.verdict, found.severity) == ("drift", "major")  # three important features


def test_words_never_seen_in_training_are_drift(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, [{**row, "dest": f"X{n}"} for n, row in enumerate(nights.rows(DAY))])
    assert measure(use_case, DAY, "data").features == ("dest",)


def test_tiers_decide_what_counts_and_how_much(use_case: UseCase, nights: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, [{**row, "distance_miles": row["distance_miles"] + 500} for row in nights.rows(DAY)])
    tiers = {"carrier": "important", "dest": "important", "origin": "important", "distance_miles": "critical"}
    monkeypatch.setattr(data_drift, "feature_tiers", lambda *_: tiers)
    assert measure(use_case, DAY, "data").severity == "major"
    tiers["distance_miles"] = "informational"
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.features) == ("ok", ())
    shown = {item.feature: item.threshold for item in found.statistics if item.name == "rarity"}
    assert shown["distance_miles"] is None and shown["carrier"] == found.threshold
    tiers.update(dict.fromkeys(tiers, "informational"))
    assert measure(use_case, DAY, "data").sentence.startswith("Every feature of model 1 is informational, so none can")


def test_columns_that_the_model_does_not_know_are_told(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, [{**row, "gate": "B22"} for row in nights.rows(DAY)])
    assert measure(use_case, DAY, "data").sentence.endswith("Not looked at, as model 1 does not know them: gate.")


def test_a_night_is_held_against_the_model_that_answered(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.model("2", days=("2013-07-04",))
    nights.answer(DAY, nights.rows(DAY), version="2", revision=2)
    assert measure(use_case, DAY, "data").champion == "2"


def test_a_window_of_few_days_calibrates_nothing(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    assert found.verdict == "insufficient"
    assert "trained on 4 days with enough rows; data drift is calibrated on at least 28" in found.sentence


def test_a_baseline_that_does_not_tell_its_days_says_so(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    path = f"{uris.package('flight_delays', '1')}/baseline.json"
    old = json.loads(lake().read(path)) | {"schema_version": 1, "day_limits": {}}
    del old["days"]
    lake().write(path, json.dumps(old).encode())
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    assert found.verdict == "insufficient"
    assert found.sentence.endswith("so data drift has nothing to be calibrated on; retrain, or register it again.")


def test_a_day_without_requests_proves_nothing(use_case: UseCase) -> None:
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.champion, found.sample_size) == ("insufficient", None, 0)
    assert found.sentence == "No request of 2013-04-02 was answered by a champion."


def test_too_few_requests_prove_nothing(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY)[:299])
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.champion, found.sample_size) == ("insufficient", "1", 299)
    assert found.sentence == "299 requests on 2013-04-02 are fewer than the 300 that data drift needs."


def test_a_model_without_a_baseline_proves_nothing_and_says_so(use_case: UseCase, nights: Any) -> None:
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.champion) == ("insufficient", "1")
    assert "has no baseline at" in found.sentence


def test_measuring_again_gives_the_same_evidence(use_case: UseCase, nights: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, nights.rows(DAY))
    assert measure(use_case, DAY, "data").hash == measure(use_case, DAY, "data").hash


def test_a_sample_is_told_as_one_and_not_as_lost_traffic(use_case: UseCase, nights: Any, monkeypatch: Any) -> None:
    nights.model("1", days=WINDOW)
    nights.answer(DAY, nights.rows(DAY))
    whole = read_captures("flight_delays", DAY)
    share = pa.array([0.5] * whole.num_rows)
    sampled = whole.set_column(whole.schema.get_field_index("share"), "share", share)
    monkeypatch.setattr(answers, "read_captures", lambda *_: sampled)
    found = measure(use_case, DAY, "data")

    assert 400 < found.sample_size < 580
    told = "requests (a sample of 0.5 of all request keys, as 'serve.capture.share' says)."
    assert found.sentence.endswith(f"It rests on {found.sample_size} {told}")
    monkeypatch.setattr(answers, "read_captures", lambda *_: sampled.slice(0, 100))
    assert "requests on 2013-04-02 (a sample of 0.5 of all request keys" in measure(use_case, DAY, "data").sentence


@pytest.mark.parametrize(
    ("over", "told"),
    [("a", "minor"), ("ab", "minor"), ("abc", "major"), ("k", "major"), ("ak", "major")],
)
def test_three_important_features_weigh_as_much_as_a_critical_one(over: str, told: str) -> None:
    tiers = {**dict.fromkeys("abc", "important"), "k": "critical"}
    assert data_drift.severity(list(over), tiers) == told


@pytest.mark.parametrize(("regular", "verdict"), [("N7", "ok"), ("N8", "drift")])
def test_a_hundred_thousand_categories_are_judged_like_ten(use_case: UseCase, regular: str, verdict: str) -> None:
    """One request in three is of the aircraft N7, each other one of another."""
    names, drawn = [f"N{number}" for number in range(100_000)], random.Random(1)
    trained = {key: ["N7"] * 300 + drawn.choices(names, k=600) for key in WINDOW[:28]}
    days = {key: profile_table(pa.table({"x": words})) for key, words in trained.items()}
    whole, rows = merge(*days.values()), len(names)
    model = baseline(use_case, None).model_copy(update={"profile": whole, "days": days_of(whole, days)})
    tonight = ScoredDay(np.full(rows, False), np.full(rows, 0.5))
    night = Named(use_case, DAY, Records(), {DAY: tonight}, model)
    night.names = [regular] * (rows // 3) + names[rows // 3 :]
    found = judge_data(night)
    assert (found.verdict, found.sample_size) == (verdict, rows)


class Named(PlayedNight):
    """A night whose requests are these words."""

    names: list[str]

    def answers_of(self, day: str) -> pa.Table:
        captures = super().answers_of(day)
        words = pa.array([f'{{"x":"{name}"}}' for name in self.names])
        return captures.set_column(captures.column_names.index("features"), "features", words)
