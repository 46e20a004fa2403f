"""The hour's work: messages that did not arrive, alarms that nobody took, silence that is over."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from driftgate.alarms import acknowledge, alarm_of, alarms, find_alarm, raise_alarm, suppress, tend_alarms
from driftgate.alarms.alarm import KIND
from driftgate.alarms.outbox import Delivery, deliveries
from driftgate.alarms.page import write_page
from driftgate.lake import lake
from driftgate.metadata import metadata

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ways(configure, webhook, tmp_path: Path):
    """Everything goes to the webhook ``ops``; a file ``log`` is the only other way."""

    def write(**changes: Any) -> None:
        channels = {
            "ops": {"type": "webhook", "url": webhook.address},
            "file": {"type": "file", "path": str(tmp_path / "told.jsonl")},
        }
        routes = {severity: [["ops"]] for severity in ("minor", "major", "critical")}
        configure(**{"channels": channels, "routes": routes, **changes})

    write()
    return write


def delivery(channel: str, event: str = "opened") -> Delivery:
    (found,) = [one for one in deliveries() if one.channel == channel and one.message.event == event]
    return found


def drift(**changes: Any) -> None:
    raise_alarm("drift", "flight_delays", "The champion is worse.", **{"now": NOON, **changes})


def test_a_webhook_that_fails_gets_the_message_later_and_once(ways, webhook) -> None:
    webhook.statuses = [500]
    drift()
    found = delivery("ops")
    assert (found.state, found.attempts, found.error) == ("waiting", 1, "OSError: the webhook answered 500")
    assert find_alarm("drift/flight_delays").state == "open", "the raiser did not notice"
    assert tend_alarms(NOON).delivered == 0, "there is a pause"
    assert tend_alarms(NOON + HOUR).delivered == 1
    assert tend_alarms(NOON + 2 * HOUR).delivered == 0
    ((headers, _),) = webhook.came
    assert headers["Driftgate-Delivery"] == found.message.delivery_id
    assert delivery("ops").state == "delivered"


def test_pauses_grow_to_hours_and_end_after_days(ways, webhook) -> None:
    webhook.statuses = [503] * 100
    drift()
    tries = [NOON]
    while delivery("ops").state == "waiting":
        tries.append(delivery("ops").due_at)
        assert tend_alarms(tries[-1]).failed == 1
    gaps = [after - before for before, after in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (timedelta(minutes=5), 6 * HOUR)
    assert delivery("ops").state == "given_up"
    assert timedelta(days=7) <= tries[-1] - NOON <= timedelta(days=7, hours=6)


def test_a_channel_that_fails_for_long_is_an_alarm_through_the_others_until_it_works(ways, webhook) -> None:
    webhook.statuses = [500] * 3
    drift()
    for hour in (1, 2):
        tend_alarms(NOON + hour * HOUR)
    failing = alarm_of("delivery_failed/ops")
    assert failing is not None
    assert "took none of 1 messages about alarms, one of them tried 3 times" in failing.sentence
    assert failing.channels == ("file",)
    assert delivery("file").state == "delivered"
    tend_alarms(NOON + 9 * HOUR)
    assert find_alarm("delivery_failed/ops").state == "resolved"


def test_where_every_channel_fails_there_is_no_loop(ways, webhook, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    two = {"ops": {"type": "webhook", "url": webhook.address}, "file": {"type": "file", "path": str(blocked / "x")}}
    ways(channels=two, routes={"major": [["ops", "file"]], "minor": [["ops"]], "critical": [["ops"]]})
    webhook.statuses = [500] * 1000
    drift()
    for hour in range(1, 30):
        tend_alarms(NOON + hour * HOUR)
    assert {one.key for one in alarms()} == {"drift/flight_delays", "delivery_failed/ops", "delivery_failed/file"}
    assert len(deliveries()) == 4


def test_a_channel_that_left_the_settings_is_given_up(ways, configure, webhook) -> None:
    webhook.statuses = [500]
    drift()
    configure(channels={"log": {"type": "log"}})
    assert tend_alarms(NOON + HOUR).failed == 1
    assert (delivery("ops").state, delivery("ops").error) == (
        "given_up", "LookupError: the settings have no such channel any more",
    )  # fmt: skip


def test_what_a_crash_kept_from_the_outbox_is_told_all_the_same(ways, webhook) -> None:
    drift()
    crashed = find_alarm("drift/flight_delays").model_copy(update={"id": "other", "key": "drift/air_time"})
    metadata().append(KIND, crashed.key, crashed.model_dump(mode="json"))
    assert tend_alarms(NOON + HOUR).delivered == 1
    assert len(webhook.came) == 2


def test_alarms_of_before_there_was_a_manager_are_told_to_nobody(ways, webhook) -> None:
    metadata().append(KIND, "flight_delays.monitor/decide/2013-04-01", {"state": "open", "sentence": "It failed."})
    assert tend_alarms(NOON).model_dump() == {"lasting": 1, "reopened": 0, "escalated": 0, "delivered": 0, "failed": 0}


def test_what_nobody_takes_goes_to_the_next_in_the_route_and_no_further(ways, webhook) -> None:
    ways(
        routes={"critical": [["ops"], ["file"]], "major": [["ops"]], "minor": [["ops"]]},
        escalate_after_minutes={"critical": 30},
    )
    drift(severity="critical")
    raise_alarm("drift", "air_time", "Worse.", severity="critical", now=NOON)
    acknowledge("drift/air_time", actor="anna")
    assert tend_alarms(NOON + HOUR / 3).escalated == 0
    assert tend_alarms(NOON + HOUR).escalated == 1
    assert find_alarm("drift/flight_delays").told == ("ops", "file")
    assert delivery("file", "escalated").state == "delivered"
    assert tend_alarms(NOON + 9 * HOUR).escalated == 0


def test_silence_ends_by_itself(ways, webhook) -> None:
    drift()
    suppress("drift/flight_delays", actor="anna", reason="known", hours=2, now=NOON)
    assert tend_alarms(NOON + HOUR).reopened == 0
    assert tend_alarms(NOON + 2 * HOUR).reopened == 1
    assert find_alarm("drift/flight_delays").state == "open"
    assert len(webhook.came) == 2


def test_a_channel_that_does_not_answer_holds_nobody_up(ways, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    from time import monotonic

    from driftgate.alarms import manager, outbox

    with socket.create_server(("127.0.0.1", 0)) as silent:
        ways(channels={"ops": {"type": "webhook", "url": f"http://127.0.0.1:{silent.getsockname()[1]}"}})
        monkeypatch.setattr(manager, "deliver", lambda *given: outbox.deliver(*given, wait_seconds=0.1))
        began = monotonic()
        drift()
        assert monotonic() - began < 2
        assert delivery("ops").error == "the channel did not answer in time"


def test_the_page_shows_what_lasts_worst_first_and_escapes_it(ways, webhook) -> None:
    ways(runbooks="https://wiki.example.com/")
    raise_alarm("cost", "job-1", "<script>alert(1)</script>", now=NOON)
    drift(severity="critical")
    write_page(NOON)
    page = lake().read("reports/alarms/index.html").decode()
    assert "2 alarms last, 2 of them without anybody" in page
    assert page.index("drift/flight_delays") < page.index("cost/job-1")
    assert "<script>" not in page
    assert '<a href="https://wiki.example.com/docs/guides/alarms.md#drift">drift</a>' in page


def test_the_golden_delivery_is_written_and_read_unchanged() -> None:
    golden = (
        '{"attempts":1,"channel":"log","delivered_at":null,"due_at":"2026-11-25T12:01:00Z","error":"ConnectionError: no'
        '.","message":{"alarm_id":"1f2e3d4c5b","count":2,"delivery_id":"1f2e3d4c5b-1-log","environment":"local","event"'
        ':"opened","evidence":"ab","first_seen":"2026-11-25T12:00:00Z","impact":"The champion may be worse.","key":"dri'
        'ft/flight_delays","kind":"drift","last_seen":"2026-11-26T12:00:00Z","owner":"ops","runbook":"docs/guides/alarm'
        's.md#drift","schema_version":1,"sentence":"AUC was 0.66.","severity":"major","state":"acknowledged","use_case"'
        ':"flight_delays"},"schema_version":1,"since":"2026-11-25T12:00:00Z","state":"waiting"}'
    )
    assert Delivery.model_validate_json(golden).canonical().decode() == golden
