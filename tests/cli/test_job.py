"""``driftgate job`` with a process that waits: listed, ended, and what is said about a job that is not there."""

import os

import pytest

from driftgate.compute import JobSpec, cancel, local, status, submit
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case

WAITS = "import time\ntime.sleep(60)\n"


@pytest.fixture
def waiting(tmp_path, monkeypatch):
    """A job that waits on the target of its use case."""
    (tmp_path / "waits.py").write_text(WAITS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "waits")
    spec = training_spec(load_use_case("flight_delays"), "flight_delays/2013-03-31-3f9c2a1", "by-hand")
    submit(spec)
    yield spec
    cancel(spec.job_id, spec.target)


def test_a_job_is_listed_while_it_runs_and_ended_when_a_person_says_so(run, waiting: JobSpec):
    listed = run("job", "list")
    assert listed.exit_code == 0, listed.output
    assert "by-hand" in listed.stdout
    assert "running" in listed.stdout
    stopped = run("job", "stop", "by-hand")
    assert stopped.exit_code == 0, stopped.output
    assert "by-hand on local_small: it was cancelled" in stopped.stdout
    assert status(waiting.job_id, waiting.target).state == "cancelled"
    assert run("job", "list").stdout == "No job runs or waits.\n"
    assert "it was cancelled" in run("job", "stop", "by-hand").stdout, "asked again, it changes nothing"


def test_a_wrong_name_is_a_sentence(run, waiting: JobSpec):
    answer = run("job", "stop", "by-hands")
    assert answer.exit_code == 1
    assert "There is no job 'by-hands'; did you mean 'by-hand'?" in answer.stderr
    refused = run("job", "stop", "../by-hand")
    assert refused.exit_code == 1
    assert "is not allowed" in refused.stderr
    assert status(waiting.job_id, waiting.target).state == "running"


def test_who_stops_waiting_is_told_how_to_end_the_job(run, waiting: JobSpec, monkeypatch):
    from driftgate.cli import train

    def impatient(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "_wait", impatient)
    monkeypatch.setattr(train, "found", lambda *_: (load_use_case("flight_delays"), waiting.dataset_version))
    answer = run("train", "run", "flight_delays", waiting.dataset_version)
    assert answer.exit_code != 0
    job_id = answer.stdout.partition(":")[0]
    assert f"driftgate job stop {job_id}" in answer.stdout
    assert status(job_id, waiting.target).state == "running"
    assert run("job", "stop", job_id).exit_code == 0
