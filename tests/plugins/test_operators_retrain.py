"""What the last tasks of the retrain DAG make of their answers; training itself is tested where it lives."""

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from driftgate.lineage import DatasetRef, read_stream
from driftgate_airflow import assets
from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.evaluate_candidate import EvaluateCandidateOperator
from driftgate_airflow.operators.register_candidate import RegisterCandidateOperator

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


def test_the_event_of_a_candidate_names_its_version(run):
    night = run()
    night.execute(answering(RegisterCandidateOperator, model_version="2", dataset_version="flight_delays/a"))
    assert night.outlet_events[assets.candidate(NAME)].extra == {"model_version": "2"}
