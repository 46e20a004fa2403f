"""A canary at the endpoint: a restart changes nobody's variant, and a rollback reaches everybody within seconds."""

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from driftgate import promotion
from driftgate.endpoint.__main__ import SWITCH_SECONDS
from driftgate.endpoint.metrics import Metrics
from driftgate.endpoint.watching import Watcher

NAME = "flight_delays"
KEYS = [f"flight {number}" for number in range(2000)]


@pytest.fixture
def _threads_of_the_endpoint():
    """Let threads take turns as quickly as the endpoint's program does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield
    sys.setswitchinterval(before)


def assigned(server):
    return [server.watcher.served(NAME).variant_for(key).version for key in KEYS]


def test_a_restart_in_mid_canary_keeps_weights_and_who_meets_whom(server, world):
    world.deploy("1", "2", share=25)
    server.watcher.poll()
    before, weights = assigned(server), [one.weight for one in server.watcher.served(NAME).variants]
    again = SimpleNamespace(watcher=Watcher(promotion.deployment, server.watcher._packages, Metrics()))
    again.watcher.poll()
    assert assigned(again) == before
    assert [one.weight for one in again.watcher.served(NAME).variants] == weights == [75, 25]
    assert 400 < Counter(before)["2"] < 600


@pytest.mark.usefixtures("_threads_of_the_endpoint")
def test_a_rollback_reaches_everybody_within_five_seconds_under_load(server, world):
    """Four callers who never stop: each request has a variant, and soon after the record the candidate's end."""
    world.deploy("1", "2", share=50)
    server.watcher.poll()
    server.watcher.start()
    ends = time.monotonic() + 30

    def until_it_is_gone(_):
        while "2" in assigned(server):
            assert time.monotonic() < ends, "the candidate still answers"
        return time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(until_it_is_gone, number) for number in range(4)]
        time.sleep(0.3)
        assert not any(caller.done() for caller in callers)
        world.deploy("1")
        recorded = time.monotonic()
        gone = max(caller.result() for caller in callers)
    server.watcher.stop()
    assert promotion.deployment(NAME).candidate is None
    assert gone - recorded < 5
    assert "2" not in assigned(server)
