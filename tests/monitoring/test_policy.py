"""Every cell of the policy table, and every reason to hold a decision back."""

from itertools import product
from typing import Any

import pytest

from driftgate.monitoring.evidence import Evidence
from driftgate.monitoring.policy import Ruling, Situation, rule_on
from driftgate.monitoring_policy import Retrain

POLICY = Retrain(on=("performance",), nights=2, of_last=3, cooldown_days=7, min_new_rows=5000)
ENOUGH = 5000


def evidence(monitor: str, finding: str) -> Evidence:
    return Evidence(
        use_case="flight_delays", key="2013-04-09", monitor=monitor, champion="1", statistic="auc", value=0.6,
        interval=None, threshold=None, sample_size=1, features=(), verdict=finding, sentence=f"{monitor}: {finding}.",
    )  # fmt: skip


def rule(performance: str, data: str, skew: str = "ok", *, policy: Retrain = POLICY, **more: Any) -> Ruling:
    """``performance``, ``data`` and ``skew``: ok, drift (tonight only), persistent, insufficient."""
    states = {"performance": performance, "data": data, "skew": skew}
    found = tuple(evidence(name, "drift" if state == "persistent" else state) for name, state in states.items())
    nights = {name: {"drift": 1, "persistent": 2}.get(state, 0) for name, state in states.items()}
    return rule_on(policy, Situation(evidence=found, drift_nights=nights, **{"new_rows": ENOUGH, **more}))


CELLS = {
    ("ok", "ok"): ("quiet", "all_monitors_quiet"),
    ("ok", "drift"): ("watch", "drift_not_yet_persistent"),
    ("ok", "persistent"): ("watch", "inputs_moved_performance_holds"),
    ("ok", "insufficient"): ("cannot_judge", "evidence_insufficient"),
    ("drift", "ok"): ("watch", "drift_not_yet_persistent"),
    ("drift", "drift"): ("watch", "drift_not_yet_persistent"),
    ("drift", "persistent"): ("watch", "drift_not_yet_persistent"),
    ("drift", "insufficient"): ("watch", "drift_not_yet_persistent"),
    ("persistent", "ok"): ("retrain", "accepted_cause_persists"),
    ("persistent", "drift"): ("retrain", "accepted_cause_persists"),
    ("persistent", "persistent"): ("retrain", "accepted_cause_persists"),
    ("persistent", "insufficient"): ("retrain", "accepted_cause_persists"),
    ("insufficient", "ok"): ("cannot_judge", "evidence_insufficient"),
    ("insufficient", "drift"): ("watch", "drift_not_yet_persistent"),
    ("insufficient", "persistent"): ("review", "inputs_moved_labels_missing"),
    ("insufficient", "insufficient"): ("cannot_judge", "evidence_insufficient"),
}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (("ok", "ok"), ("watch", "serving_differs_from_training")),
        (("drift", "insufficient"), ("watch", "serving_differs_from_training")),
        (("persistent", "ok"), ("retrain", "accepted_cause_persists")),
        (("insufficient", "persistent"), ("review", "inputs_moved_labels_missing")),
    ],
)
@pytest.mark.parametrize("skew", ["drift", "persistent"])
def test_skew_is_watched_and_moves_nothing(cell: tuple[str, str], expected: tuple[str, str], skew: str) -> None:
    assert rule(*cell, skew) == Ruling(*expected)


def test_skew_that_cannot_be_judged_is_no_quiet_night() -> None:
    assert rule("ok", "ok", "insufficient") == Ruling("cannot_judge", "evidence_insufficient")


def test_the_table_has_every_cell() -> None:
    states = ("ok", "drift", "persistent", "insufficient")
    assert set(CELLS) == set(product(states, states))


@pytest.mark.parametrize(("cell", "expected"), CELLS.items())
def test_each_cell_of_the_table(cell: tuple[str, str], expected: tuple[str, str]) -> None:
    assert rule(*cell) == Ruling(*expected)


def test_input_drift_retrains_where_it_is_an_accepted_cause() -> None:
    accepts_data = POLICY.model_copy(update={"on": ("data",)})
    assert rule("ok", "persistent", policy=accepts_data).decision == "retrain"
    assert rule("persistent", "ok", policy=accepts_data) == Ruling("watch", "drift_is_no_accepted_cause")


