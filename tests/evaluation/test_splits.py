"""Splits are compared pair by pair; captured requests take part where there are enough by the last day."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp

from driftgate import uris
from driftgate.captures.capture import Capture, request_key
from driftgate.errors import ConfigError
from driftgate.evaluation.splits import split_distances, split_gates
from driftgate.lake import lake
from driftgate.partition_keys import keys_before
from driftgate.profiles.distances import psi
from driftgate.use_cases import UseCase
from driftgate.validation_policy import Splits, Validation

DAY = "2013-03-30"


def rows(hours: list[int], carriers: str) -> pa.Table:
    count = len(hours)
    return pa.table(
        {
            "carrier": list(carriers),
            "hour": pa.array(hours, pa.int64()),
            "flight": pa.array(range(count), pa.int32()),
            "scheduled_departure": pa.array([datetime(2013, 3, 1)] * count, pa.timestamp("us")),
            "label": [True] * count,
        }
    )


TRAIN, VALIDATION = rows([6, 7, 8, 9], "AABB"), rows([8, 9, 10, 11], "AAAB")


def capture_week(use_case: UseCase, last: str, a_day: int, *, days: int = 7, role: Any = "champion") -> None:
    for day in keys_before(last, days):
        capture(day, use_case, a_day, role=role)


def capture(day: str, use_case: UseCase, count: int, *, role: Any = "champion") -> None:
    made = [
        Capture(
            prediction_id=f"{day}-{place}", use_case="flight_delays", variant_role=role, model_version="1",
            deployment_revision=1, step="live", score=0.2, error=None, latency_ms=1.0,
            received_at=datetime(2013, 3, 30, tzinfo=UTC), event_time=f"{day}T08:00:00",
            request_key=request_key({"carrier": "A"}, ("carrier",)), features='{"carrier":"C","hour":20}',
        )
        for place in range(count)
    ]  # fmt: skip
    lake().write(f"{uris.captures('flight_delays', day)}/{role}.jsonl", b"\n".join(one.line() for one in made))


def limited(use_case: UseCase, **limits: Any) -> UseCase:
    return use_case.model_copy(update={"validation": Validation(splits=Splits(**limits))})


def test_each_feature_is_compared_by_hand(use_case: UseCase) -> None:
    found = {one.feature: one for one in split_distances(use_case, TRAIN, VALIDATION, DAY)}
    assert set(found) == {"carrier", "hour"}  # neither the label nor what identifies
    assert found["carrier"].psi == pytest.approx(psi([0.5, 0.5], [0.75, 0.25]), abs=1e-6)
    assert found["carrier"].kolmogorov_smirnov is None
    assert found["hour"].kolmogorov_smirnov == ks_2samp([6, 7, 8, 9], [8, 9, 10, 11]).statistic == 0.5
    assert {(one.first, one.second) for one in found.values()} == {("train", "validation")}


def test_captured_requests_are_compared_with_both(use_case: UseCase) -> None:
    capture_week(use_case, DAY, 50)
    found = split_distances(use_case, TRAIN, VALIDATION, DAY)
    pairs = {(one.first, one.second) for one in found}
    assert pairs == {("train", "validation"), ("train", "requests"), ("validation", "requests")}
    hour = next(one for one in found if one.feature == "hour" and one.first == "validation")
    assert hour.kolmogorov_smirnov == 1.0  # every request is at 20 o'clock


@pytest.mark.parametrize(
    ("last", "days", "a_day", "role"),
    [
        ("2013-03-31", 7, 50, "champion"),  # the seventh day is after the validation rows
        (DAY, 6, 100, "champion"),
        (DAY, 7, 42, "champion"),  # 294 are fewer than data drift needs
        (DAY, 7, 50, "shadow"),
    ],
)
def test_later_requests_few_requests_and_shadows_are_left_out(
    use_case: UseCase, last: str, days: int, a_day: int, role: str
) -> None:
    capture_week(use_case, last, a_day, days=days, role=role)
    assert {one.second for one in split_distances(use_case, TRAIN, VALIDATION, DAY)} == {"validation"}


def test_a_limit_makes_a_gate_and_the_sentence_names_what_lies_apart(use_case: UseCase) -> None:
    strict = limited(use_case, max_kolmogorov_smirnov=0.25, max_psi=20)
    (gate,) = split_gates(strict, split_distances(strict, TRAIN, VALIDATION, DAY))
    assert (gate.gate, gate.verdict, gate.value) == ("splits", "fail", 2.0)
    assert "Kolmogorov-Smirnov of hour between train and validation is 0.500 (0.25)" in gate.sentence

    loose = limited(use_case, max_kolmogorov_smirnov=0.5)
    (gate,) = split_gates(loose, split_distances(loose, TRAIN, VALIDATION, DAY))
    assert (gate.verdict, gate.value) == ("pass", 1.0)


def test_what_differs_by_its_nature_is_excused(use_case: UseCase) -> None:
    excused = limited(use_case, max_kolmogorov_smirnov=0.25, apart=("hour",))
    assert (
        split_gates(excused, split_distances(excused, TRAIN, VALIDATION, DAY)) == ()
    )  # the carrier has no such number


def test_without_a_limit_the_distances_are_told_and_no_gate_asks(use_case: UseCase) -> None:
    assert split_gates(use_case, split_distances(use_case, TRAIN, VALIDATION, DAY)) == ()


def test_a_feature_that_there_is_not_cannot_be_excused(use_case: UseCase) -> None:
    wrong = limited(use_case, max_psi=1, apart=("huor",))
    with pytest.raises(ConfigError, match=r"'validation\.splits\.apart' names 'huor', .* did you mean 'hour'\?"):
        split_gates(wrong, split_distances(wrong, TRAIN, VALIDATION, DAY))


def test_a_feature_that_broke_is_far_beyond_what_a_season_does(use_case: UseCase) -> None:
    broken = VALIDATION.set_column(1, "hour", pa.nulls(4, pa.int64()))
    found = {one.feature: one.psi for one in split_distances(use_case, TRAIN, broken, DAY)}
    assert found["hour"] > 9
    assert np.isfinite(found["hour"])
