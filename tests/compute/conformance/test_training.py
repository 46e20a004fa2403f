"""A real training whose host is taken away, on every backend: the model of one that nobody disturbed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobSpec, attempts, local, read_artefact, result, status, submit, tend
from driftgate.compute.job_files import read_result, spec_uri, write_spec
from driftgate.compute.permissions import PERMISSIONS
from driftgate.compute.progress import read_progress
from driftgate.ledger import collect, rows
from driftgate.training import training_spec
from driftgate.training.entrypoint import main
from driftgate.use_cases import UseCase, load_use_case

Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    whole = load_use_case("flight_delays")
    parameters = {"num_iterations": 1500, "early_stopping_round": 0, "min_data_in_leaf": 10, "num_leaves": 15}
    return whole.model_copy(
        update={"train": whole.train.model_copy(update={"target": "main", "parameters": parameters})}
    )


@pytest.fixture(scope="module")
def undisturbed(
    use_case: UseCase, january: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The hashes of what the training leaves that ran in this process, all at once."""
    home = shutil.copytree(january[0], tmp_path_factory.mktemp("undisturbed"), dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        write_spec(training_spec(use_case, january[1], "calm"))
        assert main(["--job", spec_uri("calm")]) == 0
        return dict(read_result("calm").artefacts)


@pytest.fixture
def training(
    place: Any,
    use_case: UseCase,
    january_version: str,
    project_home: Path,
    compute_yaml: Callable[..., None],
    tagged: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> JobSpec:
    """The same training for a target whose host may go; on AWS its data is on S3."""
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "driftgate.training.entrypoint")
    if place.aws:
        path = os.environ.get("PYTHONPATH", "")
        place.aws.of_the_image(PYTHONPATH=path, AWS_ACCESS_KEY_ID="job")  # its calls are told apart
        place.aws.upload(project_home / "lake", place.aws.bucket)
        place.aws.upload(project_home / "dvc", "versions")
        for copy in ("lake", "dvc", "datasets"):
            shutil.rmtree(project_home / copy, ignore_errors=True)
    compute_yaml(main=place.cheap())
    return training_spec(use_case, january_version, "troubled").model_copy(update={"tags": tagged})


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    ["local", pytest.param("batch", marks=pytest.mark.soak), pytest.param("ecs", marks=pytest.mark.soak)],
    indirect=True,
)
def test_a_training_whose_host_goes_gives_the_model_of_an_undisturbed_one(
    place: Any, undisturbed: dict[str, str], training: JobSpec, until: Until
) -> None:
    submit(training)
    until(lambda: tend("troubled", "main") and (seen := read_progress("troubled")) and seen.iteration > 50)
    place.reclaim(status("troubled", "main"))
    until(lambda: tend("troubled", "main").ended)
    resumed = result("troubled", "main")
    assert resumed.artefacts == undisturbed
    assert read_artefact(resumed, resumed.model_file).startswith(b"tree\n")
    first, second = attempts("troubled")
    assert (first.outcome, second.outcome, first.resumed_from) == ("interrupted", "succeeded", None)
    assert second.resumed_from and second.resumed_from >= 50  # from the checkpoint that its SIGTERM made it save

    charges = collect("troubled")
    assert [(row.attempt, row.interruptions) for row in charges] == [(1, 1), (2, 0)]
    assert all(row.tagged and row.spot == place.queues for row in charges)
    if place.name == "batch":  # the price table has no Fargate in this region
        assert all(row.cost_usd and row.saving_usd and row.gb_moved is not None for row in charges)
    assert collect("troubled") == charges == rows("flight_delays")
    if place.aws:
        touches_only_what_a_job_may(place.aws)


def touches_only_what_a_job_may(aws: LocalAws) -> None:
    """Of S3 it reads dataset versions, and reads and writes the folders of jobs."""
    called = aws.s3_calls("job")
    assert {action for action, _ in called} <= set(PERMISSIONS["job"])
    touched = {(action, path) for action, path in called if action != "s3:ListBucket"}
    written = {path for action, path in touched if action != "s3:GetObject"}
    read = {path for action, path in touched if action == "s3:GetObject"}
    assert written and all(path.startswith(f"{aws.bucket}/jobs/") for path in written)
    assert all(path.startswith((f"{aws.bucket}/jobs/", "versions/")) for path in read)
    assert any(path.startswith("versions/") for path in read)
