"""The steps of a promotion: shadow, judgement, shares, switch; and what other strategies make of them."""

import json

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from driftgate import uris
from driftgate.errors import EndpointSilent
from driftgate.lake import lake
from driftgate.models import Column, Signature
from driftgate.promotion import deployment
from driftgate_airflow.lifecycle.promote import promote
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger

from .conftest import NAME, SIGNATURE, branch_of, last_record, pass_step


class TestDeployShadow:
    def test_it_starts_the_shadow_of_the_candidate(self, run, tasks, serving):
        run().execute(tasks["promote.deploy_shadow"])  # everything comes after the judge of the shadow
        state = deployment(NAME)
        assert (state.step, state.candidate, state.actor, state.reason) == ("shadow", "2", "anna", "run manual__1")
        assert [ref.name for ref in last_record().outputs] == [f"deployment/{NAME}"]

    def test_without_a_champion_it_leads_straight_to_the_switch(self, run, tasks):
        skipped = branch_of(run(), tasks["promote.deploy_shadow"])
        assert {"check_skew", "roll_back"} <= skipped
        assert "switch_champion" not in skipped

    def test_a_candidate_that_takes_other_requests_gets_no_shadow(self, run, tasks, serving, put_package):
        other = Column(name="fare", type="number", nullable=True, null_in_training=False)
        columns = Signature(columns=(*SIGNATURE.columns, other))
        put_package("3", {"signature.json": columns.canonical(), "feature_baseline.json": b"{}"})
        with pytest.raises(AirflowFailException, match=r"Version 3 .* of version 1: nobody sends 'fare'; train"):
            tasks["promote.deploy_shadow"].model_version = "3"
            run().execute(tasks["promote.deploy_shadow"])
        assert deployment(NAME) == serving

    def test_a_shadow_that_the_endpoint_cannot_load_is_taken_back(self, run, tasks, serving, endpoint):
        endpoint.says = {NAME: {"variants": [], "revision": 2, "problem": "Version 2 cannot be loaded: it is broken"}}
        with pytest.raises(AirflowFailException, match=r"does not serve revision 2 .*it is broken.* version 1 serves"):
            run().execute(tasks["promote.deploy_shadow"])
        assert (deployment(NAME).candidate, deployment(NAME).champion) == (None, "1")

    def test_a_run_that_names_no_version_says_what_to_fill_in(self, run, tasks, serving):
        with pytest.raises(AirflowFailException, match=r"ConfigError: .*fill in 'Model version'"):
            run().execute(tasks["promote.approve"])

    def test_a_refusal_is_not_retried(self, run, tasks, serving):
        with pytest.raises(AirflowFailException, match=r"ConfigError: .*no model version '9'"):
            tasks["promote.deploy_shadow"].model_version = "9"
            run().execute(tasks["promote.deploy_shadow"])


class TestJudge:
    def test_without_traffic_it_waits_in_the_triggerer(self, run, tasks, shadow, use_case):
        with pytest.raises(TaskDeferred) as waiting:
            run().execute(tasks["promote.judge_shadow"])
        trigger = waiting.value.trigger
        assert isinstance(trigger, TrafficTrigger)
        assert (trigger.model_version, trigger.step_name, trigger.answer()) == ("2", "shadow", None)
        assert waiting.value.timeout.total_seconds() > use_case.promote.deadline_minutes * 60

    def test_what_became_undecided_again_is_waited_with(self, run, tasks, shadow):
        with pytest.raises(TaskDeferred):
            run().resume(tasks["promote.judge_shadow"], {"ready": True})

    def test_too_little_at_the_deadline_leads_to_the_rollback(self, run, tasks, shadow):
        skipped = branch_of(run(), tasks["promote.judge_shadow"], {"ready": False})
        assert skipped == {"canary_5", "switch_champion"}
        [report] = last_record().outputs
        assert report.name == uris.promotion_report(NAME, "2", "shadow")
        assert lake().exists(report.name)
        state = deployment(NAME)
        assert (state.candidate, state.champion) == (None, "1"), "the judge itself took it out"
        assert state.reason == json.loads(lake().read(report.name))["reason"]

    def test_its_button_leads_to_the_page_of_the_step_and_that_to_the_whole_promotion(self, run, tasks, shadow):
        judge = tasks["promote.judge_shadow"]
        branch_of(run(), judge, {"ready": False})
        (link,) = judge.operator_extra_links
        assert link.get_link(judge, ti_key=None) == f"/driftgate/reports/promotion/{NAME}/2/shadow.html"
        assert b'href="index.html"' in lake().read(uris.promotion_report(NAME, "2", "shadow", "html"))
        assert b"Version 2 was rolled back from shadow" in lake().read(uris.promotion_page(NAME, "2"))

    def test_a_candidate_that_was_taken_out_by_hand_is_not_judged(self, run, tasks, serving):
        with pytest.raises(AirflowFailException, match=r"PromotionRefused: Version 2 .* is not in shadow"):
            run().execute(tasks["promote.judge_shadow"])


