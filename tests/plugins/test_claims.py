"""A job belongs to one try at a time, and only that one's end is the job's end."""

import threading
import time

import pytest

from driftgate_airflow import claims
from driftgate_airflow.claims import Waiter, abandoned, claim, hold, read_claim, release

JOB = "retrain-train-1"


def a_try(number=1):
    return Waiter(id=f"try-{number}", dag_id="flight_delays.retrain", task_id="train", run_id="manual__1")


@pytest.fixture
def states(monkeypatch):
    """What Airflow says about the task instance; the question itself needs a running Airflow, see tests/e2e."""
    answer = {"goes_on": True}
    monkeypatch.setattr(claims, "goes_on", lambda *_: answer["goes_on"])
    return answer


def test_a_retry_takes_the_job_over_with_the_deadline_it_has():
    first = claim(JOB, "local_small", a_try(1), seconds=600)
    second = claim(JOB, "local_small", a_try(2), seconds=600)
    assert (second.owner.id, second.deadline) == ("try-2", first.deadline)


def test_a_job_that_was_given_up_gets_a_new_deadline():
    first = claim(JOB, "local_small", a_try(1), seconds=600)
    assert release(JOB, "try-1")
    time.sleep(0.01)
    second = claim(JOB, "local_small", a_try(2), seconds=600)
    assert second.deadline > first.deadline
    assert not second.released


def test_who_comes_late_gives_up_nothing():
    """The trigger of a cleared task is cancelled after the next try has begun: the job is that one's now."""
    claim(JOB, "local_small", a_try(1), seconds=600)
    claim(JOB, "local_small", a_try(2), seconds=600)
    assert not release(JOB, "try-1")
    assert not read_claim(JOB).released
    assert release(JOB, "try-2")
    assert release(JOB, "try-2"), "given up is given up, however often"


def test_nobody_gives_up_a_job_without_a_claim():
    assert not release(JOB, "try-1")
    assert read_claim(JOB) is None


def test_of_a_release_and_a_claim_at_once_both_are_seen():
    """Whichever is first, the last word is the new claim's, and the release knows whether it came in time."""
    for number in range(1, 16, 2):
        old, new = a_try(number), a_try(number + 1)
        claim(JOB, "local_small", old, seconds=600)
        released = []
        racers = [
            threading.Thread(target=lambda old=old, seen=released: seen.append(release(JOB, old.id))),
            threading.Thread(target=lambda new=new: claim(JOB, "local_small", new, seconds=600)),
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        now = read_claim(JOB)
        assert (now.owner.id, now.released) == (new.id, False)
        assert len(released) == 1


def test_a_job_is_abandoned_when_its_task_does_not_go_on(states):
    claim(JOB, "local_small", a_try(), seconds=600)
    assert abandoned(JOB) is None
    states["goes_on"] = False
    assert abandoned(JOB).owner == a_try()


def test_a_job_that_was_given_up_is_abandoned_whatever_its_task_does(states):
    claim(JOB, "local_small", a_try(), seconds=600)
    release(JOB, "try-1")
    assert abandoned(JOB) is not None


def test_a_job_from_outside_airflow_is_not_ours_to_judge(states):
    states["goes_on"] = False
    assert abandoned("by-hand") is None


def test_jobs_that_run_already_are_held_for_the_task_that_leads_them(states):
    hold(["trial-0", "trial-1"], "local_small", a_try())
    first = read_claim("trial-0")
    hold(["trial-0", "trial-1"], "local_small", a_try())
    assert read_claim("trial-0") == first
    states["goes_on"] = False
    assert abandoned("trial-1").owner == a_try()
