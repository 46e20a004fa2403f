"""Judging a step on captured answers and on outcomes that lie in a lake."""

import json

import numpy as np
import pytest

from driftgate.errors import CannotJudge, PromotionRefused
from driftgate.lake import lake
from driftgate.promotion import Judgement, advance, judge, ready_to_judge, roll_back, start_shadow
from driftgate.records import parse_record

BY = {"actor": "anna", "reason": "a test"}
DAY, NEXT = "2013-04-02", "2013-04-03"


@pytest.fixture
def shadow(serving, use_case):
    """Version 2 is the shadow of version 1."""
    return start_shadow(use_case, "2", **BY)


@pytest.fixture
def canary(shadow, use_case, earn):
    """Version 2 answers 5 % of the requests."""
    earn()
    return advance(use_case, "2", 5, actor="anna")


def overconfident(chance):
    """The same order of flights, and far too sure of it."""
    return float(np.clip((chance - 0.25) * 8 + 0.25, 0.001, 0.999))


def verdicts(judgement):
    return {result.name: result.verdict for result in judgement.guardrails}


def result(judgement, name):
    return next(result for result in judgement.guardrails if result.name == name)


class TestShadow:
    def play(self, traffic, state, **more):
        day = traffic.day(DAY, 300, cancelled=6)
        traffic.shadowed(day, state, **more)
        day.publish_outcomes()

    def test_a_good_candidate_passes_on_requests_errors_latency_agreement_and_loss(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda chance: 0.9 * chance + 0.01)
        judgement = judge(use_case, "2", "shadow")
        assert judgement.passed
        assert set(verdicts(judgement).values()) == {"pass"}
        assert judgement.reason == "Every guardrail was kept on 300 requests of 2013-04-02."
        assert (judgement.requests, judgement.required) == (300, 200)
        assert result(judgement, "agreement").value == pytest.approx(1)
        assert result(judgement, "log_loss_increase").sample_size == 294, "six were cancelled"

    def test_a_broken_candidate_fails_by_its_errors(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda chance: chance if chance < 0.4 else None)
        judgement = judge(use_case, "2", "shadow")
        assert not judgement.passed
        assert verdicts(judgement)["error_rate"] == "fail"
        assert "at most 0.01 is allowed, and it is at least" in judgement.reason

    def test_a_candidate_that_only_raises_has_nothing_else_to_show(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda _: None)
        judgement = judge(use_case, "2", "shadow")
        assert verdicts(judgement) == {
            "error_rate": "fail",
            "latency_p95_ms": "pass",
            "agreement": "insufficient",
            "log_loss_increase": "insufficient",
        }
        assert not judgement.passed

    def test_a_slow_candidate_fails_by_its_latency(self, shadow, use_case, traffic):
        self.play(traffic, shadow, latency_ms=250)
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.passed, verdicts(judgement)["latency_p95_ms"]) == (False, "fail")
        assert result(judgement, "latency_p95_ms").value == 250

    def test_a_disagreeing_candidate_fails_by_its_ranks(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda chance: 0.3 - 0.1 * chance)
        judgement = judge(use_case, "2", "shadow")
        assert verdicts(judgement)["agreement"] == "fail"
        assert "agreement is -1 on 300 requests; at least 0.3 is needed" in judgement.reason

    def test_a_candidate_with_one_score_for_all_does_not_pass(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda _: 0.25)
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.passed, verdicts(judgement)["agreement"]) == (False, "insufficient")
        assert "all 300 requests the same score" in judgement.reason

    def test_a_worse_candidate_fails_by_its_loss_though_it_agrees(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=overconfident)
        judgement = judge(use_case, "2", "shadow")
        assert (verdicts(judgement)["agreement"], verdicts(judgement)["log_loss_increase"]) == ("pass", "fail")

    def test_too_few_requests_are_a_failed_judgement(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 120)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.passed, verdicts(judgement)["error_rate"]) == (False, "insufficient")
        assert "error_rate needs 200 requests, and there are 120." in judgement.reason

    def test_without_any_traffic_nothing_passes(self, shadow, use_case):
        judgement = judge(use_case, "2", "shadow")
        assert not judgement.passed
        assert set(verdicts(judgement).values()) == {"insufficient"}
        assert judgement.outcomes == {}

    def test_a_score_that_is_no_probability_cannot_be_judged(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda _: 1.5)
        with pytest.raises(CannotJudge, match="not a probability between 0 and 1"):
            judge(use_case, "2", "shadow")

    def test_a_request_asked_twice_counts_once_for_loss_and_agreement(self, shadow, use_case, traffic):
        self.play(traffic, shadow)
        before = judge(use_case, "2", "shadow")
        again = shadow.model_copy(update={"revision": shadow.revision + 1})  # other prediction ids, the same flights
        traffic.shadowed(traffic.day(DAY, 300, cancelled=6), again, answer=overconfident)
        after = judge(use_case, "2", "shadow")
        assert after.requests == 600
        assert result(after, "log_loss_increase") == result(before, "log_loss_increase")


