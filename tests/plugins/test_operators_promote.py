"""The tasks of the promotion and rollback DAGs on a real deployment state, run as Airflow runs them."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException, DownstreamTasksSkipped, TaskAwaitingInput, TaskDeferred

from driftgate import uris
from driftgate.errors import EndpointSilent
from driftgate.evaluation.bias_cases import close_case, open_case
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.lake import lake
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.models import Column, Signature
from driftgate.promotion import DeploymentState, Judgement, Variant, deployment, start_shadow
from driftgate.registry.states import model_state, move_state
from driftgate.use_cases import load_use_case
from driftgate_airflow import assets
from driftgate_airflow.lifecycle.promote import promote
from driftgate_airflow.lifecycle.rollback import rollback
from driftgate_airflow.lifecycle.sweep import sweep
from driftgate_airflow.triggers.traffic_trigger import TrafficTrigger

NAME = "flight_delays"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def use_case():
    return load_use_case(NAME)


@pytest.fixture
def tasks(use_case):
    """The tasks of both DAGs as they are wired, with the candidate's version filled in as its template would be."""
    dags = promote(use_case, runbook=""), rollback(use_case, runbook="")
    found = {f"{dag.dag_id.split('.')[1]}.{task.task_id}": task for dag in dags for task in dag.tasks}
    for name, task in found.items():
        if hasattr(task, "model_version") and name != "rollback.roll_back":
            task.model_version = "2"
    found["rollback.roll_back"].reason = "a test"
    return found


SIGNATURE = Signature(columns=(Column(name="origin", type="string", nullable=False, null_in_training=False),))


@pytest.fixture
def serving(put_package, endpoint, leave_receipts):
    """Version 1 serves; 2 is registered. Written directly, because MLflow takes seconds."""
    for version in ("1", "2"):
        files = {"signature.json": SIGNATURE.canonical(), "feature_baseline.json": b"{}", "model.txt": b"tree"}
        leave_receipts(put_package(version, files))
    state = DeploymentState(
        use_case=NAME, revision=1, step="serving", champion="1", actor="test", reason="the first model",
        variants=(Variant(version="1", role="champion", weight=100),),
    )  # fmt: skip
    metadata().append("deployment", NAME, state.model_dump(mode="json", exclude={"revision"}))
    return state


@pytest.fixture
def shadow(serving, use_case):
    """Version 2 is the shadow of version 1."""
    return start_shadow(use_case, "2", actor="test", reason="a test")


def pass_step(state):
    judgement = Judgement(
        use_case=NAME, version="2", champion="1", step=state.step, deployment_revision=state.revision, outcomes={},
        requests=0, required=0, guardrails=(), passed=True, reason="a test",
    )  # fmt: skip
    lake().write(uris.promotion_report(NAME, "2", state.step), judgement.canonical())


def branch_of(run, task, event=None):
    """Run a branching task and return the tasks that it skips."""
    with pytest.raises(DownstreamTasksSkipped) as answer:
        run.resume(task, event) if event else run.execute(task)
    return {name for name, _ in answer.value.tasks}


def last_record():
    return read_stream(NAME)[-1]


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


class TestBiasCases:
    def test_an_open_critical_case_stops_every_promotion_until_a_person_decides(self, run, tasks, serving, use_case):
        found = GroupResult(
            facet="operator", group="small", reference="mainline", metric="disparate_impact", rows=800,
            reference_rows=8000, value=0.5, interval=(0.4, 0.6), at_least=0.7, verdict="fail",
        )  # fmt: skip
        open_case(use_case, found, found_by="evaluation", model="job-7", as_of="2013-03-31")
        with pytest.raises(
            AirflowFailException, match=r"PromotionRefused: .*operator\.small\.disparate_impact \(0\.500"
        ):
            run().execute(tasks["promote.deploy_shadow"])
        assert deployment(NAME).candidate is None
        close_case(NAME, found.name, "accepted", actor="anna", reason="as their labels are")
        run().execute(tasks["promote.deploy_shadow"])
        assert deployment(NAME).candidate == "2"


