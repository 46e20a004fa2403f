"""Many nights by the real policy, in memory: how often a use case is retrained while nothing, or something, drifts."""

from typing import Any

import pytest

from driftgate.monitoring import Evidence, Verdict, judge_night
from driftgate.partition_keys import keys_between
from driftgate.use_cases import UseCase


class Remembered:
    """A past that is what these nights made it."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Evidence] = {}
        self.decided: dict[str, Verdict] = {}

    def evidence(self, key: str, monitor: Any) -> Evidence | None:
        return self.found.get((key, monitor))

    def verdict(self, key: str) -> Verdict | None:
        return self.decided.get(key)

    def joined(self, key: str) -> None:
        return None

    def trained_to(self, version: str) -> str:
        return "2013-03-31"

    def night(self, use_case: UseCase, key: str, performance: str, **more: Any) -> str:
        for monitor, finding in {"performance": performance, "data": "ok", "skew": "ok"}.items():
            self.found[key, monitor] = Evidence(
                use_case=use_case.name, key=key, monitor=monitor, champion="1", statistic="auc", value=0.6,
                interval=None, threshold=None, sample_size=1, features=(), verdict=finding, sentence="So it is.",
            )  # fmt: skip
        self.decided[key] = judge_night(use_case, key, self, **more)
        return self.decided[key].decision


@pytest.fixture
def policy(use_case: UseCase) -> UseCase:
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"min_new_rows": 0})})


def test_a_year_of_stable_nights_retrains_nothing(policy: UseCase) -> None:
    past = Remembered()
    assert {past.night(policy, key, "ok") for key in keys_between("2013-01-01", "2013-12-31")} == {"quiet"}


def test_single_drifting_nights_retrain_nothing(policy: UseCase) -> None:
    past = Remembered()
    made = [
        past.night(policy, key, "ok" if number % 3 else "drift")
        for number, key in enumerate(keys_between("2013-04-01", "2013-04-30"))
    ]
    assert set(made) == {"quiet", "watch"}


def test_a_drift_that_lasts_retrains_once_in_a_cooldown(policy: UseCase) -> None:
    past = Remembered()
    stable = [past.night(policy, key, "ok") for key in keys_between("2013-04-01", "2013-04-30")]
    drift = [past.night(policy, key, "drift") for key in keys_between("2013-05-01", "2013-05-08")]
    assert stable == ["quiet"] * 30
    assert drift == ["watch", "retrain", *["watch"] * 6]


def test_a_backfill_of_drifting_nights_retrains_nothing(policy: UseCase) -> None:
    past = Remembered()
    made = [past.night(policy, key, "drift", backfill=True) for key in keys_between("2013-05-01", "2013-05-30")]
    assert set(made) == {"watch"}


def test_a_drift_that_training_does_not_heal_is_tried_more_and_more_rarely(policy: UseCase) -> None:
    retrain = policy.retrain.model_copy(update={"cooldown_unhelpful_days": (7, 14, 28)})
    patient, past = policy.model_copy(update={"retrain": retrain}), Remembered()
    for key in keys_between("2013-05-01", "2013-07-20"):
        past.night(patient, key, "drift")
    trained = {one.key: one.unhelpful_trainings for one in past.decided.values() if one.decision == "retrain"}
    assert trained == {"2013-05-02": 0, "2013-05-09": 1, "2013-05-23": 2, "2013-06-20": 3, "2013-07-18": 4}