class TestCanary:
    def play(self, traffic, state, flights=45, **more):
        day = traffic.day(DAY, 900)
        traffic.canaried(day, state, flights, **more)
        day.publish_outcomes()

    def test_five_percent_of_one_day_is_enough_for_a_good_candidate(self, canary, use_case, traffic):
        self.play(traffic, canary)
        judgement = judge(use_case, "2", "canary_5")
        assert judgement.passed
        assert verdicts(judgement) == {
            "error_rate": "pass",
            "latency_p95_ms": "pass",
            "agreement": "not_applicable",
            "log_loss_increase": "pass",
        }
        assert "scores cannot be paired" in result(judgement, "agreement").sentence

    def test_a_candidate_that_is_worse_on_its_own_requests_fails(self, canary, use_case, traffic):
        self.play(traffic, canary, answer=overconfident)
        assert verdicts(judge(use_case, "2", "canary_5"))["log_loss_increase"] == "fail"

    def test_a_candidate_that_raises_fails_though_the_champion_stood_in(self, canary, use_case, traffic):
        self.play(traffic, canary, answer=lambda chance: chance if chance < 0.4 else None)
        traffic.ask(traffic.day(DAY, 900), canary, "champion", "1", range(45))
        assert verdicts(judge(use_case, "2", "canary_5"))["error_rate"] == "fail"

    def test_one_error_in_a_small_step_is_no_proof(self, canary, use_case, traffic):
        largest = max(traffic.day(DAY, 900).chances[:45])
        self.play(traffic, canary, answer=lambda chance: chance if chance < largest else None)
        error_rate = result(judge(use_case, "2", "canary_5"), "error_rate")
        assert (error_rate.value, error_rate.verdict) == (pytest.approx(1 / 45), "pass")

    def test_without_the_champions_answers_the_loss_has_no_reference(self, canary, use_case, traffic):
        self.play(traffic, canary, flights=900)
        assert verdicts(judge(use_case, "2", "canary_5"))["log_loss_increase"] == "insufficient"

    def test_too_few_requests_are_a_failed_judgement(self, canary, use_case, traffic):
        self.play(traffic, canary, flights=29)
        assert "error_rate needs 30 requests, and there are 29." in judge(use_case, "2", "canary_5").reason


