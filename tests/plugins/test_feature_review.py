"""The feature review DAG: begun when it is due, signed in every role, and the one retraining of an approval."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskAwaitingInput

from driftgate.feature_reviews.due import policy_of
from driftgate.feature_reviews.round import approved, begin_round, rounds
from driftgate.lineage import read_stream
from driftgate.metadata import metadata
from driftgate.monitoring import conclude, decide, outcome_of
from driftgate.use_cases import load_use_case
from driftgate_airflow import assets
from driftgate_airflow.lifecycle.feature_review import feature_review
from driftgate_airflow.sensors.drift_sensor import DriftSensor

NAME, KEY = "flight_delays", "2013-04-02"
SIGNED = {"data_science": "Eva", "network_operations": "Bert", "data_owner": "Ida"}


@pytest.fixture
def dag():
    use_case = load_use_case(NAME)
    return feature_review(use_case, policy_of(use_case), runbook="")


@pytest.fixture
def due(dag):
    """The first task, with the reason of its run filled in as its template would be."""
    task = dag.get_task("review_due")
    task.reason = ""
    return task


@pytest.fixture
def champion():
    alias = {"use_case": NAME, "alias": "champion", "version": "1", "previous": None}
    metadata().append("alias", f"{NAME}/champion", alias)


@pytest.fixture
def verdict():
    """Record a verdict with this decision about a night."""

    def record(decision="quiet", key=KEY):
        made = decide(load_use_case(NAME), key).model_copy(update={"decision": decision, "sentence": "So it is."})
        metadata().append("verdict", f"{NAME}/{key}", made.model_dump(mode="json"))

    return record


class TestDue:
    def test_most_nights_are_skipped_with_the_day_on_which_it_falls_due(self, run, due, champion, verdict):
        verdict()
        with pytest.raises(AirflowSkipException, match="the next falls due on 2013-07-02"):
            run().execute(due)
        assert rounds(NAME) == []

    def test_on_the_day_it_begins_and_other_nights_leave_it_alone(self, run, due, champion, verdict):
        verdict(key="2013-01-02")
        verdict()
        answer = run().execute(due)
        assert (answer["key"], "one fell due on 2013-04-02" in answer["why"]) == (KEY, True)
        assert run().execute(due) == answer, "cleared"
        other = run("2013-04-03")
        other.dag_run.run_id = "manual__2"
        with pytest.raises(AirflowSkipException, match="of 2013-04-02 waits for its answer"):
            other.execute(due)

    def test_a_reason_is_due_at_once(self, run, due, champion):
        due.reason = "a new source of weather"
        assert run().execute(due)["why"] == "a new source of weather"
        assert rounds(NAME)[0].why == "a new source of weather"

    def test_nobody_is_asked_without_a_champion_nor_by_a_backfill(self, run, due, champion, verdict):
        due.reason = "now"
        old = run()
        old.events = {assets.verdict(NAME): [SimpleNamespace(extra={"old_backfill": True})]}
        with pytest.raises(AirflowSkipException, match="asks nobody"):
            old.execute(due)

    def test_before_the_first_champion_there_is_nothing_to_review(self, run, due):
        with pytest.raises(AirflowSkipException, match="no champion yet"):
            run().execute(due)


class TestSignatures:
    @pytest.fixture
    def task(self, dag):
        begin_round(NAME, KEY, "a_dag/manual__1", "It is due.", policy_of(load_use_case(NAME)))
        return dag.get_task("sign_off")

    @pytest.fixture
    def asked(self, monkeypatch):
        """Airflow's operator writes the question into its database, which is not here."""
        questions = []
        monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
        return questions

    def answer(self, option, user="ida", **given):
        fields = {**dict.fromkeys(SIGNED), "reason": None, **given}
        person = {"id": user, "name": user} if user else None
        answered = datetime(2013, 4, 4, tzinfo=UTC)
        return {
            "chosen_options": [option], "params_input": fields, "responded_at": answered, "responded_by_user": person,
        }  # fmt: skip

    def test_the_question_names_every_role_and_has_a_field_for_each(self, run, task, asked):
        with pytest.raises(TaskAwaitingInput) as waiting:
            run().execute(task)
        assert waiting.value.timeout == timedelta(days=14)
        [question] = asked
        assert "data_science, network_operations, data_owner" in question["subject"]
        assert set(question["params"]) == {*SIGNED, "reason"}
        assert (question["options"], question["defaults"]) == (["Approve", "Reject"], ["Reject"])
        assert "reports/feature_reviews/flight_delays/2013-04-02.html" in question["body"]

    def test_an_approval_is_recorded_with_every_signature(self, run, task):
        answer = run().resume(task, self.answer("Approve", **SIGNED))
        assert (answer["state"], answer["signed"]) == ("approved", SIGNED)
        assert approved(NAME).answered_by == "ida"
        [record] = read_stream(NAME)
        assert record.facet("driftgate_parameters")["values"]["state"] == "approved"

    @pytest.mark.parametrize(
        ("option", "given"), [("Approve", {"data_science": "Eva"}), ("Approve", {}), ("Reject", {})]
    )
    def test_what_is_incomplete_is_asked_again(self, run, task, asked, option, given):
        with pytest.raises(TaskAwaitingInput):
            run().resume(task, self.answer(option, **given))
        assert len(asked) == 1
        assert rounds(NAME)[0].state == "open"

    def test_a_rejection_is_an_answer_with_its_reason(self, run, task):
        assert run().resume(task, self.answer("Reject", reason="wait for the crews"))["reason"] == "wait for the crews"
        assert (rounds(NAME)[0].state, approved(NAME)) == ("rejected", None)

    def test_silence_fails_the_task_and_the_review_is_due_again(self, run, task):
        with pytest.raises(
            AirflowFailException, match="Nobody signed the feature review of flight_delays of 2013-04-02"
        ):
            run().resume(task, self.answer("Reject", user=None))
        assert rounds(NAME)[0].state == "unanswered"


