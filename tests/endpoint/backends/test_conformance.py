"""Both backends do the same with a deployment state.

SageMaker here is moto with ``local_aws.sagemaker_endpoints``: no machine starts and no request is answered, updates
last 0.3 s instead of minutes, alarms do not ring by themselves, Auto Scaling never scales, data capture writes nothing.
botocore checks every request against AWS's own model of it; what AWS makes of one we know from its documentation only.
"""

import time
from collections.abc import Callable

import pytest

from driftgate.endpoint.backends import EndpointBackend
from driftgate.errors import PromotionRefused
from driftgate.promotion import DeploymentState, confirm, reported, require_loaded
from driftgate.promotion.served import serve
from driftgate.use_cases import load_use_case

NAME = "flight_delays"
Move = Callable[..., DeploymentState]


def shown() -> list[tuple[str, str, int]]:
    return [(one.version, one.role, one.weight) for one in reported(NAME).variants]


def test_a_candidate_goes_all_the_way(backend: EndpointBackend, move: Move) -> None:
    serve(first := move("1"))
    assert reported(NAME).follows(first)
    confirm(load_use_case(NAME), move("1", "2"), actor="test")
    assert shown() == [("1", "champion", 100), ("2", "shadow", 0)]
    require_loaded(NAME, "2")
    for share in (5, 25, 50):
        confirm(load_use_case(NAME), move("1", "2", share), actor="test")
        assert shown() == [("1", "champion", 100 - share), ("2", "canary", share)]
    confirm(load_use_case(NAME), move("2"), actor="test")
    assert shown() == [("2", "champion", 100)]


def test_the_champion_is_back_within_five_seconds(backend: EndpointBackend, move: Move) -> None:
    for step in (("1",), ("1", "2", 50)):
        serve(move(*step))
    began, back = time.monotonic(), move("1")
    while not (backend.apply(back), reported(NAME).follows(back))[1]:
        time.sleep(0.02)
    assert time.monotonic() - began < 5
    assert serve(back).variants == back.variants


def test_nothing_is_served_before_the_first_state(backend: EndpointBackend) -> None:
    assert reported(NAME).variants == ()
    with pytest.raises(PromotionRefused, match="has not loaded version 1 of flight_delays"):
        require_loaded(NAME, "1")


def test_applying_it_again_changes_nothing(backend: EndpointBackend, move: Move) -> None:
    state = move("1", "2")
    serve(state)
    backend.apply(state)
    before = reported(NAME)
    backend.apply(state)
    assert reported(NAME) == before
