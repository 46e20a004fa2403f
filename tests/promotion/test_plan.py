"""Each strategy's steps, what a policy may not say, and how long a step bakes."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from driftgate.errors import PromotionRefused
from driftgate.promotion import advance, deployment_plan, end_shadow, roll_back, start_shadow, switch_champion
from driftgate.promotion import plan as plans
from driftgate.promotion.plan import baked_at, require_baked
from driftgate.promotion_policy import Promote
from driftgate.wall_clock import utc_now

BY = {"actor": "anna", "reason": "a test"}
STRATEGIES = {
    "all_at_once": ({}, []),
    "blue_green": ({"bake_minutes": 30}, [("shadow", 0, 0), ("canary_100", 100, 30)]),
    "linear": (
        {"steps_percent": (25, 50, 75, 100), "bake_minutes": 5},
        [("shadow", 0, 0), ("canary_25", 25, 5), ("canary_50", 50, 5), ("canary_75", 75, 5)],
    ),
    "canary": (
        {"steps": ({"percent": 5, "min_requests": 40, "bake_minutes": 10}, {"percent": 100})},
        [("shadow", 0, 0), ("canary_5", 5, 10)],
    ),
    "shadow_only": ({}, [("shadow", 0, 0)]),
}


@pytest.fixture
def policy(use_case):
    """The promotion policy with another strategy, read as from a file."""

    def written(strategy, **changes):
        raw = use_case.promote.model_dump(exclude_unset=True)
        raw.pop("steps_percent")
        return Promote.model_validate({**raw, "strategy": strategy, **changes})

    return written


@pytest.fixture
def by(use_case, policy):
    """The use case with another strategy."""
    return lambda strategy, **changes: use_case.model_copy(update={"promote": policy(strategy, **changes)})


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_has_its_steps(by, strategy):
    changes, steps = STRATEGIES[strategy]
    plan = deployment_plan(by(strategy, **changes))
    assert [(step.name, step.percent, step.bake_minutes) for step in plan.steps] == steps
    assert plan.switches == (strategy != "shadow_only")


def test_a_step_may_need_requests_of_its_own(by, use_case):
    steps = ({"percent": 5, "min_requests": 40}, {"percent": 50}, {"percent": 100})
    plan = deployment_plan(by("canary", steps=steps))
    usual = use_case.promote.min_requests_per_step
    assert [step.min_requests for step in plan.steps] == [use_case.promote.shadow.requests, 40, usual]


@pytest.mark.parametrize(
    ("strategy", "changes", "sentence"),
    [
        ("canary", {"steps_percent": (25, 5, 100)}, r"must rise and end at 100.*got \[25, 5, 100\]"),
        ("canary", {"steps_percent": (5, 50)}, "must rise and end at 100"),
        ("canary", {"steps": ({"percent": 120},)}, "less than or equal to 100"),
        ("canary", {}, "must rise and end at 100"),
        ("canary", {"steps": ({"percent": 100},), "steps_percent": (100,)}, "leave out one of them"),
        ("linear", {"steps_percent": (5, 25, 100)}, r"steps of linear must be equal.*got \[5, 25, 100\]"),
        ("blue_green", {"steps_percent": (5, 100)}, "the strategy blue_green has no steps"),
        ("all_at_once", {"risk": "high"}, "high risk goes from shadow to canary or linear, not by all_at_once"),
        ("blue_green", {"risk": "high"}, "not by blue_green"),
        ("shadow_only", {"rationale": ""}, "at least 10 characters"),
        ("blue_green", {"control_share": 21}, "less than or equal to 20"),
        ("blue_green", {"bake_minutes": 20000}, "must exceed the 20000 minutes that a step bakes"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(policy, strategy, changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        policy(strategy, **changes)


def test_all_at_once_switches_without_a_candidate_under_way(serving, by):
    state = switch_champion(by("all_at_once"), "2", **BY)
    assert (state.champion, state.previous) == ("2", "1")


def test_all_at_once_waits_for_whoever_is_under_way(serving, by, use_case):
    start_shadow(use_case, "2", **BY)
    with pytest.raises(PromotionRefused, match="Version 2 of flight_delays is under way"):
        switch_champion(by("all_at_once"), "3", **BY)


def test_blue_green_answers_everything_beside_a_champion_that_stays_loaded(serving, by, earn):
    blue_green = by("blue_green")
    start_shadow(blue_green, "2", **BY)
    earn()
    state = advance(blue_green, "2", 100, actor="anna")
    assert [(one.version, one.role, one.weight) for one in state.variants] == [
        ("1", "champion", 0),
        ("2", "canary", 100),
    ]
    back = roll_back(blue_green, **BY)
    assert [(one.version, one.weight) for one in back.variants] == [("1", 100)]


def test_a_shadow_only_candidate_is_taken_out_after_it_has_passed(serving, by, earn, use_case):
    shadow_only = by("shadow_only")
    start_shadow(shadow_only, "2", **BY)
    with pytest.raises(PromotionRefused, match="has not passed its judgement in shadow"):
        end_shadow(shadow_only, "2", actor="anna")
    earn()
    with pytest.raises(PromotionRefused, match="shadow_only, which gives no shares"):
        advance(shadow_only, "2", 5, actor="anna")
    with pytest.raises(PromotionRefused, match="shadow_only, so version 2 cannot become champion"):
        switch_champion(shadow_only, "2", **BY)
    with pytest.raises(PromotionRefused, match=r"is not the end of its plan \(canary\)"):
        end_shadow(use_case, "2", actor="anna")
    state = end_shadow(shadow_only, "2", actor="anna")
    assert (state.candidate, state.champion, state.reason) == (None, "1", "passed shadow")


class TestBaking:
    @pytest.fixture
    def canary(self, serving, by, earn):
        use_case = by("canary", steps=({"percent": 5, "bake_minutes": 10}, {"percent": 100}))
        start_shadow(use_case, "2", **BY)
        earn()
        state = advance(use_case, "2", 5, actor="anna")
        earn()
        return use_case, state

    def test_a_step_that_was_passed_still_bakes(self, canary, monkeypatch):
        use_case, state = canary
        with pytest.raises(PromotionRefused, match=r"Version 2 .* bakes in canary_5 until .* UTC, and the clock says"):
            switch_champion(use_case, "2", **BY)
        until = baked_at(use_case, state)
        assert timedelta(minutes=9) < until - utc_now() < timedelta(minutes=10)
        require_baked(use_case, state, until)

    def test_a_clock_that_was_put_back_only_makes_it_longer(self, canary):
        use_case, state = canary
        with pytest.raises(PromotionRefused, match="move it on after that"):
            require_baked(use_case, state, utc_now() - timedelta(days=3650))

    def test_a_clock_that_jumps_ahead_does_not_replace_the_judgement(self, canary, monkeypatch):
        """Baked is not passed: the requests of a step are counted."""
        use_case, _ = canary
        roll_back(use_case, **BY)
        start_shadow(use_case, "2", **BY)
        monkeypatch.setattr("driftgate.promotion.allowed.utc_now", lambda: utc_now() + timedelta(days=3650))
        with pytest.raises(PromotionRefused, match="has not passed its judgement in shadow"):
            advance(use_case, "2", 5, actor="anna")


def test_the_plan_is_the_same_each_time(use_case):
    assert deployment_plan(use_case) == plans.deployment_plan(use_case)
    assert deployment_plan(use_case).hash == deployment_plan(use_case).hash
