"""The data monitor: quiet on a day like those of training, loud when the requests move, silent without evidence."""

from typing import Any

import pyarrow as pa

from driftgate.captures import read_captures
from driftgate.monitoring import answers, measure
from driftgate.monitoring.evidence import read_evidence
from driftgate.use_cases import UseCase

DAY = "2013-04-02"


def test_a_real_day_like_those_of_training_is_quiet(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY))
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.features, found.champion, found.sample_size) == ("ok", (), "1", 983)
    assert found.value is not None and found.threshold is not None and found.value < found.threshold
    assert "Every feature lies within the training data of model 1; nearest to its limit, " in found.sentence


def test_every_feature_is_measured_against_its_own_threshold(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY))
    found = {(item.feature, item.name) for item in measure(use_case, DAY, "data").statistics}
    words = {(feature, name) for feature in ("carrier", "origin", "dest") for name in ("psi", "jensen_shannon")}
    numbers = {("distance_miles", name) for name in ("psi", "jensen_shannon", "kolmogorov_smirnov")}
    assert found == words | numbers


def test_a_planted_shift_is_found_and_named(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, [{**row, "distance_miles": row["distance_miles"] + 2000} for row in nights.rows(DAY)])
    found = measure(use_case, DAY, "data")
    assert (found.verdict, found.features) == ("drift", ("distance_miles",))
    assert found.statistic.endswith("(distance_miles)")
    assert "1 features left the training data of model 1; furthest out, " in found.sentence
    assert read_evidence("flight_delays", DAY, "data") == found


def test_a_day_as_far_out_as_a_day_of_training_is_quiet(use_case: UseCase, nights: Any) -> None:
    """A Saturday has other flights; with that Saturday in the training window it is no drift."""
    saturday, weekdays, strict = "2013-03-23", ("2013-03-26", "2013-03-27", "2013-03-28"), strict_settings(use_case)
    nights.answer(saturday, nights.rows(saturday))
    nights.model("1", days=weekdays)
    assert measure(strict, saturday, "data").verdict == "drift"
    nights.model("1", days=(*weekdays, saturday))
    assert measure(strict, saturday, "data").verdict == "ok"


def test_requests_without_any_feature_are_as_far_as_can_be(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    identity = {*use_case.request_key, "scheduled_departure"} - {"carrier", "origin"}
    rows = [
        {name: value if name in identity else None for name, value in row.items()} for row in nights.rows(DAY)[:400]
    ]
    nights.answer(DAY, rows)
    found = measure(use_case, DAY, "data")
    assert found.features == ("carrier", "dest", "distance_miles", "origin")
    assert found.verdict == "drift"


def test_words_never_seen_in_training_are_drift(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, [{**row, "dest": "XXX"} for row in nights.rows(DAY)])
    assert measure(use_case, DAY, "data").features == ("dest",)


def test_a_night_is_held_against_the_model_that_answered(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.model("2", days=("2013-07-04",))
    nights.answer(DAY, nights.rows(DAY), version="2", revision=2)
    assert measure(use_case, DAY, "data").champion == "2"


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
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY))
    assert measure(use_case, DAY, "data").hash == measure(use_case, DAY, "data").hash


def strict_settings(use_case: UseCase) -> UseCase:
    """Thresholds so low that only the limits of single training days decide."""
    low = use_case.monitor.data_drift.model_copy(
        update={"psi": 0.001, "jensen_shannon": 0.001, "kolmogorov_smirnov": 0.001}
    )
    return use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"data_drift": low})})


def test_a_sample_is_told_as_one_and_not_as_lost_traffic(use_case: UseCase, nights: Any, monkeypatch: Any) -> None:
    nights.model("1")
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
