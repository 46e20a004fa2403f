"""A job is started once, taken over by a retry, and stopped by what should stop it; the jobs here are processes."""

import asyncio

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow.triggers.base import TriggerEvent

from driftgate.compute import status
from driftgate_airflow import claims, task_states
from driftgate_airflow.claims import read_claim
from driftgate_airflow.operators import job as job_operator
from driftgate_airflow.operators.sweep_jobs import SweepJobsOperator
from driftgate_airflow.operators.train_candidate import TrainCandidateOperator

NAME = "flight_delays"


def training(operator=TrainCandidateOperator):
    return operator(task_id="train_candidate", use_case=NAME, dataset_version="flight_delays/2013-03-31-3f9c2a1")


@pytest.fixture
def task_goes_on(monkeypatch):
    """What Airflow would say about the task instance; that it says so is tested in tests/e2e."""
    answer = {"goes_on": True}
    for module in (claims, job_operator, task_states):
        monkeypatch.setattr(module, "goes_on", lambda *_: answer["goes_on"])
    return answer


@pytest.fixture
def waiting(run, jobs):
    """A run whose training has submitted its job, and the trigger that waits for it."""
    night = run()
    with pytest.raises(TaskDeferred) as deferred:
        night.execute(training())
    trigger = deferred.value.trigger
    jobs.wait_for(trigger.job_id, "running")
    return night, trigger


def test_the_deferral_ends_after_the_deadline_that_stops_the_job(run, jobs):
    with pytest.raises(TaskDeferred) as deferred:
        run().execute(training())
    claim = read_claim(deferred.value.trigger.job_id)
    assert (claim.owner.id, claim.owner.task_id) == ("try-1", "train_candidate")
    assert deferred.value.trigger.deadline == claim.deadline
    assert deferred.value.timeout.total_seconds() > 30 * 60, "a job has its 30 minutes, and Airflow waits for longer"


def test_a_retry_takes_over_the_job_that_runs(waiting, jobs):
    night, trigger = waiting
    night.try_id = "try-2"
    with pytest.raises(TaskDeferred) as deferred:
        night.execute(training())
    assert (deferred.value.trigger.job_id, deferred.value.trigger.owner) == (trigger.job_id, "try-2")
    assert deferred.value.trigger.deadline == trigger.deadline
    assert jobs.starts(trigger.job_id) == 1


def test_a_job_that_is_done_is_concluded_by_whoever_comes(waiting, jobs):
    night, trigger = waiting
    jobs.let_go(trigger.job_id)
    jobs.wait_for(trigger.job_id, "succeeded")
    assert asyncio.run(first_of(trigger)) == TriggerEvent({"job_id": trigger.job_id})
    answer = night.resume(training(), {"job_id": trigger.job_id})
    assert (answer["job_id"], answer["metrics"]) == (trigger.job_id, {"validation_auc": 0.7})
    assert read_claim(trigger.job_id).released
    assert night.execute(training()) == answer, "a cleared task finds the result"
    assert jobs.starts(trigger.job_id) == 1


def test_at_the_deadline_the_job_is_stopped_and_the_task_fails(waiting, jobs):
    night, trigger = waiting
    trigger.deadline = 0.0
    event = asyncio.run(first_of(trigger))
    assert event.payload == {"job_id": trigger.job_id, "late": True}
    jobs.wait_for(trigger.job_id, "cancelled")
    with pytest.raises(AirflowFailException, match=r"took longer than its compute target allows, .* and was stopped"):
        night.resume(training(), event.payload)


def test_what_cannot_be_asked_about_is_an_answer_with_its_sentence(waiting, monkeypatch):
    night, trigger = waiting
    trigger.target = "gone"
    event = asyncio.run(first_of(trigger))
    assert event.payload["error"].startswith("ConfigError: There is no compute target 'gone'")
    with pytest.raises(AirflowFailException, match="no compute target 'gone'"):
        night.resume(training(), event.payload)


