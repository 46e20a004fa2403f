"""Every trigger survives the trip to the triggerer and back, and tells a deadline from an answer."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from airflow.triggers.base import TriggerEvent

from driftgate.errors import ConfigError
from driftgate.monitoring import decide
from driftgate.use_cases import load_use_case
from driftgate_airflow.triggers import polling
from driftgate_airflow.triggers.job_trigger import JobTrigger
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger
from driftgate_airflow.triggers.verdict_trigger import VerdictTrigger

TRIGGERS = [
    JobTrigger(job_id="job-1", target="local_small", owner="try-1", deadline=2e9),
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
    """The trigger is asked while there is none, and again after monitoring decided."""
    trigger = VerdictTrigger(use_case="flight_delays", key="2013-04-01", deadline_minutes=5)
    assert trigger.answer() is None
    decide(load_use_case("flight_delays"), "2013-04-01")
    assert first_event(trigger) == TriggerEvent({"late": False})


def test_a_verdict_written_while_the_trigger_waits_fires_it_before_its_deadline():
    trigger = VerdictTrigger(use_case="flight_delays", key="2013-04-01", deadline_minutes=5)
    trigger.poll_seconds = 0.01

    async def wait_and_decide():
        waiting = asyncio.ensure_future(first_of(trigger))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.to_thread(decide, load_use_case("flight_delays"), "2013-04-01")
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(wait_and_decide()) == TriggerEvent({"late": False})


def test_a_verdict_that_cannot_be_read_is_asked_for_until_the_deadline(monkeypatch, caplog):
    clock, asked = [100.0], []
    trigger = VerdictTrigger(use_case="flight_delays", key="2013-04-01", deadline_minutes=5, deadline=clock[0] + 0.3)
    trigger.poll_seconds = 0.01

    async def later(seconds):
        clock[0] += seconds

    monkeypatch.setattr(polling, "time", SimpleNamespace(time=lambda: clock[0]))
    monkeypatch.setattr(polling.asyncio, "sleep", later)

    def broken():
        asked.append(1)
        raise ConfigError("use_case.yaml is wrong")

    monkeypatch.setattr(trigger, "answer", broken)
    assert first_event(trigger) == TriggerEvent({"late": True})
    assert 4 < len(asked) < 8, "asked again, ever more rarely"


def first_event(trigger):
    return asyncio.run(asyncio.wait_for(first_of(trigger), 10))


async def first_of(trigger):
    return await anext(trigger.run())
