"""A control beside the champion: where its share comes from, what moves leave of it, and who is refused one."""

import numpy as np
import pytest

from driftgate import uris
from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.promotion import advance, roll_back, start_shadow, switch_champion
from driftgate.promotion.bounds import FEWEST
from driftgate.promotion.checks import judge_guardrails
from driftgate.promotion.measured import concurrent_differences
from driftgate.promotion.moves import restore
from driftgate.promotion.served import Reported
from driftgate.promotion.state import variants

from .conftest import BY, NAME


@pytest.fixture
def controlled(use_case):
    """The use case with a control of five percent."""
    return use_case.model_copy(update={"promote": use_case.promote.model_copy(update={"control_share": 5})})


@pytest.fixture
def rules(serving):
    """Versions 1 and 2 have a rule in their packages."""
    for version in ("1", "2"):
        lake().write(f"{uris.package(NAME, version)}/fallback.json", b"{}")


def roles(state):
    return [(variant.version, variant.role, variant.weight) for variant in state.variants]


@pytest.mark.parametrize(
    ("step", "weights"),
    [
        ("shadow", {"champion": 95, "shadow": 0, "control": 5}),
        ("canary_25", {"champion": 70, "canary": 25, "control": 5}),
        ("canary_95", {"champion": 5, "canary": 95}),  # a champion without requests is nothing to compare with
        ("canary_100", {"champion": 0, "canary": 100}),
    ],
)
def test_the_control_comes_out_of_the_champions_part(step, weights):
    assert {one.role: one.weight for one in variants("1", "2", step, 5)} == weights


def test_it_stays_beside_each_champion_through_a_whole_promotion(rules, controlled, use_case, earn):
    assert roles(start_shadow(controlled, "2", **BY)) == [
        ("1", "champion", 95), ("2", "shadow", 0), ("1", "control", 5),
    ]  # fmt: skip
    earn()
    canary = advance(controlled, "2", 25, actor="anna")
    assert roles(canary) == [("1", "champion", 70), ("2", "canary", 25), ("1", "control", 5)]
    assert roles(restore(use_case, canary, **BY)) == roles(canary), "what was recorded, not what is asked for by now"
    earn()
    switched = switch_champion(controlled, "2", **BY)
    assert roles(switched) == [("2", "champion", 95), ("2", "control", 5)]
    assert (len(switched.models), switched.control_share) == (1, 5)
    assert roles(roll_back(controlled, to_previous=True, **BY)) == [("1", "champion", 95), ("1", "control", 5)]


def test_turned_off_it_is_gone_with_the_next_move(rules, controlled, use_case):
    start_shadow(controlled, "2", **BY)
    assert roles(roll_back(use_case, **BY)) == [("1", "champion", 100)]


def test_a_candidate_without_a_rule_is_refused_at_the_start_and_a_way_back_never_is(rules, controlled, earn, use_case):
    with pytest.raises(PromotionRefused, match=r"wants a control of 5 % .* version 3 has no rule to answer by"):
        start_shadow(controlled, "3", **BY)
    lake().delete(f"{uris.package(NAME, '1')}/fallback.json")
    start_shadow(controlled, "2", **BY)
    earn()
    advance(controlled, "2", 5, actor="anna")
    earn()
    assert switch_champion(controlled, "2", **BY).control_share == 5
    assert roles(roll_back(controlled, to_previous=True, **BY)) == [("1", "champion", 100)]


def test_an_endpoint_that_serves_no_control_does_not_serve_the_record(rules, controlled):
    state = start_shadow(controlled, "2", **BY)
    assert Reported(state.revision, state.variants).follows(state)
    lost = [*state.models[1:], state.models[0].model_copy(update={"weight": 100})]
    found = Reported(state.revision, tuple(lost))
    assert not found.follows(state)
    assert "the control of version 1 not at all instead of as control with 5 %" in found.differences(state)


def test_the_split_of_a_step_is_held_against_what_the_control_leaves(use_case, measured_canary):
    """20 % of the requests are 25 % of the 80 that candidate and champion have together."""
    for control, verdict in ((20, "pass"), (0, "fail")):
        judged = judge_guardrails(use_case, "canary_20", measured_canary(0.25), control)
        assert next(one.verdict for one in judged if one.name == "sample_ratio") == verdict


def test_blocks_hold_as_many_of_each_as_come_together():
    candidate, champion = np.ones(10), np.arange(30.0)
    assert len(concurrent_differences(candidate, champion, 20)) == 7  # 20 : 80
    assert len(concurrent_differences(candidate, champion, 20, 80)) == 10  # 20 : 60


@pytest.fixture
def measured_canary():
    """What a canary measured whose candidate met a share of the request keys."""
    from driftgate.promotion.measured import NOTHING, Measured

    def of(share: float) -> Measured:
        met = np.random.default_rng(7).random(40 * FEWEST * 10) < share
        return Measured(**{**vars(NOTHING), "of_candidate": met})

    return of
