"""What is served against what is recorded: half-finished moves are completed, a hand on the traffic is told."""

import pytest

from driftgate import registry
from driftgate.metadata import metadata
from driftgate.promotion import Variant, deployment, moves, reconcile, reconciliation, start_shadow, switch_champion
from driftgate.promotion.changes import changes_of

NAME = "flight_delays"
BY = {"actor": "anna", "reason": "a test"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(reconciliation, "SETTLE_SECONDS", 0.2)


def alarm():
    entry = metadata().latest("alarm", f"manual_change/{NAME}")
    return entry.body if entry else None


def by_hand(state, **changes):
    """Write a deployment record past the moves, as a person with a database client would."""
    body = state.model_copy(update={"actor": "hand", "change": None, **changes}).model_dump(mode="json")
    metadata().append("deployment", NAME, {key: value for key, value in body.items() if key != "revision"})


def test_what_is_as_recorded_is_no_news(serving, use_case, endpoint):
    found = reconcile(use_case, actor="sweep")
    assert (found.completed, found.manual_change, found.silent) == ((), None, None)
    assert alarm() is None


def test_a_use_case_without_a_model_is_no_news(use_case):
    assert reconcile(use_case, actor="sweep").completed == ()


def test_weights_moved_at_the_endpoint_raise_one_alarm_that_ends_with_them(serving, use_case, endpoint):
    recorded = endpoint.deployments()
    moved = [{"version": "1", "role": "champion", "weight": 40}, {"version": "3", "role": "canary", "weight": 60}]
    endpoint.says = {NAME: {**recorded[NAME], "variants": moved}}
    for _ in range(2):
        sentence = reconcile(use_case, actor="sweep").manual_change
    assert "version 1 as champion with 40 % instead of as champion with 100 %" in sentence
    assert "version 3 as canary with 60 % instead of not at all" in sentence
    assert (alarm()["state"], alarm()["sentence"], alarm()["count"]) == ("open", sentence, 2)
    assert alarm()["notice"] == 1, "told once"
    endpoint.says = None
    reconcile(use_case, actor="sweep")
    assert alarm()["state"] == "resolved"


def test_a_record_written_by_hand_is_an_alarm_until_it_is_restored(serving, use_case, endpoint):
    start_shadow(use_case, "2", **BY)
    alone = (Variant(version="3", role="champion", weight=100),)
    by_hand(deployment(NAME), champion="3", candidate=None, step="serving", variants=alone)
    sentence = reconcile(use_case, actor="sweep").manual_change
    assert "by hand) has no change record" in sentence
    assert deployment(NAME).champion == "3", "it tells and does nothing"
    found = reconcile(use_case, actor="sweep", restores=True)
    state = deployment(NAME)
    assert (state.champion, state.candidate, state.step, state.revision) == ("1", "2", "shadow", found.restored_to)
    assert changes_of(NAME)[-1].change.action == "restore"
    assert alarm()["state"] == "resolved"
    assert reconcile(use_case, actor="sweep").manual_change is None


def test_a_silent_endpoint_is_no_hand_on_the_traffic(serving, use_case, monkeypatch):
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", "1")
    found = reconcile(use_case, actor="sweep")
    assert found.manual_change is None
    assert "does not say at http://127.0.0.1:1/deployments" in found.silent


def test_a_switch_that_died_before_its_alias_is_completed(serving, use_case, earn, endpoint, monkeypatch):
    start_shadow(use_case, "2", **BY)
    earn()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moves, "set_champion", _die)
        switch_champion(use_case, "2", **BY)
    assert registry.champion(NAME).version == "1"
    assert reconcile(use_case, actor="sweep").completed == ("alias moved to version 2",)
    assert registry.champion(NAME).version == "2"


def _die(*_, **__):
    raise KeyboardInterrupt
