"""What a job used is written down while it runs, so that even a killed one has left it behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from driftgate.compute import JobSpec, attempts, measured, measuring, place
from driftgate.compute.jobs import Interrupted
from driftgate.compute.targets import Target
from driftgate.lake import lake

MakeSpec = Callable[..., JobSpec]
Until = Callable[[Callable[[], Any]], Any]

# Measures itself, refreshing several times a second, and works until it is killed.
PROGRAM = """
import sys
from driftgate.compute import JobSpec, measured, measuring
measuring.LOOK_SECONDS, measuring.LOOKS_PER_REFRESH = 0.05, 2
with measured(JobSpec.model_validate_json(sys.argv[1])) as now:
    now.note(rows=1200)
    while True:
        sum(range(1000))
"""


def test_an_attempt_tells_what_it_was_given_and_what_it_used(job_spec: MakeSpec, monkeypatch: Any) -> None:
    monkeypatch.setattr(measuring, "LOOK_SECONDS", 0.02)
    before = datetime.now(UTC)
    with measured(job_spec(tags={"owner": "network-operations"})) as now:
        now.note(rows=1200, resumed_from=40)
        deadline = time.process_time() + 0.33  # the system counts in hundredths, cut off
        while time.process_time() < deadline:
            sum(range(1000))
        (running,) = attempts("retrain-train-1")
    (attempt,) = attempts("retrain-train-1")
    assert (running.outcome, attempt.outcome) == ("running", "succeeded")
    assert (attempt.number, attempt.target, attempt.spot, attempt.instance_count) == (1, "local_small", False, 1)
    assert (attempt.rows, attempt.resumed_from, attempt.tags) == (1200, 40, {"owner": "network-operations"})
    assert before <= attempt.started_at < attempt.ended_at <= datetime.now(UTC)
    assert 0.3 <= attempt.cpu_seconds <= attempt.seconds * 2
    assert attempt.peak_memory_mib > 30
    assert 0 < attempt.cores <= 2
    assert 0 < attempt.memory_mib <= 4096
    assert attempt.cpu is not None
    assert 0 < attempt.cpu.p50 <= attempt.cpu.p95 <= attempt.cpu.max <= 100
    assert attempt.memory is not None
    assert attempt.memory.max > 0
    if attempt.gpus == 0:  # unknown is None, never 0
        assert (attempt.gpu, attempt.gpu_seconds, attempt.peak_gpu_memory_mib) == (None, None, None)


def test_the_fields_of_aws_lie_beside_the_result(job_spec: MakeSpec) -> None:
    with measured(job_spec()):
        pass
    usage = json.loads(lake().read("jobs/retrain-train-1/resource_usage.json"))
    assert set(usage) == {
        "InstanceCount",
        "InstanceType",
        "VolumeSizeInGB",
        "CPUUtilization",
        "GPUUtilization",
        "GPUMemoryUtilization",
        "MemoryUtilization",
        "DiskUtilization",
    }
    assert usage["InstanceType"] is None
    assert set(usage["MemoryUtilization"]) == {"p50", "p95", "max"}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ValueError("bad"), "failed"), (Interrupted("saved"), "interrupted"), (KeyboardInterrupt(), "interrupted")],
)
def test_how_it_ended_is_written_and_the_error_goes_on(job_spec: MakeSpec, error: BaseException, outcome: str) -> None:
    with pytest.raises(type(error)), measured(job_spec()):
        raise error
    assert [attempt.outcome for attempt in attempts("retrain-train-1")] == [outcome]


def test_a_killed_attempt_loses_only_what_came_after_its_last_refresh(
    job_spec: MakeSpec, until: Until, monkeypatch: Any
) -> None:
    spec = job_spec()
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, spec.canonical()])
    until(lambda: [attempt for attempt in attempts(spec.job_id) if attempt.cpu_seconds > 0.2])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (killed,) = attempts(spec.job_id)
    assert (killed.outcome, killed.rows) == ("running", 1200)  # nobody can know yet

    with measured(spec):
        assert [attempt.outcome for attempt in attempts(spec.job_id)] == ["interrupted", "running"]
    assert attempts(spec.job_id)[0].cpu_seconds == killed.cpu_seconds


def test_an_attempt_that_is_silent_for_a_minute_has_ended(job_spec: MakeSpec) -> None:
    with measured(job_spec()):
        pass
    path = "jobs/retrain-train-1/attempts/1.json"
    long_ago = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    lake().write(
        path, json.dumps({**json.loads(lake().read(path)), "outcome": "running", "started_at": long_ago}).encode()
    )
    assert [attempt.outcome for attempt in attempts("retrain-train-1")] == ["interrupted"]


def test_many_attempts_at_once_have_different_numbers(job_spec: MakeSpec) -> None:
    def attempt(_: int) -> None:
        with measured(job_spec()):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(12)))
    assert [one.number for one in attempts("retrain-train-1")] == list(range(1, 13))


def test_where_the_job_really_runs_is_what_its_backend_says(job_spec: MakeSpec, monkeypatch: Any) -> None:
    monkeypatch.setenv("DRIFTGATE_TARGET", "elsewhere")  # no compute.yaml of this machine knows it
    with measured(job_spec()):
        pass
    spot = Target(
        backend="batch",
        vcpu=1,
        memory_mib=700,
        timeout_minutes=9,
        nodes=2,
        instance_type="c7i.large",
        spot=True,
        max_wait_minutes=10,
        region="eu-west-1",
        job_role="arn:aws:iam::123456789012:role/job",
    )
    for name, value in place.variables("elsewhere", spot).items():
        assert "123456789012" not in value  # nothing that the job need not know
        monkeypatch.setenv(name, value)
    with measured(job_spec()):
        pass
    unknown, told = attempts("retrain-train-1")
    assert (unknown.target, unknown.backend, unknown.instance_type) == ("elsewhere", None, None)
    assert (told.target, told.backend, told.instance_type, told.spot) == ("elsewhere", "batch", "c7i.large", True)
    assert (told.instance_count, told.region, told.cores, told.memory_mib) == (2, "eu-west-1", 1, 700)


def test_only_the_first_machine_of_a_job_on_several_writes(job_spec: MakeSpec, monkeypatch: Any) -> None:
    monkeypatch.setenv("AWS_BATCH_JOB_MAIN_NODE_INDEX", "0")
    monkeypatch.setenv("AWS_BATCH_JOB_NODE_INDEX", "1")
    with measured(job_spec()) as now:
        now.note(rows=5)
    assert attempts("retrain-train-1") == []


def test_a_lake_that_goes_away_does_not_cost_the_training(job_spec: MakeSpec, monkeypatch: Any, caplog: Any) -> None:
    with measured(job_spec()):
        monkeypatch.setattr(measuring, "lake", lambda: (_ for _ in ()).throw(OSError("no network")))
    assert "what attempt 1 used could not be written down" in caplog.text
