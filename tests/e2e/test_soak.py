"""The whole demo on a clean state: sixteen real nights, as a newcomer runs it."""

import pytest
from rich.console import Console

from driftgate.backtest.recorded import decided_again
from driftgate.lineage import verify
from driftgate.monitoring import verdicts
from driftgate.promotion import deployment
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case
from driftgate.world import demo, stack

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

NAME = demo.Plan.use_case


@pytest.fixture(scope="module")
def project():
    """The shipped project itself, with the shipped policy."""
    return project_root()


@pytest.fixture(scope="module")
def played(stack_home):
    """The demo, played to its end with the shipped policy."""
    demo.run_demo(demo.Plan(), Console())


def test_the_real_data_makes_the_sensor_fire_once(played):
    decisions = [verdict.decision for verdict in verdicts(NAME)]
    assert decisions.count("retrain") == 1
    assert "quiet" in decisions


def test_the_candidate_became_champion_and_serves(played):
    state = deployment(NAME)
    assert (state.step, state.champion, state.candidate) == ("serving", "2", None)
    assert stack.endpoint_answers()


def test_its_nights_are_decided_again_byte_for_byte(played):
    assert [night.sentence for night in decided_again(load_use_case(NAME)) if not night.same] == []


def test_every_lineage_chain_is_whole(played):
    assert verify(NAME) == verify("nycflights") == []
