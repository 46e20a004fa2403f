"""Every trigger survives the trip to the triggerer and back, and tells a deadline from an answer."""

import asyncio
import time

import pytest
from airflow.triggers.base import TriggerEvent

from driftgate_airflow.triggers.job_trigger import JobTrigger
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger
from driftgate_airflow.triggers.verdict_trigger import VerdictTrigger

TRIGGERS = [
    JobTrigger(job_id="job-1", target="local_small"),
    TrafficTrigger(use_case="flight_delays", model_version="2", step_name="shadow", deadline_minutes=5),
    VerdictTrigger(use_case="flight_delays", key="2013-04-01", deadline_minutes=5),
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: type(trigger).__name__)
def test_a_trigger_survives_serialisation_with_its_deadline(trigger):
    path, arguments = trigger.serialize()
    module, name = path.rsplit(".", 1)
    again = getattr(__import__(module, fromlist=[name]), name)(**arguments)
    assert again.serialize() == trigger.serialize()
    assert again.deadline == trigger.deadline


def test_a_verdict_that_never_comes_is_late_and_not_quiet():
    trigger = VerdictTrigger(use_case="flight_delays", key="2013-04-01", deadline_minutes=5, deadline=time.time() - 1)
    assert first_event(trigger) == TriggerEvent({"late": True})


def test_a_written_verdict_fires_the_trigger():
    from driftgate.metadata import metadata
    from driftgate.monitoring import verdict_of

    assert verdict_of("flight_delays", "2013-04-01") is None
    assert metadata().latest("verdict", "flight_delays/2013-04-01") is None


def first_event(trigger):
    async def first():
        async for event in trigger.run():
            return event

    return asyncio.run(asyncio.wait_for(first(), 10))
