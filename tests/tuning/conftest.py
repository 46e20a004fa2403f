"""A study whose trials are real jobs of a small program, so that nothing waits for the seconds that training takes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute import local
from driftgate.search_space import Dimension, Tune
from driftgate.tuning.study import Study, open_study
from driftgate.use_cases import UseCase, load_use_case

DATASET_VERSION = "flight_delays/2013-03-31-3f9c2a1"

# Its value is best at learning_rate 0.1 and num_leaves 16. It leaves a line per start in ``starts`` in its folder and
# does what the file ``do`` in the folder of all jobs says: "progress" ("poor" or not), "wait" until that word is gone,
# or "crash". Only the standard library: it starts thirty times as fast.
PROGRAM = """
import hashlib, json, math, os, sys, time
from pathlib import Path

path = Path(sys.argv[sys.argv.index("--job") + 1].removeprefix("file://"))
spec = json.loads(path.read_bytes())
home = Path(os.environ["DRIFTGATE_HOME"])
lake = home / "lake" / "jobs" / spec["job_id"]
lake.mkdir(parents=True, exist_ok=True)
with (home / "jobs" / spec["job_id"] / "starts").open("a") as starts:
    starts.write(f"{os.getpid()}\\n")

def write(name, content):
    (lake / f".{name}").write_text(json.dumps(content))
    (lake / f".{name}").replace(lake / name)

def said():
    do = home / "jobs" / "do"
    return do.read_text() if do.exists() else ""

values = spec["parameters"]
value = 0.8 - 0.05 * abs(math.log10(values["learning_rate"]) + 1) - 0.002 * abs(values["num_leaves"] - 16)
if "crash" in said() or values["min_data_in_leaf"] == 13:
    sys.stderr.write("Feature 'x' is null in all 2 training rows; leave it out.\\n")
    sys.exit(65)
for iteration in (1, 2, 4, 8, 16) if "progress" in said() else ():
    part = 0.1 if "poor" in said() else value - 0.2
    write("progress.json", {"iteration": iteration, "value": part, "best_value": part, "seconds": 1.0})
    time.sleep(0.1)
while "wait" in said():
    time.sleep(0.02)
write("result.json", {
    "schema_version": 2, "job_id": spec["job_id"], "spec_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    "artefacts": {}, "metrics": {"validation_auc": value, "cv_auc_mean": value, "cv_auc_std": 0.01},
    "stop_reason": "all_iterations", "seconds": 1.0, "cpu_seconds": 1.0, "peak_memory_mib": 1.0})
"""
SPACE = {
    "learning_rate": Dimension(type="float", low=0.01, high=1.0, scale="log"),
    "num_leaves": Dimension(type="int", low=2, high=64),
}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project_home: Path) -> Callable[[str], None]:
    """Let jobs of this test run ``PROGRAM``, and return a way to say what they do."""
    (tmp_path / "trial_job.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "trial_job")
    jobs = project_home / "jobs"
    jobs.mkdir()

    def say(what: str) -> None:
        (jobs / "do").write_text(what)

    return say


@pytest.fixture
def starts(project_home: Path) -> Callable[[], dict[str, int]]:
    """Count how often the process of each job was started."""

    def count() -> dict[str, int]:
        files = sorted((project_home / "jobs").glob("*/starts"))
        return {file.parent.name: len(file.read_text().splitlines()) for file in files}

    return count


@pytest.fixture(scope="session")
def shaped() -> Callable[..., UseCase]:
    """Return ``flight_delays`` with a small section ``tune``, some of it changed."""
    whole = load_use_case("flight_delays")
    small = {"learning_rate": 0.5, "num_leaves": 60, "num_iterations": 20}

    def of(**changes: Any) -> UseCase:
        tune = Tune.model_validate({"space": SPACE, "max_trials": 8, "pruner": "none", **changes})
        train = whole.train.model_copy(update={"parameters": small})
        return whole.model_copy(update={"tune": tune, "train": train})

    return of


@pytest.fixture
def study() -> Callable[..., Study]:
    """Open a study that no use case asked for."""

    def of(**changes: Any) -> Study:
        values: dict[str, Any] = {
            "name": "flight_delays-tune-1",
            "use_case": "flight_delays",
            "dataset_version": DATASET_VERSION,
            "problem": "binary",
            "metric": "auc",
            "trainer": "lightgbm",
            "base": {"learning_rate": 0.5, "num_leaves": 60, "num_iterations": 20},
            "space": SPACE,
            "strategy": "bayesian",
            "sampler": "tpe",
            "pruner": "none",
            "measure": "folds",
            "folds": 3,
            "row_share": 1.0,
            "parallel": 1,
            "seed": 7,
            "warm_start": None,
            "code": "c0de",
        }
        return open_study(Study(**{**values, **changes}))

    return of