class TestMoves:
    def test_a_canary_gets_its_share(self, run, tasks, shadow):
        pass_step(shadow)
        answer = run().execute(tasks["promote.canary_5"])
        assert answer == {"step": "canary_5", "model_version": "2", "revision": shadow.revision + 1}
        assert [variant.weight for variant in deployment(NAME).variants] == [95, 5]
        assert last_record().outputs[0].version == str(shadow.revision + 1)

    def test_a_canary_that_the_endpoint_has_not_loaded_gets_nothing(self, run, tasks, shadow, endpoint):
        pass_step(shadow)
        endpoint.says = {NAME: {"variants": [], "revision": 2, "problem": "Version 2 cannot be loaded."}}
        with pytest.raises(AirflowFailException, match=r"has not loaded version 2 .*gets no traffic: Version 2 cannot"):
            run().execute(tasks["promote.canary_5"])
        assert deployment(NAME) == shadow

    def test_a_silent_endpoint_is_asked_again_and_moves_nothing(self, run, tasks, shadow, monkeypatch):
        pass_step(shadow)
        monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", "1")
        with pytest.raises(EndpointSilent, match=r"does not say at http://127.0.0.1:1/deployments what it serves"):
            run().execute(tasks["promote.canary_5"])
        assert deployment(NAME) == shadow

    def test_a_canary_without_a_passed_judgement_gets_nothing(self, run, tasks, shadow):
        with pytest.raises(AirflowFailException, match=r"PromotionRefused: .*has not passed its judgement in shadow"):
            run().execute(tasks["promote.canary_5"])
        assert deployment(NAME) == shadow

    def test_only_the_candidate_becomes_champion(self, run, tasks, serving):
        with pytest.raises(AirflowFailException, match=r"PromotionRefused: Version 2 .* is not under way"):
            run().execute(tasks["promote.switch_champion"])

    def test_a_move_tells_openlineage_model_and_deployment(self, run, tasks, shadow):
        pass_step(shadow)
        run().execute(tasks["promote.canary_5"])
        told = tasks["promote.canary_5"].get_openlineage_facets_on_complete(None)
        assert [dataset.name for dataset in told.inputs] == [f"model/{NAME}/2"]
        assert [dataset.name for dataset in told.outputs] == [f"deployment/{NAME}"]


class TestOtherStrategies:
    @pytest.fixture
    def wired(self, use_case):
        def wire(strategy, **more):
            changes = {"strategy": strategy, "steps_percent": (), **more}
            changed = use_case.model_copy(update={"promote": use_case.promote.model_copy(update=changes)})
            return promote(changed, runbook="")

        return wire

    def test_all_at_once_goes_straight_to_the_switch(self, run, wired, serving):
        dag = wired("all_at_once")
        assert set(dag.task_ids) == {"deploy_shadow", "approve", "switch_champion", "roll_back"}
        task = dag.get_task("deploy_shadow")
        task.model_version = "2"
        assert branch_of(run(), task) == {"roll_back"}
        assert deployment(NAME) == serving

    def test_a_shadow_only_ends_there(self, wired):
        judge = wired("shadow_only").get_task("judge_shadow")
        assert (judge.then, judge.downstream_task_ids) == ("end_shadow", {"end_shadow", "switch_champion", "roll_back"})

    def test_blue_green_gives_all_requests_and_judges_before_the_switch(self, wired):
        dag = wired("blue_green")
        assert dag.get_task("judge_shadow").then == "canary_100"
        assert dag.get_task("canary_100").downstream_task_ids == {"judge_canary_100"}
        assert dag.get_task("judge_canary_100").then == "switch_champion"
