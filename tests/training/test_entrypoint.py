"""The real job on a real dataset version: from submit to result, killed in between, twice with the same bytes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from driftgate.compute import JobLost, JobSpec, arrays, attempts, read_artefact, result, status, submit
from driftgate.compute.job_files import read_result, spec_uri, write_spec
from driftgate.compute.jobs import EXIT_BAD_INPUT, EXIT_INTERRUPTED, Variation
from driftgate.compute.progress import read_progress
from driftgate.errors import JobFailed
from driftgate.lake import lake
from driftgate.training import training_spec
from driftgate.training.checkpoints import folder
from driftgate.training.entrypoint import main
from driftgate.training_policy import Checkpoints
from driftgate.use_cases import UseCase, load_use_case


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    whole = load_use_case("flight_delays")
    return whole.model_copy(update={"train": whole.train.model_copy(update={"window_days": 11, "validation_days": 3})})


def wait(until: Callable[[Callable[[], Any]], Any], spec: JobSpec) -> str:
    until(lambda: status(spec.job_id, spec.target).ended)
    return status(spec.job_id, spec.target).state


def test_a_job_trains_and_another_one_with_fewer_threads_gives_the_same_bytes(
    use_case: UseCase,
    january_version: str,
    compute_yaml: Callable[..., None],
    until: Callable[[Callable[[], Any]], Any],
) -> None:
    size = {"backend": "local", "memory_mib": 4096, "timeout_minutes": 30}
    compute_yaml(local_small={**size, "vcpu": 2}, narrow={**size, "vcpu": 1})
    narrow = use_case.model_copy(update={"train": use_case.train.model_copy(update={"target": "narrow"})})
    specs = [training_spec(one, january_version, job_id) for one, job_id in ((use_case, "first"), (narrow, "second"))]
    for spec in specs:
        submit(spec)
    assert [wait(until, spec) for spec in specs] == ["succeeded", "succeeded"]

    first, second = (result(spec.job_id, spec.target) for spec in specs)
    assert sorted(first.artefacts) == ["model.txt", "preprocessing.json", "signature.json"]
    assert first.artefacts == second.artefacts
    assert first.spec_sha256 == specs[0].hash
    assert first.metrics["validation_auc"] > 0.55
    assert min(first.seconds, first.cpu_seconds) > 0
    assert first.peak_memory_mib > 50
    (attempt,) = attempts("first")
    assert (attempt.outcome, attempt.target, attempt.resumed_from) == ("succeeded", "local_small", None)
    assert attempt.rows is not None
    assert attempt.rows > 1000
    assert read_artefact(first, "model.txt").startswith(b"tree\n")
    assert JobSpec.model_validate_json(lake().read("jobs/first/spec.json")) == specs[0]


def test_an_array_trains_all_its_children_where_there_are_no_array_jobs(
    use_case: UseCase, january_version: str, until: Callable[[Callable[[], Any]], Any]
) -> None:
    few = use_case.model_copy(update={"train": use_case.train.model_copy(update={"parameters": {"num_iterations": 5}})})
    array = (Variation(), Variation(parameters={"num_leaves": 3}))
    spec = training_spec(few, january_version, "seeds").model_copy(update={"array": array})
    submit(spec)
    assert wait(until, spec) == "succeeded"
    both = result("seeds", spec.target)
    assert both.metrics["0.validation_auc"] != both.metrics["1.validation_auc"]
    for child in arrays.children(spec):
        assert read_artefact(read_result(child.job_id), "model.txt").startswith(b"tree\n")
        assert [attempt.outcome for attempt in attempts(child.job_id)] == ["succeeded"]


def test_the_job_ends_with_its_supervisor_and_is_lost(
    use_case: UseCase, january_version: str, until: Callable[[Callable[[], Any]], Any]
) -> None:
    endless = {"num_iterations": 1_000_000, "early_stopping_round": 0, "min_data_in_leaf": 10}
    train = use_case.train.model_copy(update={"parameters": endless})
    spec = training_spec(use_case.model_copy(update={"train": train}), january_version, "endless")
    log = Path(submit(spec).log)
    until(lambda: log.exists() and "iteration 50:" in log.read_text())
    uri = spec_uri(spec.job_id)
    job = next(one for one in psutil.process_iter(["cmdline"]) if uri in (one.info["cmdline"] or ()))
    supervisor = next(one for one in (job, *job.parents()) if "supervisor.py" in str(one.cmdline()))
    supervisor.kill()
    assert wait(until, spec) == "lost"
    with pytest.raises(JobLost):
        result(spec.job_id, spec.target)


@pytest.mark.slow
def test_two_kills_change_no_byte_and_cost_a_little_each(
    use_case: UseCase, january_version: str, until: Callable[[Callable[[], Any]], Any]
) -> None:
    parameters = {**use_case.train.parameters, "num_iterations": 400}
    train = use_case.train.model_copy(update={"parameters": parameters})
    undisturbed, killed = (
        training_spec(use_case.model_copy(update={"train": train}), january_version, job_id).model_copy(
            update={"checkpoints": Checkpoints(every_seconds=0.1)}
        )
        for job_id in ("undisturbed", "killed")
    )
    assert run_alone(undisturbed).wait() == 0
    random = Random(4)
    for how, status_of in [(signal.SIGKILL, -9), (signal.SIGTERM, EXIT_INTERRUPTED)]:
        saved = len(lake().list(folder("killed"))) and lake().list(folder("killed"))[-1]
        process = run_alone(killed)
        until(lambda saved=saved: lake().list(folder("killed"))[-1:] not in ([], [saved]))
        time.sleep(random.uniform(0, 0.3))
        process.send_signal(how)
        assert process.wait() == status_of
    assert run_alone(killed).wait() == 0

    assert read_result("killed").artefacts == read_result("undisturbed").artefacts
    assert read_result("killed").metrics == read_result("undisturbed").metrics
    assert lake().read("jobs/killed/history.json") == lake().read("jobs/undisturbed/history.json")
    assert not lake().list(folder("killed"))
    found = attempts("killed")
    assert [attempt.outcome for attempt in found] == ["interrupted", "interrupted", "succeeded"]
    assert 0 < (found[1].resumed_from or 0) < (found[-1].resumed_from or 0)
    progress = read_progress("killed")
    assert progress and progress.iteration > (found[-1].resumed_from or 0)


def run_alone(spec: JobSpec) -> "subprocess.Popen[bytes]":
    """Start the training program as a container does, without the local backend around it."""
    write_spec(spec)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "driftgate.training.entrypoint", "--job", spec_uri(spec.job_id)]
    return subprocess.Popen(command, env=environment)


def test_a_dataset_version_that_is_gone_is_told_by_the_job(
    use_case: UseCase, until: Callable[[Callable[[], Any]], Any]
) -> None:
    spec = training_spec(use_case, "flight_delays/2013-03-31-0000000", "gone")
    submit(spec)
    assert wait(until, spec) == "failed"
    assert [attempt.outcome for attempt in attempts("gone")] == ["failed"]
    with pytest.raises(
        JobFailed, match="Job gone failed: There is no dataset version 'flight_delays/2013-03-31-0000000'"
    ):
        result(spec.job_id, spec.target)


def test_a_sentence_is_the_last_line_of_the_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--job", f"file://{tmp_path}/spec.json"]) == EXIT_BAD_INPUT
    assert capsys.readouterr().err.splitlines()[-1].startswith("There is no job spec at file://")


def test_out_of_memory_says_what_was_asked_and_used(
    use_case: UseCase, january_version: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greedy(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("driftgate.training.entrypoint.train", greedy)
    write_spec(training_spec(use_case, january_version, "greedy"))
    assert main(["--job", spec_uri("greedy")]) == EXIT_BAD_INPUT
    assert re.fullmatch(
        r"Job greedy ran out of memory: it used \d+ MiB and needed more, and its compute target 'local_small' asks for "
        r"4096 MiB; name a larger one in 'train\.target' of flight_delays, or lower 'train\.row_share'\.",
        capsys.readouterr().err.splitlines()[-1],
    )
    assert [attempt.outcome for attempt in attempts("greedy")] == ["failed"]
