"""What every backend does with a job, from its submit to its end."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from driftgate.compute import JobLost, JobRunning, JobSpec, cancel, result, status, submit, sweep, tend
from driftgate.compute.job_records import find_record
from driftgate.errors import ConfigError, JobFailed

Make = Callable[..., JobSpec]
Told = Callable[[str], int]
Wait = Callable[..., Any]


def test_a_job_is_submitted_runs_has_a_log_and_succeeds(
    place: Any, make: Make, told: Told, wait: Wait, go: Any
) -> None:
    spec = make("wait", place.target())
    handle = submit(spec)
    assert (handle.target, handle.ended, handle.timeout_minutes) == ("main", False, 5)
    assert wait(spec, "running").log.startswith(("https://eu-west-1.console.aws.amazon.com/", "/"))
    with pytest.raises(JobRunning, match="still runs on target 'main'"):
        result(spec.job_id, "main")
    go()
    wait(spec, "succeeded")
    assert result(spec.job_id, "main").spec_sha256 == spec.hash
    assert submit(spec).state == "succeeded"  # found again, not run again
    with pytest.raises(ConfigError, match=r"is done with another .*; start a new DAG run"):
        submit(spec.model_copy(update={"seed": 8}))
    assert (told("started"), told("done")) == (1, 1)


def test_an_error_of_the_code_runs_once_and_is_told_with_the_end_of_its_log(
    place: Any, make: Make, told: Told, wait: Wait
) -> None:
    spec = make("crash", place.target())
    submit(spec)
    wait(spec, "failed")
    assert submit(spec).state == "failed"  # the worker that waited died: the retry is told, nothing runs again
    with pytest.raises(JobFailed, match=r"(?s)it ended with status 1\. Its log, .*RuntimeError: the disk is full$"):
        result(spec.job_id, "main")
    assert told("started") == 1


def test_a_refusal_is_told_as_its_sentence(place: Any, make: Make, wait: Wait) -> None:
    spec = make("refuse", place.target())
    submit(spec)
    wait(spec, "failed")
    with pytest.raises(JobFailed, match=r"failed: Feature 'x' is null in all 2 training rows; leave it out\. Its log"):
        result(spec.job_id, "main")


def test_a_job_past_its_time_limit_has_failed(
    place: Any, make: Make, told: Told, wait: Wait, until: Wait, nothing_runs: Any
) -> None:
    spec = make("wait", place.short())
    submit(spec)
    until(lambda: told("started"))
    place.pass_time()
    wait(spec, "failed")
    with pytest.raises(JobFailed, match=r"it ran longer than [\d.]+ minutes, its time limit"):
        result(spec.job_id, "main")
    nothing_runs()
    assert (told("started"), told("interrupted")) == (1, 1)


def test_a_cancelled_job_saves_and_ends(
    place: Any, make: Make, told: Told, wait: Wait, until: Wait, nothing_runs: Any
) -> None:
    spec = make("wait", place.target())
    submit(spec)
    wait(spec, "running")
    until(lambda: told("started"))
    cancel(spec.job_id, "main")
    wait(spec, "cancelled")
    with pytest.raises(JobFailed, match="it was cancelled"):
        result(spec.job_id, "main")
    nothing_runs()
    assert (told("started"), told("interrupted"), told("done")) == (1, 1, 0)


def test_a_job_whose_host_is_reclaimed_goes_on(
    place: Any, make: Make, told: Told, wait: Wait, until: Wait, go: Any
) -> None:
    spec = make("wait", place.target())
    submit(spec)
    wait(spec, "running")
    until(lambda: told("started"))
    place.reclaim(status(spec.job_id, "main"))
    until(lambda: tend(spec.job_id, "main") and told("started") == 2)
    go()
    wait(spec, "succeeded")
    assert (told("started"), told("interrupted"), told("done")) == (2, 1, 1)


def test_a_job_that_its_service_lost_runs_again(
    place: Any, make: Make, told: Told, wait: Wait, until: Wait, go: Any
) -> None:
    spec = make("wait", place.target(host_loss_attempts=1))
    submit(spec)
    wait(spec, "running")
    until(lambda: told("started"))
    place.lose(status(spec.job_id, "main"))
    _forget_the_moment_after_a_submit(spec)
    wait(spec, "lost")
    with pytest.raises(JobLost, match="submit it again to start it anew"):
        result(spec.job_id, "main")
    submit(spec)
    go()
    wait(spec, "succeeded")
    assert (told("started"), told("done")) == (2, 1)


def test_many_submits_at_once_are_one_job(place: Any, make: Make, told: Told, wait: Wait, go: Any) -> None:
    spec = make("wait", place.target())
    with ThreadPoolExecutor(6) as pool:
        states = {handle.state for handle in pool.map(submit, [spec] * 6)}
    assert states <= {"queued", "running"}
    wait(spec, "running")
    go()
    wait(spec, "succeeded")
    assert told("started") == 1


def test_processes_that_submit_at_once_start_one_job(
    place: Any, make: Make, told: Told, wait: Wait, forked: Callable[..., Any], go: Any
) -> None:
    spec = make("wait", place.target())
    gate = multiprocessing.get_context("fork").Barrier(4)
    children = [forked(lambda: (gate.wait(60), submit(spec))) for _ in range(4)]
    assert [child() for child in children] == [0] * 4
    wait(spec, "running")
    go()
    wait(spec, "succeeded")
    assert told("started") == 1


def test_a_running_job_with_another_spec_is_not_this_one(place: Any, make: Make, wait: Wait, go: Any) -> None:
    spec = make("wait", place.target())
    submit(spec)
    with pytest.raises(ConfigError, match="runs with another dataset version or other settings"):
        submit(spec.model_copy(update={"seed": 8}))
    go()
    wait(spec, "succeeded")


def test_a_throttled_service_delays_a_job_and_doubles_nothing(
    place: Any, make: Make, told: Told, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not place.queues:
        pytest.skip("nobody throttles a process of this machine")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    spec = make("succeed", place.target())
    place.aws.throttle(place.submit_action, 2)
    submit(spec)
    wait(spec, "succeeded")
    assert (told("started"), place.aws.calls(place.submit_action)) == (1, 3)


def test_a_job_that_waits_too_long_moves_to_the_next_target_once(
    place: Any, make: Make, told: Told, wait: Wait, nothing_runs: Any
) -> None:
    if not place.queues:
        pytest.skip("a process of this machine never waits")
    spec = make("succeed", {**place.held(), "max_queue_minutes": 0.01, "then": ["other"]}, other=place.fallback())
    assert submit(spec).target == "main"
    with ThreadPoolExecutor(4) as pool:  # several triggerers
        handles = list(pool.map(lambda _: wait(spec), range(4)))
    assert {(handle.state, handle.target) for handle in handles} == {("succeeded", "other")}
    found = find_record(spec.job_id)
    assert found
    (move,) = found.record.moves
    assert move.target == "main"
    assert move.reason.startswith("it waited longer than 0.01 minutes for a machine, its limit (")
    nothing_runs()
    assert (told("started"), told("done")) == (1, 1)


def test_a_job_that_spot_interrupts_again_and_again_moves_to_the_next_target(
    place: Any, make: Make, told: Told, wait: Wait, until: Wait, go: Any
) -> None:
    if not place.queues:
        pytest.skip("this machine is no Spot instance")
    spec = make("wait", {**place.cheap(), "host_loss_attempts": 2, "then": ["other"]}, other=place.fallback())
    submit(spec)
    for start in (1, 2):
        until(lambda start=start: tend(spec.job_id, "main") and told("started") == start)
        place.reclaim(status(spec.job_id, "main"))
    until(lambda: tend(spec.job_id, "main") and told("started") == 3)
    go()
    assert wait(spec, "succeeded").target == "other"
    found = find_record(spec.job_id)
    assert found
    (move,) = found.record.moves
    assert move.reason.startswith("Spot took its machine 2 times, its limit (")


def test_a_job_that_waits_too_long_and_has_no_other_target_has_failed(
    place: Any, make: Make, wait: Wait, nothing_runs: Any
) -> None:
    if not place.queues:
        pytest.skip("a process of this machine never waits")
    spec = make("succeed", {**place.held(), "max_queue_minutes": 0.01})
    submit(spec)
    wait(spec, "failed")
    with pytest.raises(JobFailed, match=r"it waited longer than 0\.01 minutes for a machine, its limit"):
        result(spec.job_id, "main")
    nothing_runs()


def test_a_sweep_ends_what_nobody_wants(place: Any, make: Make, wait: Wait, nothing_runs: Any) -> None:
    spec = make("wait", place.target())
    submit(spec)
    wait(spec, "running")
    assert sweep(lambda _: True) == []
    nothing_runs()
    assert status(spec.job_id, "main").state == "cancelled"


def _forget_the_moment_after_a_submit(spec: JobSpec) -> None:
    """A service that does not show a job just submitted is given time; here that time has passed."""
    from datetime import timedelta

    noted = find_record(spec.job_id)
    assert noted
    noted.swap(submitted_at=noted.record.submitted_at - timedelta(minutes=1))
