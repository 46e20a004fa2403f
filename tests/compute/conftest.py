"""A job program that does what its spec says, so that the backend is tested without the seconds that training takes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobSpec, local

# Runs as ``python -m stub_job --job <uri> --end-with-stdin``; leaves one line per start in ``starts`` of its folder.
PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from driftgate.compute.job_files import read_spec, result_path
from driftgate.compute import JobResult
from driftgate.lake import lake
from driftgate.settings import settings

uri = sys.argv[sys.argv.index("--job") + 1]
spec = read_spec(uri)
folder = Path(settings().jobs) / spec.job_id
with (folder / "starts").open("a") as starts:
    starts.write(f"{os.getpid()} {os.environ['OMP_NUM_THREADS']} {os.environ['OMP_WAIT_POLICY']}\\n")
do = spec.parameters["do"]
if do == "sleep":
    time.sleep(60)
if do == "wait":
    while not (folder / "go").exists():
        time.sleep(0.02)
if do == "crash":
    raise RuntimeError("the disk is full")
if do == "interrupted" and len((folder / "starts").read_text().splitlines()) == 1:
    sys.exit(75)
if do == "nothing":
    sys.exit(0)
if do == "refuse":
    sys.stderr.write("a line before\\nFeature 'x' is null in all 2 training rows; leave it out.\\n")
    sys.exit(65)
lake().write(result_path(spec.job_id), JobResult(
    job_id=spec.job_id, spec_sha256=spec.hash, artefacts={}, metrics={"validation_auc": 0.7},
    stop_reason="all_iterations", seconds=1, cpu_seconds=1, peak_memory_mib=1).canonical())
"""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs of this test run ``PROGRAM`` instead of the training entry point."""
    (tmp_path / "stub_job.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "stub_job")


@pytest.fixture
def job_spec() -> Callable[..., JobSpec]:
    """Return the spec of a job that does ``do``."""

    def of(do: str = "succeed", **changes: Any) -> JobSpec:
        values: dict[str, Any] = {
            "job_id": "retrain-train-1",
            "use_case": "flight_delays",
            "dataset_version": "flight_delays/2013-03-31-3f9c2a1",
            "target": "local_small",
            "problem": "binary",
            "trainer": "lightgbm",
            "metric": "auc",
            "seed": 7,
            "parameters": {"do": do},
            "request_key": ("carrier", "flight"),
            "event_time": "scheduled_departure",
            "not_features": ("flight",),
        }
        return JobSpec(**{**values, **changes})

    return of


# Runs as ``python -m remote_stub --job s3://…`` in a container; a state folder that all share tells how often.
REMOTE = """
import os, signal, sys, time
from pathlib import Path
from driftgate import uris
from driftgate.compute import JobResult, arrays
from driftgate.compute.job_files import read_spec, result_path
from driftgate.lake import lake

whole = read_spec(sys.argv[sys.argv.index("--job") + 1])
[spec] = arrays.due(whole) if whole.array else [whole]
home, do = Path(os.environ["DRIFTGATE_HOME"]), spec.parameters["do"]
saved = f"{uris.job(spec.job_id)}/saved"
with (home / "starts").open("a") as starts:
    starts.write(spec.job_id + "\\n")

def interrupted(*_):
    lake().write(saved, b"half")
    print("saved", flush=True)
    sys.exit(75)

signal.signal(signal.SIGTERM, interrupted)
print("started", do, flush=True)
if do == "wait" and not lake().exists(saved):
    while not (home / "go").exists():
        time.sleep(0.02)
if do == "interrupt":
    interrupted()
if do == "hog":
    hoard = bytearray(400 << 20)
    time.sleep(30)
if do == "crash":
    print("reading", flush=True)
    raise RuntimeError("the disk is full")
if do == "refuse":
    sys.stderr.write("Feature 'x' is null in all 2 training rows; leave it out.\\n")
    sys.exit(65)
if do != "forget":
    lake().write(result_path(spec.job_id), JobResult(
        job_id=spec.job_id, spec_sha256=spec.hash, artefacts={}, metrics={"validation_auc": 0.7},
        stop_reason="all_iterations", seconds=1, cpu_seconds=1, peak_memory_mib=1).canonical())
if whole.array:
    arrays.gathered(whole)
"""


@pytest.fixture
def remote_stub(on_s3: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """Let containers of this test run ``REMOTE`` instead of the training entry point."""
    (tmp_path / "remote_stub.py").write_text(REMOTE)
    on_s3.of_the_image(PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "remote_stub")
    return on_s3
