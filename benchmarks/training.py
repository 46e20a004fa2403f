"""A LightGBM training as a job of Driftgate against the bare library; how soon a job starts and is seen to end.

Real flights, 90 days prepared as a dataset version, the parameters of ``flight_delays``, the same number of threads.
The run fails when the two models do not have the same AUC on the validation rows. The bare library is a script that
reads the same Parquet file, trains and saves its model: no checks, hashes, checkpoints, or record of what was used.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from features import publish_days
from measurements import FOLDER, Row, run_script

from driftgate.compute import JobHandle, JobSpec, result, status, submit
from driftgate.compute.targets import find_target
from driftgate.datasets import prepare, version_files
from driftgate.settings import settings
from driftgate.training import training_spec
from driftgate.use_cases import UseCase, load_use_case

OURS, THEIRS = "Driftgate job", "LightGBM alone"
POLL_SECONDS = 0.02
SEEN_SECONDS = 300
LAST_DAY = "2013-03-31"
SAME_AUC = 1e-4  # a validation row that lacks what no training row lacked has the median with us, zero with LightGBM


def measure(quick: bool, folder: Path) -> list[Row]:
    os.environ |= {"DRIFTGATE_HOME": str(folder / "home"), "DRIFTGATE_ENV": "local", "DVC_NO_ANALYTICS": "1"}
    use_case = load_use_case("flight_delays")
    publish_days(use_case, LAST_DAY)
    version = prepare(use_case, LAST_DAY).name
    rows = [row for count in ([300] if quick else [300, 3000]) for row in _compared(use_case, version, count, folder)]
    return [*rows, *_dispatched(use_case, version, 2 if quick else 10)]


def _compared(use_case: UseCase, version: str, iterations: int, folder: Path) -> list[Row]:
    spec = _spec(use_case, version, f"bench-{iterations}", iterations)
    started = time.perf_counter()
    submit(spec)
    _wait(spec)
    seconds = time.perf_counter() - started
    ours, bare = result(spec.job_id, spec.target), _bare(spec, folder)
    if abs(ours.metrics["validation_auc"] - bare["validation_auc"]) > SAME_AUC:
        sys.exit(f"The two models differ, so nothing is compared: {ours.metrics} against {bare}")
    name = f"{iterations:,} trees on {ours.metrics['train_rows']:,.0f} rows"
    peak = f"{name}: peak memory of the process"
    return [
        Row(f"{name}, from start to saved model", OURS, seconds, "s"),
        Row(f"{name}, from start to saved model", THEIRS, bare["wall_seconds"], "s"),
        Row(f"{name}: boosting alone", THEIRS, bare["boosting_seconds"], "s"),
        Row(f"{name}: overhead beyond LightGBM alone", OURS, seconds - bare["wall_seconds"], "s"),
        Row(peak, OURS, ours.peak_memory_mib, "MiB"),
        Row(peak, THEIRS, bare["peak_mib"], "MiB"),
    ]


def _bare(spec: JobSpec, folder: Path) -> dict[str, float]:
    answer = folder / f"{spec.job_id}.json"
    rows = version_files(spec.dataset_version) / "rows.parquet"
    threads = str(find_target(spec.target).vcpu)
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "passive"}
    command: list[str | Path] = [sys.executable, FOLDER / "training_bare.py", rows, folder / "model.txt", answer]
    asked = {"parameters": spec.parameters, "seed": spec.seed, "not_features": spec.not_features}
    started = time.perf_counter()
    subprocess.run(command, input=json.dumps(asked).encode(), env=environment, check=True)
    return {**json.loads(answer.read_text()), "wall_seconds": time.perf_counter() - started}


def _dispatched(use_case: UseCase, version: str, repeats: int) -> list[Row]:
    """Start small jobs and wait for each as the task's trigger does."""
    starts, ends = [], []
    for number in range(repeats):
        spec = _spec(use_case, version, f"dispatch-{number}", 10)
        started = time.perf_counter()
        if submit(spec).state != "running":
            sys.exit("A submitted job does not run.")
        starts.append(time.perf_counter() - started)
        seen = asyncio.run(_seen(spec))
        result(spec.job_id, spec.target)
        ends.append(time.time() - _ended(spec) if seen else float("nan"))
    return [
        Row("from submit to the job running, median", OURS, statistics.median(starts), "s"),
        Row("from the job's end to its result in the task, median", OURS, statistics.median(ends), "s"),
        Row("from the job's end to its result in the task, longest", OURS, max(ends), "s"),
    ]


async def _seen(spec: JobSpec) -> bool:
    from driftgate_airflow.triggers.job_trigger import JobTrigger

    deadline = time.time() + SEEN_SECONDS
    async for _ in JobTrigger(job_id=spec.job_id, target=spec.target, owner="bench", deadline=deadline).run():
        return True
    return False


def _ended(spec: JobSpec) -> float:
    """Return when the supervisor wrote down that the job's process had ended."""
    return (Path(settings().jobs) / spec.job_id / "exit.json").stat().st_mtime


def _spec(use_case: UseCase, version: str, job_id: str, iterations: int) -> JobSpec:
    spec = training_spec(use_case, version, job_id)
    return spec.model_copy(update={"parameters": {**spec.parameters, "num_iterations": iterations}})


def _wait(spec: JobSpec) -> JobHandle:
    while not (handle := status(spec.job_id, spec.target)).ended:
        time.sleep(POLL_SECONDS)
    return handle


if __name__ == "__main__":
    run_script(__doc__, measure)
