"""Who may be promoted at all: no open bias case, an assessment of privacy, somebody's approval."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput

from driftgate.evaluation.bias_cases import close_case, open_case
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.metadata import metadata
from driftgate.promotion import deployment
from driftgate.registry.states import model_state, move_state
from driftgate.use_cases import load_use_case
from driftgate_airflow import assets
from driftgate_airflow.lifecycle.promote import promote

from .conftest import NAME, branch_of

ROOT = Path(__file__).resolve().parents[3]


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
