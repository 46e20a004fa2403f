"""Every move of traffic: what it leads to, what it refuses, and what happens when it is tried twice or at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from driftgate import registry
from driftgate.errors import Conflict, PromotionRefused
from driftgate.evaluation.bias_cases import close_case, open_case
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.promotion import (
    advance,
    candidate_under_way,
    deployment,
    moves,
    roll_back,
    start_shadow,
    switch_champion,
)
from driftgate.promotion.state import deployment_history

from .conftest import BY, NAME


def served(state):
    return {variant.version: (variant.role, variant.weight) for variant in state.variants}


def aliased():
    return registry.champion(NAME).version


def test_before_the_first_model_nothing_is_deployed():
    assert deployment(NAME) is None
    assert not candidate_under_way(NAME)


def test_the_first_model_serves_at_once(serving):
    assert (serving.step, serving.champion, serving.candidate, serving.previous) == ("serving", "1", None, None)
    assert served(serving) == {"1": ("champion", 100)}
    assert aliased() == "1"


def test_a_candidate_goes_from_shadow_through_canary_to_champion(serving, use_case, earn):
    shadow = start_shadow(use_case, "2", **BY)
    assert (shadow.step, served(shadow)) == ("shadow", {"1": ("champion", 100), "2": ("shadow", 0)})
    assert candidate_under_way(NAME)

    earn()
    canary = advance(use_case, "2", 25, actor="anna")
    assert (canary.step, served(canary)) == ("canary_25", {"1": ("champion", 75), "2": ("canary", 25)})

    earn()
    champion = switch_champion(use_case, "2", **BY)
    assert (champion.step, served(champion)) == ("serving", {"2": ("champion", 100)})
    assert (champion.previous, aliased(), candidate_under_way(NAME)) == ("1", "2", False)


def test_an_open_critical_bias_case_stops_every_move_but_the_one_back(serving, use_case, earn):
    found = GroupResult(
        facet="operator", group="small", reference="mainline", metric="disparate_impact", rows=800,
        reference_rows=8000, value=0.5, interval=(0.4, 0.6), at_least=0.7, verdict="fail",
    )  # fmt: skip
    open_case(use_case, found, found_by="monitoring", model="job-1", as_of="2013-04-01")
    with pytest.raises(PromotionRefused, match=r"1 open critical bias case\(s\): operator\.small\.disparate_impact"):
        start_shadow(use_case, "2", **BY)
    close_case(NAME, found.name, "accepted", actor="anna", reason="as their labels are")
    start_shadow(use_case, "2", **BY)
    earn()
    open_case(use_case, found, found_by="monitoring", model="job-2", as_of="2013-04-02")
    for move in (lambda: advance(use_case, "2", 25, actor="anna"), lambda: switch_champion(use_case, "2", **BY)):
        with pytest.raises(PromotionRefused, match="open critical bias case"):
            move()
    assert roll_back(use_case, **BY).candidate is None


def test_every_move_says_who_and_why_and_none_is_forgotten(serving, use_case, earn):
    start_shadow(use_case, "2", actor="airflow:flight_delays.promote", reason="run nightly")
    earn()
    advance(use_case, "2", 5, actor="anna")
    roll_back(use_case, actor="ben", reason="too slow")
    told = [(state.revision, state.actor, state.reason) for state in deployment_history(NAME)]
    assert told == [
        (1, "test", "the first model"),
        (2, "airflow:flight_delays.promote", "run nightly"),
        (3, "anna", "passed shadow"),
        (4, "ben", "too slow"),
    ]


@pytest.mark.parametrize("percent", [5, 99])
def test_the_weights_of_a_canary_add_up(serving, use_case, earn, percent):
    start_shadow(use_case, "2", **BY)
    earn()
    assert sum(variant.weight for variant in advance(use_case, "2", percent, actor="anna").variants) == 100


def test_a_move_tried_again_changes_nothing(serving, use_case, earn):
    for move in (
        lambda: start_shadow(use_case, "2", **BY),
        lambda: advance(use_case, "2", 5, actor="anna"),
        lambda: switch_champion(use_case, "2", **BY),
    ):
        first = move()
        assert move() == first
        assert deployment(NAME) == first
        earn()


class TestRefusals:
    def test_nothing_moves_before_the_first_champion(self, use_case):
        for move in (
            lambda: start_shadow(use_case, "2", **BY),
            lambda: advance(use_case, "2", 5, actor="anna"),
            lambda: roll_back(use_case, **BY),
        ):
            with pytest.raises(PromotionRefused, match=r"No champion serves flight_delays yet, so .*first champion"):
                move()

    def test_an_unknown_version_cannot_be_a_candidate(self, serving, use_case):
        with pytest.raises(PromotionRefused, match=r"no registered version '7'.*Known: 1, 2, 3"):
            start_shadow(use_case, "7", **BY)

    def test_an_unknown_version_cannot_be_the_first_champion(self, use_case):
        with pytest.raises(PromotionRefused, match=r"no registered version '1'.*Known: none"):
            switch_champion(use_case, "1", **BY)
        assert deployment(NAME) is None

    def test_the_champion_cannot_be_its_own_candidate(self, serving, use_case):
        with pytest.raises(PromotionRefused, match="Version 1 of flight_delays already is the champion"):
            start_shadow(use_case, "1", **BY)

    def test_one_candidate_at_a_time(self, serving, use_case):
        start_shadow(use_case, "2", **BY)
        with pytest.raises(PromotionRefused, match=r"Version 2 .* is under way \(shadow\), so the shadow of version 3"):
            start_shadow(use_case, "3", **BY)

    def test_a_canary_does_not_go_back_to_shadow(self, serving, use_case, earn):
        start_shadow(use_case, "2", **BY)
        earn()
        advance(use_case, "2", 5, actor="anna")
        with pytest.raises(PromotionRefused, match=r"Version 2 .* is under way \(canary_5\).*roll it back first"):
            start_shadow(use_case, "2", **BY)

    @pytest.mark.parametrize("percent", [0, 5, 100])
    def test_a_share_only_grows_and_never_reaches_all(self, serving, use_case, earn, percent):
        start_shadow(use_case, "2", **BY)
        earn()
        advance(use_case, "2", 25, actor="anna")
        with pytest.raises(PromotionRefused, match=f"between 26 and 99 %, not at {percent} %"):
            advance(use_case, "2", percent, actor="anna")

    def test_only_the_candidate_under_way_moves_on(self, serving, use_case):
        for move in (lambda: advance(use_case, "2", 5, actor="anna"), lambda: switch_champion(use_case, "2", **BY)):
            with pytest.raises(
                PromotionRefused, match=r"Version 2 .* is not under way: no candidate is; start its shadow"
            ):
                move()
        start_shadow(use_case, "3", **BY)
        with pytest.raises(PromotionRefused, match=r"not under way: version 3 is \(shadow\)"):
            switch_champion(use_case, "2", **BY)

    def test_a_step_that_was_not_passed_gives_no_more_traffic(self, serving, use_case, earn):
        start_shadow(use_case, "2", **BY)
        earn()
        advance(use_case, "2", 5, actor="anna")
        for move in (lambda: advance(use_case, "2", 25, actor="anna"), lambda: switch_champion(use_case, "2", **BY)):
            with pytest.raises(PromotionRefused, match=r"Version 2 .* has not passed its judgement in canary_5"):
                move()

    def test_a_judgement_counts_for_its_own_try_only(self, serving, use_case, earn):
        start_shadow(use_case, "2", **BY)
        earn()
        roll_back(use_case, **BY)
        start_shadow(use_case, "2", **BY)
        with pytest.raises(PromotionRefused, match="has not passed its judgement in shadow"):
            advance(use_case, "2", 5, actor="anna")

    def test_without_a_candidate_there_is_nothing_to_roll_back(self, serving, use_case):
        with pytest.raises(PromotionRefused, match=r"No candidate of flight_delays is under way.*turn on 'To previous"):
            roll_back(use_case, **BY)

    def test_the_first_champion_has_nobody_before_it(self, serving, use_case):
        with pytest.raises(PromotionRefused, match="No champion of flight_delays before version 1 is recorded"):
            roll_back(use_case, to_previous=True, **BY)


class TestRollBack:
    def test_it_takes_the_candidate_out_and_leaves_the_champion(self, serving, use_case, earn):
        start_shadow(use_case, "2", **BY)
        earn()
        advance(use_case, "2", 50, actor="anna")
        state = roll_back(use_case, **BY)
        assert (state.step, served(state), aliased()) == ("serving", {"1": ("champion", 100)}, "1")

    def test_to_previous_restores_the_champion_before_and_its_alias(self, promoted, use_case):
        state = roll_back(use_case, to_previous=True, **BY)
        assert (served(state), state.previous, aliased()) == ({"1": ("champion", 100)}, None, "1")

    def test_a_candidate_goes_first_even_with_to_previous(self, promoted, use_case):
        start_shadow(use_case, "3", **BY)
        state = roll_back(use_case, to_previous=True, **BY)
        assert (state.champion, state.candidate, state.previous) == ("2", None, "1")

    def test_a_named_candidate_that_is_not_under_way_any_more_is_left_alone(self, serving, use_case):
        start_shadow(use_case, "2", **BY)
        first = roll_back(use_case, candidate="2", **BY)
        assert roll_back(use_case, candidate="2", **BY) == first
        other = start_shadow(use_case, "3", **BY)
        assert roll_back(use_case, candidate="2", **BY) == other

    def test_the_same_run_rolls_back_once(self, promoted, use_case):
        """Its retry must not go on to take the traffic from the champion as well."""
        start_shadow(use_case, "3", **BY)
        first = roll_back(use_case, to_previous=True, run_id="manual__1", **BY)
        assert roll_back(use_case, to_previous=True, run_id="manual__1", **BY) == first
        assert roll_back(use_case, to_previous=True, run_id="manual__2", **BY).champion == "1"

    def test_a_candidate_rolled_back_may_try_again(self, serving, use_case):
        start_shadow(use_case, "2", **BY)
        roll_back(use_case, **BY)
        assert start_shadow(use_case, "2", **BY).revision == serving.revision + 3


class TestCrashes:
    """The process dies after the record was appended and before the alias has followed."""

    @pytest.fixture
    def crash(self, monkeypatch):
        def die(*_, **__):
            raise KeyboardInterrupt

        def run(move):
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(moves, "set_champion", die)
                move()

        return run

    def test_a_retried_switch_heals_the_alias(self, serving, use_case, crash, earn):
        start_shadow(use_case, "2", **BY)
        earn()
        crash(lambda: switch_champion(use_case, "2", **BY))
        assert (deployment(NAME).champion, aliased()) == ("2", "1")
        state = switch_champion(use_case, "2", **BY)
        assert (state.revision, aliased()) == (serving.revision + 2, "2")

    def test_a_retried_rollback_heals_the_alias(self, promoted, use_case, crash):
        crash(lambda: roll_back(use_case, to_previous=True, run_id="manual__1", **BY))
        assert (deployment(NAME).champion, aliased()) == ("1", "2")
        state = roll_back(use_case, to_previous=True, run_id="manual__1", **BY)
        assert (state.champion, aliased()) == ("1", "1")

    def test_a_late_switch_does_not_turn_the_alias_from_a_newer_champion(self, serving, use_case, earn, monkeypatch):
        """The rollback comes in after the switch was recorded and before its alias moved."""
        start_shadow(use_case, "2", **BY)
        earn()
        really = moves.set_champion

        def interrupted(name, version, **more):
            monkeypatch.setattr(moves, "set_champion", really)
            roll_back(use_case, to_previous=True, **BY)
            return really(name, version, **more)

        monkeypatch.setattr(moves, "set_champion", interrupted)
        switch_champion(use_case, "2", **BY)
        assert (deployment(NAME).champion, aliased()) == ("1", "1")


def test_of_two_moves_at_once_one_wins_and_the_other_may_retry(serving, use_case, earn, monkeypatch):
    start_shadow(use_case, "2", **BY)
    earn()
    both_have_read, append = Barrier(2), moves._append

    def together(*args, **more):
        both_have_read.wait(60)
        return append(*args, **more)

    monkeypatch.setattr(moves, "_append", together)
    with ThreadPoolExecutor(2) as pool:
        tried = [
            pool.submit(advance, use_case, "2", 5, actor="anna"),
            pool.submit(roll_back, use_case, actor="ben", reason="stop"),
        ]
    problems = [future.exception() for future in tried]
    assert sorted(type(problem) for problem in problems if problem) == [Conflict]
    winner = next(future.result() for future in tried if not future.exception())
    assert deployment(NAME) == winner
    assert winner.revision == serving.revision + 2


@pytest.fixture
def promoted(serving, use_case, earn, leave_receipts):
    """Version 2 serves, after 1; version 3 was evaluated against it."""
    start_shadow(use_case, "2", **BY)
    earn()
    state = switch_champion(use_case, "2", **BY)
    leave_receipts(registry.find_model(NAME, "3"), "2")
    return state
