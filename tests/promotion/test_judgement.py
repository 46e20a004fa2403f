"""Judging a step on captured answers and on outcomes that lie in a lake."""

import numpy as np
import pytest

from driftgate.errors import CannotJudge
from driftgate.promotion import judge, ready_to_judge
from driftgate.promotion.checks import judge_guardrails
from driftgate.promotion.evidence import day_evidence, step_days
from driftgate.promotion.measured import measure_day, pool

from .conftest import DAY, NEXT, limited, overconfident, result, verdicts


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
        found = result(judgement, "error_rate")
        assert (judgement.outcome, found.failed_after) == ("fail_now", 10)
        assert "error_rate is 0.22 on 300 requests; at most 0.01 is allowed" in judgement.reason
        assert "crossed after 10 of them with 98.75% confidence" in judgement.reason, "four guardrails share 5 %"

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
        assert "agreement is -1 on 300 requests scored by both models; at least 0.3 is needed" in judgement.reason
        assert result(judgement, "agreement").failed_after >= 30, "its law is asymptotic"

    def test_a_candidate_with_one_score_for_all_does_not_pass(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=lambda _: 0.25)
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.outcome, verdicts(judgement)["agreement"]) == ("fail_now", "fail")
        assert "The candidate gave all 300 requests the same score" in judgement.reason

    def test_a_worse_candidate_fails_by_its_loss_though_it_agrees(self, shadow, use_case, traffic):
        self.play(traffic, shadow, answer=overconfident)
        judgement = judge(use_case, "2", "shadow")
        assert (verdicts(judgement)["agreement"], verdicts(judgement)["log_loss_increase"]) == ("pass", "fail")

    def test_a_champion_with_one_score_for_all_is_nothing_to_agree_with(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.ask(day, shadow, "champion", "1", range(300), lambda _: 0.25)
        traffic.ask(day, shadow, "shadow", "2", range(300))
        day.publish_outcomes()
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.outcome, verdicts(judgement)["agreement"]) == ("not_yet", "insufficient")

    def test_too_few_requests_are_a_failed_judgement(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 120)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.passed, verdicts(judgement)["error_rate"]) == (False, "insufficient")
        assert judgement.reason.startswith("Not decided: ")
        assert "The outcomes of 120 requests are known, and 200 are needed." in judgement.reason
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
            "sample_ratio": "pass",
            "agreement": "not_applicable",
            "log_loss_increase": "pass",
        }
        assert "scores cannot be paired" in result(judgement, "agreement").sentence

    def test_a_candidate_that_is_worse_on_its_own_requests_fails(self, canary, use_case, traffic):
        self.play(traffic, canary, answer=overconfident)
        judgement = judge(use_case, "2", "canary_5")
        assert result(judgement, "log_loss_increase").verdict == "undecided", "45 requests prove nothing yet"
        assert judgement.reason.endswith("Worse than allowed, without proof: log_loss_increase.")
        for key in (NEXT, "2013-04-04", "2013-04-05"):
            day = traffic.day(key, 900)
            traffic.canaried(day, canary, 45, answer=overconfident)
            day.publish_outcomes()
        judgement = judge(use_case, "2", "canary_5")
        assert (judgement.outcome, verdicts(judgement)["log_loss_increase"]) == ("fail_now", "fail")
        assert 45 < result(judgement, "log_loss_increase").failed_after < 180

    def test_a_candidate_that_raises_fails_though_the_champion_stood_in(self, canary, use_case, traffic):
        self.play(traffic, canary, answer=lambda chance: chance if chance < 0.4 else None)
        traffic.ask(traffic.day(DAY, 900), canary, "champion", "1", range(45))
        assert verdicts(judge(use_case, "2", "canary_5"))["error_rate"] == "fail"

    def test_one_error_in_a_small_step_is_no_proof(self, canary, use_case, traffic):
        largest = max(traffic.day(DAY, 900).chances[:45])
        self.play(traffic, canary, answer=lambda chance: chance if chance < largest else None)
        error_rate = result(judge(use_case, "2", "canary_5"), "error_rate")
        assert (error_rate.value, error_rate.verdict) == (pytest.approx(1 / 45), "undecided")

    def test_without_the_champions_answers_the_loss_has_no_reference(self, canary, use_case, traffic):
        self.play(traffic, canary, flights=900)
        judgement = judge(use_case, "2", "canary_5")
        assert verdicts(judgement)["log_loss_increase"] == "insufficient"
        assert (judgement.outcome, verdicts(judgement)["sample_ratio"]) == ("not_yet", "fail")

    def test_a_split_that_chance_does_not_explain_is_waited_out(self, canary, use_case, traffic):
        self.play(traffic, canary, flights=90)
        judgement = judge(use_case, "2", "canary_5")
        assert (judgement.passed, judgement.outcome) == (False, "not_yet")
        assert "The candidate met 10.00% of 900 request keys; its share is 5%, which chance does" in judgement.reason
        assert not ready_to_judge(use_case, "2", "canary_5")

    def test_with_all_the_traffic_there_is_no_champion_to_compare_with(self, canary, use_case, traffic, earn):
        state = canary.model_copy(update={"step": "canary_100"})
        day = traffic.day(DAY, 60)
        traffic.ask(day, state, "canary", "2", range(60))
        day.publish_outcomes()
        measured = pool(
            [measure_day(use_case, "canary_100", day_evidence(one), None) for one in step_days(use_case, state)]
        )
        found = {one.name: one.verdict for one in judge_guardrails(use_case, "canary_100", measured)}
        assert found["log_loss_increase"] == "not_applicable"
        assert (found["error_rate"], "sample_ratio" in found) == ("pass", False)

    def test_too_few_requests_are_a_failed_judgement(self, canary, use_case, traffic):
        self.play(traffic, canary, flights=29)
        assert "error_rate needs 30 requests, and there are 29." in judge(use_case, "2", "canary_5").reason