class TestPrivacy:
    @pytest.fixture
    def fares(self, put_package, tmp_path, monkeypatch):
        """A use case of another project, whose model is made from a passenger's name."""
        root, folder = tmp_path / "project", tmp_path / "project" / "include" / "use_cases" / "fares"
        shutil.copytree(ROOT / "tests" / "governance" / "project", root)
        shutil.copytree(ROOT / "include" / "settings", root / "include" / "settings")
        shutil.copytree(ROOT / "include" / "use_cases" / NAME, folder)
        shutil.copy(root / "features.sql", folder / "features.sql")
        raw = yaml.load((folder / "use_case.yaml").read_text(), Loader=yaml.BaseLoader)
        raw.update(name="fares", datasets=["rides"], request_key=["ride"], event_time="started_at")
        raw.pop("online", None)
        (folder / "use_case.yaml").write_text(yaml.safe_dump(raw))
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
        files = {"signature.json": b'{"columns":[{"name":"name_length"}]}', "feature_baseline.json": b"{}"}
        put_package("1", files, use_case="fares")
        return folder

    def test_a_model_made_from_personal_data_is_promoted_only_with_an_assessment_in_date(self, run, fares):
        shadow = promote(load_use_case("fares"), runbook="").get_task("deploy_shadow")
        shadow.model_version = "1"
        with pytest.raises(AirflowFailException, match=r"PromotionRefused: .*made from pii data, and .*does not exist"):
            run(params={"model_version": "1"}).execute(shadow)
        today = metadata().latest("privacy_review", "fares/1").written_at.date()
        (fares / "privacy_impact.md").write_text(f"---\ndate: {today - timedelta(days=2)}\n---\nNobody is harmed.\n")
        night = run(params={"model_version": "1"})
        assert "switch_champion" not in branch_of(night, shadow)


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


class TestApprove:
    """The question, which version 2 raises when its evaluation could not decide."""

    @pytest.fixture
    def asking(self, tasks, serving):
        move_state(NAME, "2", "needs_review", actor="gates", reason="too few rows to tell")
        return tasks["promote.approve"]

    def answer(self, option, user):
        return {
            "chosen_options": [option],
            "params_input": {},
            "responded_at": datetime(2026, 1, 1, tzinfo=UTC),
            "responded_by_user": {"id": user, "name": user} if user else None,
            "timedout": user is None,
        }

    def asked(self, monkeypatch):
        """Airflow's operator writes the question into its database, which is not here."""
        questions = []
        monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
        return questions

    def test_where_nobody_has_to_approve_it_goes_on_with_the_version_in_the_parameters(self, run, tasks, serving):
        night = run(params={"model_version": "2"})
        night.execute(tasks["promote.approve"])  # skips nothing: a later judge may still lead to the rollback
        assert night.xcom["model_version"] == "2"

    def test_it_finds_the_version_that_was_registered(self, run, tasks, serving):
        night = run()
        night.events = {assets.candidate(NAME): [SimpleNamespace(extra={"model_version": "2"})]}
        night.execute(tasks["promote.approve"])
        assert night.xcom["model_version"] == "2"

    def test_a_person_is_asked_until_the_deadline(self, run, asking, use_case, monkeypatch):
        questions = self.asked(monkeypatch)
        with pytest.raises(TaskAwaitingInput) as waiting:
            run(params={"model_version": "2"}).execute(asking)
        assert waiting.value.timeout == timedelta(minutes=use_case.promote.deadline_minutes)
        [question] = questions
        assert (question["options"], question["defaults"]) == (["Approve", "Reject"], ["Reject"])
        assert question["body"].startswith("Version 2:")

    def test_an_approval_is_recorded_with_its_approver(self, run, asking):
        run(params={"model_version": "2"}).resume(asking, self.answer("Approve", "bert"))
        stands = model_state(NAME, "2")
        assert (stands.state, stands.actor, stands.reason) == ("approved", "bert", "approved in Airflow")

    @pytest.mark.parametrize(("user", "state"), [("bert", "rejected"), (None, "needs_review")])
    def test_a_rejection_is_an_answer_and_so_is_silence(self, run, asking, serving, user, state):
        night = run(params={"model_version": "2"})
        skipped = branch_of(night, asking, self.answer("Reject", user))
        assert {"deploy_shadow", "switch_champion"} <= skipped
        assert "roll_back" not in skipped
        assert model_state(NAME, "2").state == state
        assert deployment(NAME) == serving

    def test_who_asked_for_the_promotion_is_asked_again(self, run, asking, monkeypatch):
        questions = self.asked(monkeypatch)
        with pytest.raises(TaskAwaitingInput):
            run(params={"model_version": "2"}).resume(asking, self.answer("Approve", "anna"))
        assert len(questions) == 1
        assert model_state(NAME, "2").state == "needs_review"

    def test_a_rejected_version_gets_no_further(self, run, asking):
        move_state(NAME, "2", "rejected", actor="bert", reason="it is unfair")
        with pytest.raises(AirflowFailException, match=r"Version 2 .* is rejected \(it is unfair\)"):
            run(params={"model_version": "2"}).execute(asking)


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


