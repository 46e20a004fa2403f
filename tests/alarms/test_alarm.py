"""The states of an alarm, cell by cell, and records from before there were states."""

from datetime import UTC, datetime

import pytest

from driftgate.alarms.alarm import NEXT, STATES, Alarm, parse_alarm, require_move
from driftgate.errors import DriftgateError
from driftgate.metadata import Entry

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ALLOWED = {
    (None, "open"), (None, "suppressed"),
    ("open", "acknowledged"), ("open", "suppressed"), ("open", "resolved"),
    ("acknowledged", "open"), ("acknowledged", "suppressed"), ("acknowledged", "resolved"),
    ("suppressed", "open"), ("suppressed", "resolved"),
}  # fmt: skip


def alarm(state: str, **changes: object) -> Alarm:
    about = {
        "id": "1",
        "key": "cost/job-1",
        "kind": "cost",
        "severity": "minor",
        "sentence": "Dear.",
        "impact": "None.",
    }
    return Alarm.model_validate(
        {**about, "state": state, "owner": "ops", "runbook": "page", "first_seen": NOON, "last_seen": NOON, **changes}
    )


@pytest.mark.parametrize("before", [None, *STATES])
@pytest.mark.parametrize("after", STATES)
def test_every_cell_of_the_table(before: str | None, after: str) -> None:
    found = alarm(before) if before else None
    if (before, after) in ALLOWED or before == after:
        require_move(found, alarm(after))
    else:
        with pytest.raises(DriftgateError, match="cannot become"):
            require_move(found, alarm(after))


def test_the_table_is_about_every_state() -> None:
    assert set(NEXT) == {None, *STATES}


@pytest.mark.parametrize("before", STATES)
def test_a_new_alarm_waits_until_the_one_before_is_over(before: str) -> None:
    if before == "resolved":
        require_move(alarm(before), alarm("open", id="2"))
    else:
        with pytest.raises(DriftgateError):
            require_move(alarm(before), alarm("open", id="2"))


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"state": "open", "sentence": "It failed.", "run_id": "r"}, "open"),
        ({"state": "closed", "sentence": "It failed."}, "resolved"),
        ({"state": "closed"}, "resolved"),
    ],
)
def test_a_record_of_before_is_still_read(body: dict[str, str], state: str) -> None:
    found = parse_alarm(Entry("alarm", "flight_delays.monitor/decide/2013-04-01", 3, NOON, body))
    assert (found.state, found.sentence, found.schema_version) == (state, body.get("sentence", ""), 0)
    assert (found.kind, found.evidence, found.first_seen) == ("flight_delays.monitor", body.get("run_id"), NOON)


def test_a_record_survives_its_way_through_the_store() -> None:
    made = alarm("open", count=3, told_at=NOON, channels=["log"])
    assert parse_alarm(Entry("alarm", made.key, 1, NOON, made.model_dump(mode="json"))) == made


def test_the_golden_alarm_is_written_and_read_unchanged() -> None:
    golden = (
        '{"actor":"anna","channels":["log"],"count":2,"event":"opened","evidence":"ab","false_alarm":false,"first_seen"'
        ':"2026-11-25T12:00:00Z","id":"1f2e3d4c5b","impact":"The champion may be worse.","key":"drift/flight_delays","k'
        'ind":"drift","last_seen":"2026-11-26T12:00:00Z","notice":1,"owner":"ops","reason":"I look.","runbook":"docs/gu'
        'ides/alarms.md#drift","schema_version":1,"sentence":"AUC was 0.66.","severity":"major","state":"acknowledged",'
        '"step":0,"suppressed_until":null,"told":["log"],"told_at":"2026-11-25T12:00:00Z","use_case":"flight_delays"}'
    )
    assert Alarm.model_validate_json(golden).canonical().decode() == golden