class TestMore:
    """Guardrails that a use case may leave out."""

    def test_answers_that_lie_elsewhere_are_told_before_outcomes(self, shadow, use_case, traffic):
        moved = limited(use_case, max_prediction_shift=0.2)
        traffic.shadowed(traffic.day(DAY, 300), shadow, answer=lambda chance: 0.5 + chance / 2)
        assert not ready_to_judge(use_case, "2", "shadow")
        assert ready_to_judge(moved, "2", "shadow")
        assert verdicts(judge(moved, "2", "shadow"))["prediction_shift"] == "fail"

    def test_answers_may_lie_too_low_as_well(self, shadow, use_case, traffic):
        moved = limited(use_case, max_prediction_shift=0.1)
        traffic.shadowed(traffic.day(DAY, 300), shadow, answer=lambda chance: 0.01 * chance)
        found = result(judge(moved, "2", "shadow"), "prediction_shift")
        assert (found.verdict, found.value > 0.1) == ("fail", True)

    def test_a_candidate_that_costs_more_fails(self, shadow, use_case, traffic):
        dear = limited(use_case, max_cost_increase_usd=2, max_log_loss_increase=4)
        day = traffic.day(DAY, 600)
        traffic.shadowed(day, shadow, answer=lambda chance: 0.1 * chance)  # no alarm any more
        day.publish_outcomes()
        judgement = judge(dear, "2", "shadow")
        assert (verdicts(judgement)["cost_increase_usd"], judgement.outcome) == ("fail", "fail_now")

    def test_a_group_that_gets_other_alarms_is_told_by_its_name(self, shadow, use_case, traffic):
        watched = limited(use_case, max_alarm_rate_shift=0.3)
        traffic.shadowed(traffic.day(DAY, 300), shadow, answer=lambda chance: 0.5 + chance / 2)  # alarms for everybody
        found = {one.group: one for one in judge(watched, "2", "shadow").guardrails if one.name == "alarm_rate_shift"}
        assert set(found) >= {"operator: mainline", "operator: regional", "airport: newark", "airport: kennedy"}
        assert {group for group, one in found.items() if one.verdict == "fail"} == {
            "operator: mainline",
            "airport: newark",
        }
        assert "requests of airport: kennedy, and there are 0." in found["airport: kennedy"].sentence

    def test_groups_that_are_alarmed_as_before_are_kept(self, canary, use_case, traffic):
        watched = limited(use_case, max_alarm_rate_shift=0.3)
        day = traffic.day(DAY, 900)
        traffic.canaried(day, canary, 45)
        day.publish_outcomes()
        judgement = judge(watched, "2", "canary_5")
        assert judgement.passed
        assert {one.verdict for one in judgement.guardrails if one.group == "airport: newark"} == {"pass"}

    def test_errors_that_the_champion_has_as_well_are_no_increase(self, canary, use_case, traffic):
        strict = limited(use_case, max_error_rate=1, max_error_rate_increase=0.05)
        day, often = traffic.day(DAY, 900), lambda chance: chance if chance < 0.4 else None
        traffic.ask(day, canary, "canary", "2", range(45), often)
        traffic.ask(day, canary, "champion", "1", range(45, 900), often)
        assert verdicts(judge(strict, "2", "canary_5"))["error_rate_increase"] != "fail"
        traffic.ask(traffic.day(NEXT, 1900), canary, "canary", "2", range(100), lambda _: None)
        traffic.ask(traffic.day(NEXT, 1900), canary, "champion", "1", range(100, 1900))
        assert verdicts(judge(strict, "2", "canary_5"))["error_rate_increase"] == "fail"


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