def test_a_question_that_fails_is_asked_again(waiting, jobs, monkeypatch, caplog):
    _, trigger = waiting
    jobs.let_go(trigger.job_id)
    jobs.wait_for(trigger.job_id, "succeeded")
    answer, failures = trigger.answer, [TimeoutError("throttled"), OSError("no route")]

    def busy():
        if failures:
            raise failures.pop()
        return answer()

    monkeypatch.setattr(trigger, "answer", busy)
    trigger.poll_seconds = 0.01
    assert asyncio.run(first_of(trigger)).payload == {"job_id": trigger.job_id}


def test_a_person_who_acts_on_the_waiting_task_stops_the_job(waiting, jobs, task_goes_on):
    _, trigger = waiting
    trigger.task_instance = instance()
    task_goes_on["goes_on"] = False
    asyncio.run(trigger.on_kill())
    jobs.wait_for(trigger.job_id, "cancelled")


def test_a_trigger_that_moves_to_another_triggerer_stops_nothing(waiting, task_goes_on):
    _, trigger = waiting
    trigger.task_instance = instance()
    asyncio.run(trigger.on_kill())
    assert status(trigger.job_id, trigger.target).state == "running"


def test_the_trigger_of_an_earlier_try_stops_nothing(waiting, task_goes_on):
    night, trigger = waiting
    night.try_id = "try-2"
    with pytest.raises(TaskDeferred):
        night.execute(training())
    task_goes_on["goes_on"] = False
    trigger.task_instance = instance()
    asyncio.run(trigger.on_kill())
    assert status(trigger.job_id, trigger.target).state == "running"


@pytest.mark.parametrize(("goes_on", "state"), [(False, "cancelled"), (True, "running")])
def test_the_end_of_a_worker_stops_the_job_only_if_a_person_acted(run, jobs, task_goes_on, goes_on, state):
    task_goes_on["goes_on"] = goes_on
    task = training()
    with pytest.raises(TaskDeferred) as deferred:
        run().execute(task)
    task.on_kill()
    jobs.wait_for(deferred.value.trigger.job_id, state)


def test_a_kill_before_the_submission_stops_the_job_right_after_it(run, jobs, task_goes_on):
    task_goes_on["goes_on"] = False
    task = training()
    task.on_kill()
    with pytest.raises((TaskDeferred, AirflowFailException)):
        run().execute(task)
    jobs.wait_for(task._claim.job_id, "cancelled")


def test_a_cleared_training_starts_the_stopped_job_anew(waiting, jobs, task_goes_on):
    night, trigger = waiting
    trigger.task_instance = instance()
    task_goes_on["goes_on"] = False
    asyncio.run(trigger.on_kill())
    night.try_id = "try-2"  # at once, while the job is still being stopped
    with pytest.raises(TaskDeferred) as deferred:
        night.execute(training())
    again = deferred.value.trigger
    assert again.job_id == trigger.job_id
    jobs.let_go(trigger.job_id)
    jobs.wait_for(trigger.job_id, "succeeded")


def test_the_sweep_ends_what_nobody_waits_for(waiting, run, jobs, task_goes_on):
    _, trigger = waiting
    sweeper = SweepJobsOperator(task_id="sweep_jobs")
    assert run().execute(sweeper)["unwanted"] == 0

    task_goes_on["goes_on"] = False
    answer = run(params={"only_list": True}).execute(sweeper)
    assert (answer["unwanted"], answer["ended"]) == (1, 0)
    assert status(trigger.job_id, trigger.target).state == "running"

    answer = run().execute(sweeper)
    assert (answer["unwanted"], answer["ended"]) == (1, 1)
    assert answer["saved_hours_at_most"] > 0.4
    jobs.wait_for(trigger.job_id, "cancelled")
    assert run().execute(sweeper)["unwanted"] == 0


def instance():
    """What a triggerer gives to its triggers."""
    from types import SimpleNamespace

    return SimpleNamespace(dag_id="a_dag", task_id="train_candidate", run_id="manual__1", map_index=-1)


async def first_of(trigger):
    return await asyncio.wait_for(anext(trigger.run()), 20)
