"""The verdict follows from the evidence of some nights, and says which rule decided and what was held back."""

from typing import Any

import pytest

from driftgate import uris
from driftgate.lake import lake
from driftgate.monitoring import decide, measure
from driftgate.monitoring_policy import MONITORS
from driftgate.partition_keys import keys_between
from driftgate.retrain_policy import Retrain
from driftgate.use_cases import UseCase

from .conftest import NIGHT, drift_for, findings


def test_two_drifting_nights_retrain_and_one_does_not(open_policy: UseCase, nights: Any) -> None:
    first, second = drift_for(nights, open_policy, "2013-04-07", NIGHT)
    assert (first.decision, first.rule) == ("watch", "drift_not_yet_persistent")
    assert (second.decision, second.rule) == ("retrain", "performance_lost")
    assert second.drift_nights == {**dict.fromkeys(MONITORS, 0), "performance": 2}
    assert second.sentence == "performance says drift."
    assert second.champion == "1"


def test_a_monitor_that_did_not_run_cannot_be_judged(open_policy: UseCase, nights: Any) -> None:
    for monitor in set(MONITORS) - {"performance", "estimate"}:
        nights.evidence(NIGHT, monitor, "ok")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.rule) == ("cannot_judge", "evidence_insufficient")
    assert made.sentence.startswith(f"The performance monitor wrote no evidence about {NIGHT}; run its task.")


def test_a_night_that_cannot_be_judged_says_so_before_what_drifts_besides(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "insufficient")
    nights.evidence(NIGHT, "estimate", "insufficient")
    nights.evidence(NIGHT, "quality", "drift")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.causes) == ("cannot_judge", ("quality",))
    assert made.sentence == "performance says insufficient. estimate says insufficient. quality says drift."


def test_a_night_without_any_evidence_cannot_be_judged(open_policy: UseCase) -> None:
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.champion) == ("cannot_judge", None)


def test_what_several_monitors_say_alike_is_said_once(open_policy: UseCase) -> None:
    for monitor in MONITORS:
        measure(open_policy, NIGHT, monitor)
    assert decide(open_policy, NIGHT).sentence == f"No request of {NIGHT} was answered by a champion."


def test_after_a_retrain_verdict_the_cooldown_holds_the_next_ones_back(open_policy: UseCase, nights: Any) -> None:
    made = drift_for(nights, open_policy, "2013-04-07", "2013-04-15")
    assert [verdict.decision for verdict in made] == ["watch", "retrain", *["watch"] * 6, "retrain"]
    held = made[2]
    assert (held.rule, [item.reason for item in held.suppressed]) == ("performance_lost", ["cooldown"])
    assert held.days_since_retrain == 1
    assert held.sentence.endswith(
        "Held back (retrain): The last retrain verdict came 1 nights ago; the cooldown is 7 nights."
    )


def test_a_promotion_under_way_holds_a_retraining_back(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-07", "drift")
    findings(nights, NIGHT, "drift")
    made = decide(open_policy, NIGHT, promotion_active=True)
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["promotion_active"])


def test_too_few_new_outcomes_hold_a_retraining_back(use_case: UseCase, nights: Any) -> None:
    made = drift_for(nights, use_case, "2013-04-07", NIGHT)[-1]
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["too_few_new_rows"])
    assert "0 new labelled rows are fewer than the 100 asked for" in made.sentence


def test_a_new_champion_that_fails_soon_is_to_be_rolled_back(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-05", "ok", champion="1")
    decide(open_policy, "2013-04-05")
    made = drift_for(nights, open_policy, "2013-04-06", "2013-04-07", champion="2")[-1]
    assert (made.decision, made.rule, made.days_since_switch) == ("rollback", "new_champion_fails", 1)


def test_a_champion_that_is_too_old_is_a_reason_and_the_next_night_cools_down(
    open_policy: UseCase, nights: Any
) -> None:
    package = f"{uris.package('flight_delays', '1')}/package.json"
    lake().write(package, b'{"dataset_version": "flight_delays/2013-03-31-3f9c2a1"}')
    aged = open_policy.retrain.model_copy(update={"max_model_age_days": 7})
    use_case = open_policy.model_copy(update={"retrain": aged})
    made = []
    for key in ("2013-04-07", NIGHT, "2013-04-09"):
        findings(nights, key, "ok")
        made.append(decide(use_case, key))
    assert [(one.decision, one.champion_age_days) for one in made] == [("quiet", 7), ("retrain", 8), ("watch", 9)]
    assert (made[1].rule, made[1].trigger) == ("champion_too_old", "age")
    assert made[1].sentence.startswith(
        "Model 1 was trained on days up to 8 nights ago, more than the 7 of 'retrain.max_model_age_days'. performance"
    )
    assert [item.reason for item in made[2].suppressed] == ["cooldown"]


def test_moved_inputs_without_outcomes_ask_a_person(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "insufficient", data="drift")
    made = decide(open_policy, NIGHT)
    assert (made.decision, made.rule, made.labels) == ("review", "inputs_moved_labels_late", "late")
    assert made.sentence.startswith("data says drift. Held back (retrain): 'retrain.on' does not accept data drift")


def test_a_backfill_moves_nothing(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "drift")
    made = decide(open_policy, NIGHT, backfill=True)
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["backfill"])
    assert made.backfill


def test_a_budget_that_covers_no_training_holds_it_back_and_is_asked_once(open_policy: UseCase, nights: Any) -> None:
    findings(nights, "2013-04-07", "drift")
    findings(nights, NIGHT, "drift")
    made = decide(open_policy, NIGHT, budget=lambda: "All of $5.00 is spent.")
    assert (made.decision, [item.reason for item in made.suppressed]) == ("watch", ["budget"])
    assert made.sentence.endswith("Held back (retrain): All of $5.00 is spent.")
    assert decide(open_policy, NIGHT, budget=lambda: pytest.fail("a night asks once")) == made


def test_a_budget_is_not_asked_about_a_night_that_trains_nothing(open_policy: UseCase, nights: Any) -> None:
    findings(nights, NIGHT, "ok")
    assert decide(open_policy, NIGHT, budget=lambda: pytest.fail("nothing is to be spent")).decision == "quiet"


def test_a_schedule_retrains_every_so_many_nights_and_says_so(open_policy: UseCase, nights: Any) -> None:
    package = f"{uris.package('flight_delays', '1')}/package.json"
    lake().write(package, b'{"dataset_version": "flight_delays/2013-03-31-3f9c2a1"}')
    schedule = {"every_days": 7, "justification": "The audit asks for it."}
    retrain = Retrain(**{**open_policy.retrain.model_dump(), "schedule": schedule})
    use_case = open_policy.model_copy(update={"retrain": retrain})
    made = []
    for key in keys_between("2013-04-06", "2013-04-14"):
        findings(nights, key, "ok")
        made.append(decide(use_case, key))
    assert [one.decision for one in made] == ["quiet", "retrain", *["quiet"] * 6, "retrain"]
    assert (made[1].rule, made[1].trigger) == ("schedule_due", "schedule")
    assert "'retrain.schedule' asks for a training every 7 nights." in made[1].sentence