def test_a_new_champion_that_fails_calls_for_the_one_before() -> None:
    assert rule("persistent", "ok", days_since_switch=6) == Ruling("rollback", "new_champion_fails")
    assert rule("persistent", "ok", days_since_switch=7).decision == "retrain"


@pytest.mark.parametrize(
    ("circumstance", "reason"),
    [
        ({"backfill": True}, "backfill"),
        ({"promotion_active": True}, "promotion_active"),
        ({"days_since_retrain": 6}, "cooldown"),
        ({"new_rows": 4999}, "too_few_new_rows"),
    ],
)
def test_a_retraining_is_held_back_and_the_reason_recorded(circumstance: dict[str, Any], reason: str) -> None:
    ruling = rule("persistent", "ok", **circumstance)
    assert (ruling.decision, ruling.rule) == ("watch", "accepted_cause_persists")
    assert [(item.decision, item.reason) for item in ruling.suppressed] == [("retrain", reason)]


def test_every_reason_is_recorded_when_several_hold() -> None:
    ruling = rule("persistent", "ok", backfill=True, promotion_active=True, days_since_retrain=1, new_rows=0)
    assert [item.reason for item in ruling.suppressed] == [
        "backfill",
        "promotion_active",
        "cooldown",
        "too_few_new_rows",
    ]


def test_the_cooldown_ends_after_its_days() -> None:
    assert rule("persistent", "ok", days_since_retrain=7).decision == "retrain"


def test_a_change_of_champion_starts_a_cooldown_too() -> None:
    accepts_data = POLICY.model_copy(update={"on": ("data",)})
    ruling = rule("ok", "persistent", policy=accepts_data, days_since_switch=3)
    assert [item.reason for item in ruling.suppressed] == ["cooldown"]


def test_a_backfill_holds_back_reviews_and_rollbacks_too() -> None:
    assert rule("insufficient", "persistent", backfill=True).decision == "watch"
    assert rule("persistent", "ok", backfill=True, days_since_switch=1).decision == "watch"


@pytest.mark.parametrize("performance", ["ok", "drift", "insufficient"])
def test_nothing_is_suppressed_where_nothing_was_to_move(performance: str) -> None:
    assert rule(performance, "ok", backfill=True, promotion_active=True, new_rows=0).suppressed == ()


AGED = POLICY.model_copy(update={"max_model_age_days": 60})


@pytest.mark.parametrize(
    ("cell", "rule_name"),
    [
        (("ok", "ok"), "champion_too_old"),
        (("ok", "persistent"), "champion_too_old"),
        (("drift", "ok"), "champion_too_old"),
        (("ok", "ok", "drift"), "champion_too_old"),
        (("insufficient", "ok"), "champion_too_old"),
        (("persistent", "ok"), "accepted_cause_persists"),
    ],
)
def test_an_old_champion_is_a_reason_where_drift_is_none(cell: tuple[str, ...], rule_name: str) -> None:
    assert rule(*cell, policy=AGED, champion_age_days=61) == Ruling("retrain", rule_name)


@pytest.mark.parametrize(
    ("policy", "age"), [(AGED, 60), (AGED, None), (POLICY, 9999)], ids=["not yet", "unknown", "no limit"]
)
def test_a_champion_that_may_be_so_old_stays(policy: Retrain, age: int | None) -> None:
    assert rule("ok", "ok", policy=policy, champion_age_days=age) == Ruling("quiet", "all_monitors_quiet")


def test_what_a_person_must_look_at_comes_before_age() -> None:
    assert rule("insufficient", "persistent", policy=AGED, champion_age_days=61).decision == "review"
    assert rule("persistent", "ok", policy=AGED, champion_age_days=61, days_since_switch=3).decision == "rollback"


@pytest.mark.parametrize(
    ("circumstance", "reason"),
    [({"backfill": True}, "backfill"), ({"promotion_active": True}, "promotion_active"),
     ({"days_since_retrain": 6}, "cooldown"), ({"new_rows": 0}, "too_few_new_rows")],
)  # fmt: skip
def test_age_is_held_back_as_drift_is(circumstance: dict[str, Any], reason: str) -> None:
    ruling = rule("ok", "ok", policy=AGED, champion_age_days=61, **circumstance)
    assert (ruling.decision, ruling.rule) == ("watch", "champion_too_old")
    assert [item.reason for item in ruling.suppressed] == [reason]
