"""A drift as people remember it: one record for many nights, that closes with a cause and an effect only."""

from datetime import UTC, datetime
from typing import Any

import pytest

from driftgate.errors import ConfigError, DriftgateError
from driftgate.monitoring import begin, close_episode, conclude, decide, due_to_verdict, episodes, note_outcome
from driftgate.monitoring.verdicts.episode import Episode
from driftgate.partition_keys import keys_between
from driftgate.use_cases import UseCase

from .test_outcome import NAME, report

NOW = datetime(2026, 4, 9, tzinfo=UTC)


@pytest.fixture
def policy(use_case: UseCase) -> UseCase:
    return use_case.model_copy(update={"retrain": use_case.retrain.model_copy(update={"min_new_rows": 0})})


def moved_inputs(nights: Any, policy: UseCase, first: str, last: str) -> list[Any]:
    """Let the inputs drift while performance holds, and decide about each night."""
    made = []
    for key in keys_between(first, last):
        for monitor, finding in {"performance": "ok", "data": "drift", "skew": "ok"}.items():
            nights.evidence(key, monitor, finding)
        made.append(decide(policy, key))
    return made


def close(**said: Any) -> Any:
    said = {"cause": None, "effect": None, "intervention": None, **said}
    return close_episode(NAME, "2013-04-02", actor="anna", at=NOW, **said)


def test_nights_that_follow_each_other_are_one_episode(nights: Any, policy: UseCase) -> None:
    moved_inputs(nights, policy, "2013-04-01", "2013-04-04")
    decide(policy, "2013-04-04")  # again
    [episode] = episodes(NAME)
    assert (episode.id, episode.last, episode.nights) == ("2013-04-02", "2013-04-04", 3)
    assert episode.rule == "inputs_moved_performance_holds"
    assert episode.statistic == "data: psi(origin) 0.6 (threshold 0.65)"


def test_a_drift_weeks_later_is_another(nights: Any, policy: UseCase) -> None:
    moved_inputs(nights, policy, "2013-04-01", "2013-04-02")
    moved_inputs(nights, policy, "2013-04-20", "2013-04-21")
    assert [one.id for one in episodes(NAME)] == ["2013-04-02", "2013-04-21"]


@pytest.mark.parametrize(
    ("said", "missing"),
    [({}, "its cause and its effect_on_metric"), ({"cause": "a new timetable"}, "its effect_on_metric"),
     ({"effect": "none", "cause": " "}, "its cause")],
)  # fmt: skip
def test_it_cannot_close_without_a_cause_and_an_effect(
    nights: Any, policy: UseCase, said: dict[str, str], missing: str
) -> None:
    moved_inputs(nights, policy, "2013-04-01", "2013-04-02")
    with pytest.raises(DriftgateError, match=f"cannot be closed without {missing}; say them with --cause and --effect"):
        close(**said)


def test_it_closes_once_and_a_drift_after_that_is_another(nights: Any, policy: UseCase) -> None:
    moved_inputs(nights, policy, "2013-04-01", "2013-04-02")
    closed = close(cause="a new timetable", effect="none", intervention="asked the source")
    assert (closed.cause, closed.closed_by, closed.closed_at) == ("a new timetable", "anna", NOW)
    with pytest.raises(DriftgateError, match="closed already, by anna"):
        close(cause="a", effect="b")
    with pytest.raises(ConfigError, match="has no drift episode '2013-05-01'"):
        close_episode(NAME, "2013-05-01", cause="a", effect="b", intervention=None, actor="anna", at=NOW)
    moved_inputs(nights, policy, "2013-04-03", "2013-04-03")
    assert [one.id for one in episodes(NAME)] == ["2013-04-02", "2013-04-03"]


def test_a_retraining_is_its_intervention_and_says_what_it_did_to_the_metric(nights: Any, policy: UseCase) -> None:
    for key in ("2013-04-01", "2013-04-02"):
        for monitor, finding in {"performance": "drift", "data": "ok", "skew": "ok"}.items():
            nights.evidence(key, monitor, finding)
        verdict = decide(policy, key)
    note_outcome(conclude(begin(due_to_verdict(verdict, "a run")), "accepted", "", report(), model_version="2"))
    closed = close(cause="the spring")
    assert (closed.intervention, closed.effect_on_metric) == ("retrained, version 2: accepted.", "auc 0.6600 → 0.6800")


def test_the_golden_episode_is_written_and_read_unchanged() -> None:
    golden = (
        '{"cause":"the summer timetable","closed_at":"2026-04-09T00:00:00Z","closed_by":"anna","effect_on_metric":"auc '
        '0.6600 → 0.6800","false_alarm":false,"features":["origin"],"id":"2013-04-02","intervention":"retrained, versio'
        'n 2: champion.","last":"2013-04-04","nights":3,"rule":"inputs_moved_performance_holds","schema_version":1,"sta'
        'tistic":"data: psi(origin) 0.6 (threshold 0.65)","use_case":"flight_delays"}'
    )
    assert Episode.model_validate_json(golden).canonical().decode() == golden
