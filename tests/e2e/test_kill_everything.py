"""Whatever is killed, one model comes of a run, from one job; and what a person stops is stopped.

The walk kills at random, with a fixed seed: a task, a worker, the triggerer, the scheduler, a job, a job's supervisor.
What Airflow does not start again by itself is started again, as systemd or ECS would do it.
"""

import os
import random
import sys
import time
from contextlib import suppress
from itertools import pairwise

import psutil
import pytest
import yaml

from driftgate.compute import attempts, status
from driftgate.compute.job_records import open_records
from driftgate.ledger import collect_all, rows
from driftgate.lineage import verify
from driftgate.metadata import metadata
from driftgate.records import read_yaml
from driftgate.registry import list_models
from driftgate.world import demo, processes, stack
from driftgate.world.airflow_api import AirflowApi
from driftgate.world.environment import airflow_environment, airflow_home

pytestmark = pytest.mark.timeout(1500)
e2e = pytest.mark.e2e

PLAN = demo.Plan(first="2013-03-01", loaded_by_hand_to="2013-03-12", backfilled_to="2013-03-13", played_to="2013-03-14")
NAME = PLAN.use_case
RETRAIN = f"{NAME}.retrain"
SWEEP_KEY = "2013-03-13T05"
SEED = 20130401
# The job most often: the parts of Airflow are there all the time, and it is not.
VICTIMS = ("task", "worker", "triggerer", "scheduler", "job", "job", "supervisor", "supervisor")
RECOVERY_SECONDS = 30  # before the same part of Airflow is killed again: it takes that long to come up
# Days that are learnt from in a second take minutes while the brake is on: there must be something to kill.
SLOW_TRAINING = """
import contextlib, sys, time
from pathlib import Path
from driftgate.training import entrypoint, run

after, brake = run.Attended.after, Path(__file__).with_name("brake")

def slowly(self, *arguments):
    with contextlib.suppress(OSError, ValueError):
        time.sleep(float(brake.read_text()))
    return after(self, *arguments)

run.Attended.after = slowly
sys.exit(entrypoint.main())
"""


@pytest.fixture(scope="module")
def project(project):
    """The impatient project, with a brake on its training, and many retries soon after each other."""
    (code := project / "code").mkdir()
    (code / "slow_training.py").write_text(SLOW_TRAINING)
    dag = project / "dags" / f"{NAME}.py"
    slow = "from driftgate.compute import local\n\nlocal.ENTRYPOINTS['train'] = 'slow_training'\n"
    dag.write_text(f"{dag.read_text()}\n{slow}")
    path = project / "include/settings/local.yaml"
    local = read_yaml(path)
    local["airflow"].update({"retries": 50, "retry_seconds": 1})
    path.write_text(yaml.safe_dump(local))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(code), prepend=os.pathsep)
        yield project


@pytest.fixture(autouse=True)
def brake(project):
    """The file that says how many seconds an iteration takes; without it trainings are as fast as they can be."""
    path = project / "code" / "brake"
    path.write_text("0.5")
    return path


@pytest.fixture(scope="module")
def api(publish_days):
    """Airflow with two weeks of data and no model."""
    publish_days(PLAN)
    stack.start(lambda _: None)
    with AirflowApi() as api:
        api.unpause([RETRAIN, "driftgate.sweep"])
        yield api


@e2e
def test_marking_a_waiting_training_as_failed_stops_its_job(api):
    job = begin_training(api, "marked")
    mark_failed(api, "marked")
    wait_until(lambda: state(job) == "cancelled")


@e2e
def test_clearing_it_then_starts_the_same_job_anew(api):
    job = the_job("marked")
    clear(api, "marked")
    wait_until(lambda: state(job) == "running")
    assert the_job("marked") == job


