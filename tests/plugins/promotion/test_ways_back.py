"""A candidate that leaves, by its own promotion or by hand; and traffic that was moved past the records."""

import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.metadata import metadata
from driftgate.promotion import deployment
from driftgate_airflow.lifecycle.sweep import sweep

from .conftest import NAME


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


class TestReconcile:
    def test_a_hand_on_the_traffic_is_told(self, run, serving):
        alias = {"use_case": NAME, "alias": "champion", "version": "1", "previous": None}
        metadata().append("alias", f"{NAME}/champion", alias)
        task = sweep(owner="ops", runbook=None).get_task("reconcile_traffic")
        answer = run(params={}).execute(task)  # this state was written past the records, as a hand does
        assert (answer["manual_changes"], answer["silent"]) == (1, 0)
        assert metadata().latest("alarm", f"manual_change/{NAME}").body["state"] == "open"