class TestReady:
    def test_enough_requests_whose_outcomes_are_known(self, shadow, use_case, traffic):
        first, second = traffic.day(DAY, 120), traffic.day(NEXT, 120)
        traffic.shadowed(first, shadow)
        assert not ready_to_judge(use_case, "2", "shadow")
        first.publish_outcomes()
        assert not ready_to_judge(use_case, "2", "shadow"), "120 of 200"
        traffic.shadowed(second, shadow)
        assert not ready_to_judge(use_case, "2", "shadow"), "nobody knows yet how the second day ended"
        second.publish_outcomes()
        assert ready_to_judge(use_case, "2", "shadow")
        assert set(judge(use_case, "2", "shadow").outcomes) == {DAY, NEXT}

    def test_outcomes_that_come_days_later_are_waited_for(self, shadow, use_case, traffic):
        slow = use_case.model_copy(update={"label": use_case.label.model_copy(update={"known_after_days": 2})})
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        assert not ready_to_judge(slow, "2", "shadow")
        traffic.day(NEXT, 10).publish_outcomes()
        assert ready_to_judge(slow, "2", "shadow")

    def test_only_captures_of_this_step_count(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        assert judge(use_case, "2", "shadow").passed
        state = advance(use_case, "2", 5, actor="anna")
        assert not ready_to_judge(use_case, "2", "canary_5")
        later = traffic.day(NEXT, 300)
        traffic.canaried(later, state, 40)
        later.publish_outcomes()
        assert ready_to_judge(use_case, "2", "canary_5")
        assert judge(use_case, "2", "canary_5").requests == 40

    def test_a_step_that_is_repeated_starts_from_nothing(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        roll_back(use_case, **BY)
        start_shadow(use_case, "2", **BY)
        assert not ready_to_judge(use_case, "2", "shadow")
        assert judge(use_case, "2", "shadow").requests == 0

    def test_a_day_on_which_the_candidate_met_nobody_does_not_hide_the_days_before(self, canary, use_case, traffic):
        first, second = traffic.day(DAY, 300), traffic.day(NEXT, 300)
        traffic.canaried(first, canary, 35)
        traffic.canaried(second, canary, 0)
        first.publish_outcomes()
        second.publish_outcomes()
        assert ready_to_judge(use_case, "2", "canary_5")

    def test_more_captures_of_a_day_are_seen(self, canary, use_case, traffic):
        day = traffic.day(DAY, 300)
        day.publish_outcomes()
        traffic.ask(day, canary, "canary", "2", range(20))
        assert not ready_to_judge(use_case, "2", "canary_5")
        traffic.ask(day, canary, "canary", "2", range(20, 40))
        assert ready_to_judge(use_case, "2", "canary_5")

    def test_nobody_waits_for_a_candidate_that_was_taken_out(self, shadow, use_case):
        assert not ready_to_judge(use_case, "2", "shadow")
        roll_back(use_case, **BY)
        assert ready_to_judge(use_case, "2", "shadow")
        with pytest.raises(PromotionRefused, match=r"Version 2 .* is not in shadow \(now: no candidate under way\)"):
            judge(use_case, "2", "shadow")


class TestRecord:
    def test_the_same_captures_give_the_same_judgement(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow, answer=overconfident)
        day.publish_outcomes()
        assert judge(use_case, "2", "shadow").hash == judge(use_case, "2", "shadow").hash

    def test_it_is_written_to_the_lake_with_the_outcomes_that_it_rests_on(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        judgement = judge(use_case, "2", "shadow")
        written = json.loads(lake().read("reports/promotion/flight_delays/2/shadow.json"))
        assert parse_record(written, Judgement, where="the report") == judgement
        assert (judgement.deployment_revision, judgement.champion) == (shadow.revision, "1")
        assert len(judgement.outcomes[DAY]) == 64

    def test_only_the_step_that_the_candidate_is_in_is_judged(self, canary, use_case):
        with pytest.raises(PromotionRefused, match=r"not in shadow \(now: canary_5 with candidate 2\)"):
            judge(use_case, "2", "shadow")


class TestRegression:
    """The same traffic, asked how many minutes late: a late flight is 40, any other 0."""

    @pytest.fixture
    def minutes(self, use_case, as_regression):
        return as_regression(use_case, max_mae_increase=2)

    def play(self, traffic, state, answer):
        day = traffic.day(DAY, 300, cancelled=6)
        traffic.ask(day, state, "champion", state.champion, range(300), lambda chance: 40 * chance)
        traffic.ask(day, state, "shadow", str(state.candidate), range(300), answer)
        day.publish_outcomes()

    def test_a_good_candidate_passes_and_its_loss_is_in_minutes(self, shadow, minutes, traffic):
        self.play(traffic, shadow, lambda chance: 38 * chance)
        judgement = judge(minutes, "2", "shadow")
        assert judgement.passed
        found = result(judgement, "mae_increase")
        assert (found.sample_size, found.threshold) == (294, 2)
        assert -2 < found.value < 2

    def test_a_candidate_that_is_off_by_more_fails_though_it_agrees(self, shadow, minutes, traffic):
        self.play(traffic, shadow, lambda chance: 40 * chance + 20)
        judgement = judge(minutes, "2", "shadow")
        assert (verdicts(judgement)["agreement"], verdicts(judgement)["mae_increase"]) == ("pass", "fail")
        assert "at most 2 is allowed" in judgement.reason

    def test_the_increase_is_the_difference_of_the_mean_absolute_errors(self, shadow, minutes, traffic):
        day = traffic.day(DAY, 300)
        self.play(traffic, shadow, lambda chance: 10.0)
        truth = np.array([40.0 if late else 0.0 for late in traffic.day(DAY, 300, cancelled=6).late])[6:]
        chances = day.chances[6:]
        expected = np.abs(10 - truth).mean() - np.abs(40 * chances - truth).mean()
        found = result(judge(minutes, "2", "shadow"), "mae_increase")
        assert found.value == pytest.approx(expected)