@e2e
def test_what_nobody_could_stop_is_ended_by_the_sweep(api):
    """The triggerer is down at the moment at which a person marks the task."""
    wait_until(lambda: task_state(api, "marked") == "deferred")
    job = the_job("marked")
    processes.stop(["triggerer"])
    mark_failed(api, "marked")
    assert state(job) == "running"
    api.wait("driftgate.sweep", api.trigger("driftgate.sweep", "swept", key=SWEEP_KEY), seconds=120)
    wait_until(lambda: state(job) == "cancelled")
    start("triggerer")
    clear(api, "marked")
    wait_until(lambda: state(job) == "running")


@e2e
def test_a_restart_of_the_triggerer_or_of_the_scheduler_stops_no_job(api, brake):
    job = the_job("marked")
    wait_until(lambda: task_state(api, "marked") == "deferred" and len(attempts(job)) == 3)
    before = {name: newest(api, name) for name in ("triggerer", "scheduler")}
    for name in before:
        processes.stop([name])
        start(name)
    wait_until(lambda: all(newest(api, name) > number for name, number in before.items()))
    assert state(job) == "running"
    brake.unlink()
    api.wait(RETRAIN, "marked", seconds=240)
    assert api.succeeded(RETRAIN, "marked", "register_candidate")
    assert len(attempts(job)) == 3


@pytest.mark.parametrize("seconds", [pytest.param(12, marks=e2e), pytest.param(300, marks=pytest.mark.soak)])
def test_a_random_walk_of_kills_ends_with_one_model_and_one_charge_per_attempt(api, brake, seconds):
    before = {model.version for model in list_models(NAME)}
    brake.write_text("0.1")
    runs = Walk(api, SEED, f"walk_{seconds}").go(seconds)
    brake.unlink()
    for run_id in runs:
        api.wait(RETRAIN, run_id, seconds=400)
        assert api.succeeded(RETRAIN, run_id, "register_candidate"), run_id
    assert len({model.version for model in list_models(NAME)} - before) == len(runs)
    for run_id in runs:
        job = the_job(run_id)
        assert state(job) == "succeeded"
        one_charge_per_attempt(job)
    for number in (1, 2):
        run_id = api.trigger("driftgate.sweep", f"after_{seconds}_{number}", key=SWEEP_KEY)
        api.wait("driftgate.sweep", run_id, seconds=120)
    assert not list(open_records())
    assert not [*job_processes(of_supervisor=True), *job_processes(of_supervisor=False)]
    assert verify(NAME) == []


class Walk:
    """Kills something every few seconds while retrainings run; the same seed makes the same choices."""

    def __init__(self, api, seed, name):
        self.api = api
        self.random = random.Random(seed)
        self.name = name
        self.killed_at = {}
        print(f"seed {seed}")  # noqa: T201  pytest shows it when the test fails

    def go(self, seconds):
        """Walk for so long, beginning in a training, and return the runs that were begun; the last may still run."""
        begun = [self._begin(1)]
        wait_until(lambda: task_state(self.api, begun[0]) == "deferred", 120)
        started = time.monotonic()
        end = started + seconds
        while time.monotonic() < end:
            time.sleep(self.random.uniform(2, 5))
            choices = self.random.sample(VICTIMS, len(VICTIMS))  # the first that is there
            told = next((f"{one} {done}" for one in choices if (done := self._kill(one))), "nothing is there")
            print(f"{time.monotonic() - started:5.1f} s: {told}")  # noqa: T201  as above
            if self.api.state(RETRAIN, begun[-1]) == "success" and time.monotonic() < end - 20:
                begun.append(self._begin(len(begun) + 1))
        return begun

    def _begin(self, number):
        conf = {"reason": "a test", "replay": True}
        return self.api.trigger(RETRAIN, f"{self.name}_{number}", key=PLAN.backfilled_to, conf=conf)

    def _kill(self, victim):
        """Kill -9 and say so; what is not there, or only just came up, is not killed, and nothing is said."""
        if victim in stack.AIRFLOW:
            if time.monotonic() < self.killed_at.get(victim, 0) + RECOVERY_SECONDS:
                return ""
            self.killed_at[victim] = time.monotonic()
            process = processes.find(victim)
            process.kill()
            process.wait(10)
            start(victim)
            return f"{process.pid} killed and started again"
        found = sorted(self._found(victim), key=lambda process: process.pid)
        if not found:
            return ""
        process = self.random.choice(found)
        with suppress(psutil.NoSuchProcess):
            process.kill()
        return f"{process.pid} killed"

    def _found(self, victim):
        if victim == "job":
            return job_processes(of_supervisor=False)
        if victim == "supervisor":
            return job_processes(of_supervisor=True)
        scheduler = processes.find("scheduler")
        with suppress(psutil.NoSuchProcess):
            workers = [worker for worker in scheduler.children() if worker.children()] if scheduler else []
            return workers if victim == "worker" else [task for worker in workers for task in worker.children()]
        return []


