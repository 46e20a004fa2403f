"""A job is started once, found again by whoever asks, and started anew only when there is a reason."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute import JobLost, JobRunning, JobSpec, cancel, result, status, submit, sweep, tend
from driftgate.compute.local import LocalBackend
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, DriftgateError, JobFailed, NotSupported
from driftgate.settings import settings

Until = Callable[[Callable[[], Any]], Any]
MakeSpec = Callable[..., JobSpec]
SMALL = Target(backend="local", vcpu=2, memory_mib=1000, timeout_minutes=1)
pytestmark = pytest.mark.usefixtures("stub")


def folder(spec: JobSpec) -> Path:
    return Path(settings().jobs) / spec.job_id


def starts(spec: JobSpec) -> list[str]:
    file = folder(spec) / "starts"
    return file.read_text().splitlines() if file.exists() else []


def finish(spec: JobSpec, until: Until) -> str:
    until(lambda: status(spec.job_id, spec.target).ended)
    return status(spec.job_id, spec.target).state


def tended(spec: JobSpec, until: Until) -> str:
    until(lambda: tend(spec.job_id, spec.target).ended)
    return tend(spec.job_id, spec.target).state


def test_a_job_runs_to_its_result_and_is_found_again(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec()
    handle = submit(spec)
    assert (handle.job_id, handle.target, handle.ended, handle.timeout_minutes) == (
        spec.job_id,
        "local_small",
        False,
        30,
    )
    assert handle.log == str(folder(spec) / "log.txt")
    assert finish(spec, until) == "succeeded"
    assert result(spec.job_id, spec.target).metrics == {"validation_auc": 0.7}
    shutil.rmtree(folder(spec))  # another host, or a tidied disk: the lake still knows
    assert submit(spec).state == "succeeded"
    assert starts(spec) == []


@pytest.mark.parametrize(("processes", "threads"), [(1, "2"), (2, "1"), (3, "1")])
def test_the_processes_of_a_job_share_the_threads_of_its_target(
    job_spec: MakeSpec, until: Until, processes: int, threads: str
) -> None:
    spec = job_spec(processes=processes)
    submit(spec)
    finish(spec, until)
    assert starts(spec)[0].split()[1:] == [threads, "passive"]


def test_many_submits_at_once_start_one_process(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("wait")
    with ThreadPoolExecutor(8) as pool:
        handles = list(pool.map(submit, [spec] * 8))
    assert {handle.state for handle in handles} == {"running"}
    with pytest.raises(JobRunning, match="retrain-train-1 still runs on target 'local_small'"):
        result(spec.job_id, spec.target)
    (folder(spec) / "go").touch()
    assert finish(spec, until) == "succeeded"
    assert len(starts(spec)) == 1


def test_the_result_arrives_though_the_submitter_was_killed(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("wait")
    submitter = (
        "import os, signal, sys; from driftgate.compute import JobSpec, local, submit\n"
        "local.ENTRYPOINTS['train'] = 'stub_job'\n"
        "submit(JobSpec.model_validate_json(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", submitter, spec.canonical()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert submit(spec).state == "running"
    (folder(spec) / "go").touch()
    assert finish(spec, until) == "succeeded"
    assert len(starts(spec)) == 1


def test_a_killed_job_is_lost_and_the_next_submit_starts_it_anew(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("wait")
    submit(spec)
    os.kill(int(until(lambda: starts(spec))[0].split()[0]), signal.SIGKILL)
    assert finish(spec, until) == "lost"
    with pytest.raises(JobLost, match="submit it again to start it anew") as lost:
        result(spec.job_id, spec.target)
    assert not isinstance(lost.value, DriftgateError)  # so Airflow retries
    assert submit(spec).state == "running"
    (folder(spec) / "go").touch()
    assert finish(spec, until) == "succeeded"
    assert len(starts(spec)) == 2


def test_a_job_that_nobody_submitted_is_lost() -> None:
    assert status("never", "local_small").state == "lost"


def test_a_crash_is_told_with_the_end_of_the_log(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("crash")
    submit(spec)
    assert finish(spec, until) == "failed"
    with pytest.raises(JobFailed) as failed:
        result(spec.job_id, spec.target)
    message = str(failed.value)
    assert message.startswith(
        f"Job {spec.job_id} failed: it ended with status 1. Its log, {folder(spec) / 'log.txt'}, ends"
    )
    assert message.endswith("RuntimeError: the disk is full")


def test_a_refusal_is_told_as_the_sentence_that_it_is(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("refuse")
    submit(spec)
    finish(spec, until)
    sentence = "Feature 'x' is null in all 2 training rows; leave it out."
    with pytest.raises(JobFailed) as failed:
        result(spec.job_id, spec.target)
    assert str(failed.value) == f"Job {spec.job_id} failed: {sentence} Its log is {folder(spec) / 'log.txt'}."


def test_a_failed_job_is_started_anew_also_with_other_settings(job_spec: MakeSpec, until: Until) -> None:
    submit(job_spec("crash"))
    finish(job_spec("crash"), until)
    submit(job_spec("succeed"))
    assert finish(job_spec("succeed"), until) == "succeeded"


def test_a_cancelled_job_ends_and_says_so(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("sleep")
    submit(spec)
    cancel(spec.job_id, spec.target)
    assert finish(spec, until) == "cancelled"
    with pytest.raises(JobFailed, match="it was cancelled"):
        result(spec.job_id, spec.target)
    assert cancel(spec.job_id, spec.target).state == "cancelled"


def test_a_job_with_other_settings_is_not_taken_for_this_one(job_spec: MakeSpec, until: Until) -> None:
    spec, other = job_spec("wait"), job_spec("wait", seed=8)
    submit(spec)
    with pytest.raises(ConfigError, match="retrain-train-1 runs with another dataset version or other settings"):
        submit(other)
    (folder(spec) / "go").touch()
    finish(spec, until)
    with pytest.raises(ConfigError, match=r"is done with another .* start a new DAG run"):
        submit(other)


def test_the_time_limit_of_the_target_is_kept_without_a_submitter(
    job_spec: MakeSpec, until: Until, compute_yaml: Callable[..., None]
) -> None:
    compute_yaml(tiny={"backend": "local", "vcpu": 2, "memory_mib": 1000, "timeout_minutes": 0.02})
    spec = job_spec("sleep", target="tiny")
    submit(spec)
    assert finish(spec, until) == "failed"
    with pytest.raises(JobFailed, match=r"it ran longer than 0.02 minutes, its time limit"):
        result(spec.job_id, spec.target)


def test_a_finished_job_whose_result_was_removed_from_the_lake_is_lost(
    job_spec: MakeSpec, until: Until, project_home: Path
) -> None:
    spec = job_spec()
    submit(spec)
    assert tended(spec, until) == "succeeded"
    shutil.rmtree(project_home / "lake")
    assert status(spec.job_id, spec.target).state == "lost"
    assert submit(spec).state == "running"
    assert tended(spec, until) == "succeeded"


def test_a_job_that_ends_well_without_a_result_has_failed(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("nothing")
    submit(spec)
    assert tended(spec, until) == "failed"
    with pytest.raises(JobFailed, match=r"it ended with status 0, but there is no result at .*/result\.json"):
        result(spec.job_id, spec.target)


def test_a_killed_job_is_started_again_by_whoever_waits_for_it_as_often_as_its_target_says(
    job_spec: MakeSpec, until: Until, compute_yaml: Callable[..., None]
) -> None:
    size = {"backend": "local", "vcpu": 2, "memory_mib": 1000, "timeout_minutes": 1}
    compute_yaml(twice={**size, "host_loss_attempts": 2})
    spec = job_spec("wait", target="twice")
    submit(spec)
    for count in (1, 2):
        until(lambda count=count: tend(spec.job_id, spec.target) and len(starts(spec)) == count)
        os.kill(int(starts(spec)[-1].split()[0]), signal.SIGKILL)
    assert tended(spec, until) == "lost"
    with pytest.raises(JobLost, match="it was ended by SIGKILL; submit it again to start it anew"):
        result(spec.job_id, spec.target)
    assert len(starts(spec)) == 2
    submit(spec)
    (folder(spec) / "go").touch()
    assert tended(spec, until) == "succeeded"


def test_an_interrupted_job_is_started_again(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("interrupted")
    submit(spec)
    assert tended(spec, until) == "succeeded"
    assert len(starts(spec)) == 2


def test_a_failure_that_nobody_was_told_of_is_found_and_not_run_again(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("crash")
    submit(spec)
    finish(spec, until)
    assert submit(spec).state == "failed"
    assert len(starts(spec)) == 1
    with pytest.raises(JobFailed):
        result(spec.job_id, spec.target)
    assert submit(spec).state == "running"
    finish(spec, until)
    assert len(starts(spec)) == 2


def test_a_job_that_is_submitted_while_it_is_stopped_starts_when_it_has_ended(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("wait")
    submit(spec)
    until(lambda: starts(spec))
    cancel(spec.job_id, spec.target)
    assert submit(spec).state in ("queued", "running")
    (folder(spec) / "go").touch()
    assert tended(spec, until) == "succeeded"


def test_a_sweep_ends_what_nobody_wants_and_nothing_else(job_spec: MakeSpec, until: Until) -> None:
    wanted, unwanted = job_spec("wait", job_id="wanted"), job_spec("wait", job_id="unwanted")
    for spec in (wanted, unwanted):
        submit(spec)
    assert [handle.job_id for handle in sweep(lambda record: record.job_id == "wanted")] == ["unwanted"]
    assert tended(unwanted, until) == "cancelled"
    assert sweep(lambda record: record.job_id == "wanted") == []
    (folder(wanted) / "go").touch()
    assert tended(wanted, until) == "succeeded"
    assert sweep(lambda _: False) == []


@pytest.mark.parametrize(
    ("setting", "value"), [("gpu", 1), ("nodes", 2), ("spot", True), ("queue", "gpu-queue"), ("image", "x@sha256:1")]
)
def test_what_this_machine_cannot_give_is_not_supported(setting: str, value: Any) -> None:
    with pytest.raises(
        NotSupported, match=f"'big' in compute.yaml has {setting}: {value}, which the local backend cannot"
    ):
        LocalBackend("big", SMALL.model_copy(update={setting: value}))