class TestRetraining:
    def sensor(self):
        return DriftSensor(task_id="drift_sensor", use_case=NAME)

    @pytest.fixture
    def signed(self, run, dag):
        begin_round(NAME, KEY, "a_dag/manual__1", "It is due.", policy_of(load_use_case(NAME)))
        run().resume(dag.get_task("sign_off"), TestSignatures().answer("Approve", **SIGNED))

    def test_an_approval_lets_one_quiet_night_train_and_says_why(self, run, signed, verdict):
        verdict("quiet", "2013-04-03")
        verdict("quiet", "2013-04-04")
        first = run("2013-04-03")
        answer = first.execute(self.sensor())
        assert (answer["trigger"], answer["outcome"]) == ("feature_review", "2013-04-02-feature-review")
        assert "approved by Ida (data_owner), Eva (data_science), Bert (network_operations)" in answer["reason"]
        assert outcome_of(NAME, answer["outcome"]).trigger == "feature_review"
        assert first.execute(self.sensor()) == answer, "the task died, and is run again"
        assert read_stream(NAME)[-1].facet("driftgate_parameters")["values"]["trigger"] == "feature_review"

        second = run("2013-04-04")
        second.dag_run.run_id = "manual__2"
        with pytest.raises(AirflowSkipException, match="2013-04-04: quiet"):
            second.execute(self.sensor())

    def test_a_retraining_that_a_verdict_asks_for_is_that_of_the_review_too(self, run, signed, verdict):
        verdict("retrain", "2013-04-03")
        answer = run("2013-04-03").execute(self.sensor())
        assert (answer["trigger"], answer["outcome"]) == ("drift", "2013-04-03")
        assert rounds(NAME)[0].retraining == "2013-04-03"
        assert approved(NAME) is None

    def test_a_backfill_never_trains_for_it(self, run, signed, verdict):
        verdict("quiet", "2013-04-03")
        with pytest.raises(AirflowSkipException, match="never retrains"):
            run("2013-04-03", run_type="backfill").execute(self.sensor())
        assert approved(NAME)

    def test_its_outcome_is_concluded_as_any_other(self, run, signed, verdict):
        verdict("quiet", "2013-04-03")
        begun = outcome_of(NAME, run("2013-04-03").execute(self.sensor())["outcome"])
        ended = conclude(begun, "rejected", "It was no better.", None)
        assert (ended.status, ended.trigger) == ("rejected", "feature_review")


def test_it_reads_from_due_to_signed_and_follows_the_verdict(dag):
    assert [task.task_id for task in dag.topological_sort()] == [
        "review_due", "prepare_dataset", "build_pack", "sign_off",
    ]  # fmt: skip
    assert dag.dagrun_timeout > timedelta(days=14)
    assert dag.timetable.asset_condition == assets.verdict(NAME) or assets.verdict(NAME) in list(
        asset for _, asset in dag.timetable.asset_condition.iter_assets()
    )