def one_charge_per_attempt(job):
    """The ledger has one row for each attempt, one of them succeeded, and none ran beside another."""
    collect_all()
    made = sorted(attempts(job), key=lambda attempt: attempt.number)
    charged = sorted(row.attempt for row in rows(NAME) if row.job_id == job)
    assert charged == [attempt.number for attempt in made] == list(range(1, len(made) + 1))
    assert [attempt.outcome for attempt in made].count("succeeded") == 1
    for earlier, later in pairwise(made):
        assert earlier.ended_at <= later.started_at, f"attempts {earlier.number} and {later.number} ran at once"


def job_processes(*, of_supervisor):
    """Return the living jobs of this stack, or their supervisors."""
    home = os.environ["DRIFTGATE_HOME"]
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            is_job = "--end-with-stdin" in command and home in command and process.status() != psutil.STATUS_ZOMBIE
            if is_job and ("supervisor.py" in command) == of_supervisor:
                found.append(process)
    return found


def start(name):
    """Start one part of Airflow, as what runs it would, and wait for nothing."""
    processes.start(name, [sys.executable, "-m", "airflow", *stack.AIRFLOW[name]], airflow_environment())


def newest(api, name):
    """Return the number that Airflow gave the latest start of one of its parts."""
    answer = api.http.get("/api/v2/jobs", params={"job_type": f"{name.capitalize()}Job"})
    return max(job["id"] for job in answer.json()["jobs"])


def begin_training(api, run_id):
    """Start a run and return its job, once the job runs and the task waits for it in the triggerer."""
    api.trigger(RETRAIN, run_id, key=PLAN.backfilled_to, conf={"reason": "a test", "replay": True})
    wait_until(lambda: task_state(api, run_id) == "deferred", 120)
    wait_until(
        lambda: list(airflow_home().glob(f"logs/dag_id={RETRAIN}/run_id={run_id}/*train_candidate/*trigger*.log"))
    )
    job = the_job(run_id)
    wait_until(lambda: state(job) == "running" and attempts(job))
    return job


def the_job(run_id):
    """Return the one job that the run's training ever claimed."""
    found = {entry.subject for entry in metadata().all_latest("job_claim") if entry.body["owner"]["run_id"] == run_id}
    assert len(found) == 1, found
    return found.pop()


def state(job):
    return status(job, "local_small").state


def task_state(api, run_id, task_id="train_candidate"):
    return next(task["state"] for task in api.tasks(RETRAIN, run_id) if task["task_id"] == task_id)


def mark_failed(api, run_id, task_id="train_candidate"):
    path = f"/api/v2/dags/{RETRAIN}/dagRuns/{run_id}/taskInstances/{task_id}"
    answer = api.http.patch(path, json={"new_state": "failed"})
    assert answer.status_code == 200, answer.text


def clear(api, run_id, task_id="train_candidate"):
    body = {"dag_run_id": run_id, "task_ids": [task_id], "include_downstream": True, "reset_dag_runs": True}
    body |= {"dry_run": False, "only_failed": False}
    answer = api.http.post(f"/api/v2/dags/{RETRAIN}/clearTaskInstances", json=body)
    assert answer.status_code == 200, answer.text


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.1)
