"""The owner is told of what moves or needs people, and that it is over."""

from typing import Any

import pytest

from driftgate.alarms import alarm_of, alarms
from driftgate.monitoring import decide
from driftgate.use_cases import UseCase

from .conftest import NIGHT, findings


@pytest.mark.parametrize(
    ("performance", "data", "severity"),
    [("drift", "ok", "minor"), ("insufficient", "drift", "major"), ("ok", "ok", None)],
    ids=["a retraining", "a review", "a quiet night"],
)
def test_whatever_moves_is_an_alarm_of_the_owner_and_a_quiet_night_ends_it(
    open_policy: UseCase, nights: Any, performance: str, data: str, severity: str | None
) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, performance, data)
        made = decide(open_policy, key)
    alarm = alarm_of("drift/flight_delays")
    assert (alarm and alarm.severity) == severity
    if alarm:
        assert (alarm.evidence, alarm.owner.split()[0]) == (made.hash, open_policy.owner.team)
        assert alarm.sentence.startswith(f"{NIGHT}: {made.decision} ({made.rule})")
        findings(nights, "2013-04-09", "ok")
        decide(open_policy, "2013-04-09")
        assert [one.state for one in alarms("drift/")] == ["resolved"]


def test_an_old_night_tells_nobody(open_policy: UseCase, nights: Any) -> None:
    for key in ("2013-04-07", NIGHT):
        findings(nights, key, "insufficient", "drift")
        decide(open_policy, key, backfill=True)
    assert alarms() == []