class TestReconcile:
    def test_a_hand_on_the_traffic_is_told(self, run, serving):
        alias = {"use_case": NAME, "alias": "champion", "version": "1", "previous": None}
        metadata().append("alias", f"{NAME}/champion", alias)
        task = sweep(owner="ops", runbook=None).get_task("reconcile_traffic")
        answer = run(params={}).execute(task)  # this state was written past the records, as a hand does
        assert (answer["manual_changes"], answer["silent"]) == (1, 0)
        assert metadata().latest("alarm", f"manual_change/{NAME}").body["state"] == "open"


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


class TestRollBackOfAPromotion:
    def test_it_takes_its_candidate_out_once(self, run, tasks, shadow):
        first, again = (run().execute(tasks["promote.roll_back"]) for _ in range(2))
        assert (first["moved"], first["champion"], first["step"]) == (True, "1", "serving")
        assert again == {**first, "moved": False}
        assert deployment(NAME).revision == shadow.revision + 1

    @pytest.mark.parametrize("version", ["1", ""])
    def test_it_leaves_the_candidate_of_another_run_alone(self, run, tasks, shadow, version):
        tasks["promote.roll_back"].model_version = version
        assert not run().execute(tasks["promote.roll_back"])["moved"]
        assert deployment(NAME) == shadow


class TestRollBackByHand:
    def test_a_dry_run_only_says_what_is_deployed(self, run, tasks, shadow):
        answer = run(params={"dry_run": True}).execute(tasks["rollback.roll_back"])
        assert (answer["moved"], answer["deployment"]["candidate"]) == (False, "2")
        assert deployment(NAME) == shadow

    def test_it_takes_out_whatever_is_under_way_and_says_why(self, run, tasks, shadow):
        answer = run(params={"dry_run": False}).execute(tasks["rollback.roll_back"])
        assert (answer["moved"], answer["reason"]) == (True, "a test")
        state = deployment(NAME)
        assert (state.candidate, state.actor, state.run_id) == (None, "anna", "a_dag/manual__1")

    def test_without_a_candidate_it_says_what_to_turn_on(self, run, tasks, serving):
        with pytest.raises(AirflowFailException, match=r"PromotionRefused: .*turn on 'To previous champion'"):
            run(params={"dry_run": False}).execute(tasks["rollback.roll_back"])

    def test_show_deployment_says_what_serves(self, run, tasks, shadow):
        answer = run().execute(tasks["rollback.show_deployment"])
        assert answer["deployment"] == shadow.model_dump(mode="json")
        assert answer["served"] == answer["deployment"]["variants"]
