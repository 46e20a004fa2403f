"""What the last tasks of the retrain DAG make of their answers; training itself is tested where it lives."""

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from driftgate.lake import lake
from driftgate.lineage import DatasetRef, read_stream
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case
from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from driftgate_airflow.operators.register_candidate import RegisterCandidateOperator
from driftgate_airflow.runs import row_share

NAME = "flight_delays"


def answering(operator, **summary):
    """A task of this kind whose domain call gave ``summary``."""

    class Answering(operator):
        def step(self, context):
            return Step(summary, outputs=(DatasetRef(f"a/{operator.__name__}", "1"),))

    return Answering(task_id="a_task", use_case=NAME, dataset_version="flight_delays/a", job_id="a")


def test_a_candidate_that_passed_its_gates_goes_on(run):
    answer = {"passed": True, "status": "accepted", "reason": "AUC 0.74, champion 0.70."}
    assert run().execute(answering(EvaluateCandidateOperator, **answer)) == answer


def test_a_rejected_candidate_is_an_answer_and_not_a_failure(run):
    answer = {"passed": False, "status": "rejected_no_uplift", "reason": "AUC 0.69, rule 0.70."}
    with pytest.raises(AirflowSkipException, match=r"The candidate is rejected_no_uplift: AUC 0\.69, rule 0\.70"):
        run().execute(answering(EvaluateCandidateOperator, **answer))
    assert len(read_stream(NAME)) == 1, "the lineage says that it was evaluated"


def test_a_candidate_of_a_sample_is_evaluated_and_never_registered(run, monkeypatch):
    spec = training_spec(load_use_case(NAME), "flight_delays/a", "a").model_copy(update={"row_share": 0.2})
    lake().write("jobs/a/spec.json", spec.canonical())
    with pytest.raises(AirflowSkipException, match=r"Trained on 20% of the rows, so it is an experiment and is not"):
        run().execute(answering(RegisterCandidateOperator, model_version="2", dataset_version="flight_delays/a"))
    assert not read_stream(NAME)


@pytest.mark.parametrize(
    ("usual", "fraction", "learnt_from"),
    [(1.0, None, 1.0), (1.0, 0.2, 0.2), (0.5, None, 0.5), (0.5, 1.0, 0.5), (0.5, 0.2, 0.2)],
)
def test_the_share_of_the_use_case_holds_unless_an_experiment_asks_for_less(run, usual, fraction, learnt_from):
    night = run(params={"sample_fraction": fraction})
    assert row_share({"params": night.params}, usual) == learnt_from


def test_a_candidate_of_the_usual_share_is_registered(run, monkeypatch):
    whole = load_use_case(NAME)
    half = whole.model_copy(update={"train": whole.train.model_copy(update={"row_share": 0.5})})
    monkeypatch.setattr("driftgate.use_cases.load_use_case", lambda _: half)
    lake().write("jobs/a/spec.json", training_spec(half, "flight_delays/a", "a").canonical())
    night = run()
    night.execute(answering(RegisterCandidateOperator, model_version="2", dataset_version="flight_delays/a"))
    assert night.outlet_events[assets.candidate(NAME)].extra == {"model_version": "2"}


def test_the_event_of_a_candidate_names_its_version(run):
    lake().write("jobs/a/spec.json", training_spec(load_use_case(NAME), "flight_delays/a", "a").canonical())
    night = run()
    night.execute(answering(RegisterCandidateOperator, model_version="2", dataset_version="flight_delays/a"))
    assert night.outlet_events[assets.candidate(NAME)].extra == {"model_version": "2"}
