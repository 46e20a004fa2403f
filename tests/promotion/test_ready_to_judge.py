"""When a step can be judged, by which requests, and what is kept of a judgement."""

import json

import pytest

from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.promotion import Judgement, advance, judge, ready_to_judge, roll_back, start_shadow
from driftgate.records import parse_record

from .conftest import BY, DAY, NEXT, limited, overconfident, result


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
        later = traffic.day(NEXT, 800)
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
        first, second = traffic.day(DAY, 700), traffic.day(NEXT, 20)
        traffic.canaried(first, canary, 35)
        traffic.canaried(second, canary, 0)
        first.publish_outcomes()
        second.publish_outcomes()
        assert ready_to_judge(use_case, "2", "canary_5")

    def test_more_captures_of_a_day_are_seen(self, canary, use_case, traffic):
        day = traffic.day(DAY, 800)
        day.publish_outcomes()
        traffic.ask(day, canary, "canary", "2", range(20))
        traffic.ask(day, canary, "champion", "1", range(20, 400))
        assert not ready_to_judge(use_case, "2", "canary_5")
        traffic.ask(day, canary, "canary", "2", range(400, 420))
        traffic.ask(day, canary, "champion", "1", range(420, 800))
        assert ready_to_judge(use_case, "2", "canary_5")

    def test_a_broken_candidate_is_told_before_any_outcome_is_known(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 30)
        traffic.shadowed(day, shadow)
        assert not ready_to_judge(use_case, "2", "shadow")
        traffic.shadowed(traffic.day(NEXT, 30), shadow, answer=lambda _: None)
        assert ready_to_judge(use_case, "2", "shadow")
        judgement = judge(use_case, "2", "shadow")
        assert (judgement.outcome, judgement.requests, judgement.known) == ("fail_now", 60, 0)

    def test_a_slow_candidate_is_told_before_any_outcome_is_known(self, shadow, use_case, traffic):
        traffic.shadowed(traffic.day(DAY, 30), shadow, latency_ms=250)
        assert ready_to_judge(use_case, "2", "shadow")

    def test_a_score_that_is_none_is_not_waited_with(self, shadow, use_case, traffic):
        traffic.shadowed(traffic.day(DAY, 30), shadow, answer=lambda _: 1.5)
        assert ready_to_judge(use_case, "2", "shadow")

    def test_stray_days_do_not_hide_those_of_the_step(self, canary, use_case, traffic):
        """A caller's wrong clock dates requests years ahead, before the step began."""
        for key in ("2031-01-01", "2099-12-31"):
            traffic.ask(traffic.day(key, 3), canary.model_copy(update={"step": "shadow"}), "champion", "1", range(3))
        day = traffic.day(DAY, 800)
        traffic.canaried(day, canary, 40)
        day.publish_outcomes()
        assert ready_to_judge(use_case, "2", "canary_5")

    def test_nobody_waits_for_a_candidate_that_was_taken_out(self, shadow, use_case):
        assert not ready_to_judge(use_case, "2", "shadow")
        roll_back(use_case, **BY)
        assert ready_to_judge(use_case, "2", "shadow")
        with pytest.raises(PromotionRefused, match=r"Version 2 .* is not in shadow \(now: no candidate under way\)"):
            judge(use_case, "2", "shadow")


class TestWarmUp:
    @pytest.fixture
    def warm(self, use_case):
        return limited(use_case, warm_up_requests=50)

    def test_what_came_first_is_not_judged(self, shadow, use_case, warm, traffic):
        day = traffic.day(DAY, 300)
        traffic.ask(day, shadow, "champion", "1", range(300))
        traffic.ask(day, shadow, "shadow", "2", range(50), lambda _: None, latency_ms=900)
        traffic.ask(day, shadow, "shadow", "2", range(50, 300))
        day.publish_outcomes()
        assert judge(use_case, "2", "shadow").outcome == "fail_now"
        judgement = judge(warm, "2", "shadow")
        assert (judgement.passed, judgement.requests) == (True, 250)

    def test_it_may_last_longer_than_a_day_and_holds_for_the_champion_too(self, canary, warm, traffic):
        first, second = traffic.day(DAY, 800), traffic.day(NEXT, 800)
        for day in (first, second):
            traffic.canaried(day, canary, 40)
            day.publish_outcomes()
        judgement = judge(warm, "2", "canary_5")
        assert judgement.requests == 30
        assert result(judgement, "sample_ratio").sample_size == 30 + 760, "of the second day, from its 11th request on"


class TestRecord:
    def test_what_was_seen_at_each_look_is_kept_for_the_report(self, shadow, use_case, traffic):
        day = traffic.day(DAY, 300)
        traffic.shadowed(day, shadow)
        day.publish_outcomes()
        watched = result(judge(use_case, "2", "shadow"), "log_loss_increase").trajectory
        assert [look.rows for look in watched] == [10, 15, 22, 34, 51, 76, 114, 171, 256, 300]
        assert all(look.low <= look.value <= look.high for look in watched)

    def test_a_judgement_does_not_depend_on_when_it_was_asked_for(self, shadow, use_case, traffic):
        """Once crossed is crossed, though what came later was good."""
        day = traffic.day(DAY, 2000)
        traffic.ask(day, shadow, "champion", "1", range(2000))
        traffic.ask(day, shadow, "shadow", "2", range(12), lambda _: None)
        early = judge(use_case, "2", "shadow")
        traffic.ask(day, shadow, "shadow", "2", range(12, 2000))
        late = judge(use_case, "2", "shadow")
        assert result(late, "error_rate").value < 0.01
        assert [result(one, "error_rate").failed_after for one in (early, late)] == [10, 10]

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
