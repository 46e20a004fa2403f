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

from driftgate.compute import JobLost, JobRunning, JobSpec, cancel, result, status, submit
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


def test_the_job_has_the_threads_of_its_target(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec()
    submit(spec)
    finish(spec, until)
    assert starts(spec)[0].split()[1:] == ["2", "passive"]


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


def test_the_time_limit_of_the_target_is_kept_without_a_submitter(job_spec: MakeSpec, until: Until) -> None:
    spec = job_spec("sleep")
    backend = LocalBackend("tiny", SMALL.model_copy(update={"timeout_minutes": 0.02}))
    backend.submit(spec)
    until(lambda: backend.status(spec.job_id).ended)
    with pytest.raises(JobFailed, match=r"it ran longer than 0.02 minutes, its time limit"):
        backend.result(spec.job_id)


def test_a_finished_job_whose_result_was_removed_from_the_lake_is_lost(
    job_spec: MakeSpec, until: Until, project_home: Path
) -> None:
    spec = job_spec()
    submit(spec)
    finish(spec, until)
    shutil.rmtree(project_home / "lake")
    assert status(spec.job_id, spec.target).state == "lost"


@pytest.mark.parametrize(
    ("setting", "value"), [("gpu", 1), ("spot", True), ("queue", "gpu-queue"), ("image", "x@sha256:1")]
)
def test_what_this_machine_cannot_give_is_not_supported(setting: str, value: Any) -> None:
    with pytest.raises(
        NotSupported, match=f"'big' in compute.yaml has {setting}: {value}, which the local backend cannot"
    ):
        LocalBackend("big", SMALL.model_copy(update={setting: value}))
