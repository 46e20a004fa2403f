"""The MLflow side of the registry: a run and a model version for each registered job, and the aliases people see.

Only this file knows MLflow, and it is imported only to register or to move an alias. No bytes of a model go there:
MLflow's own model formats load by running code.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate import uris
from driftgate.evaluation.metrics import metric
from driftgate.lake import lake
from driftgate.registry.versions import ModelVersion
from driftgate.settings import home, settings

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

JOB_TAG = "driftgate.job_id"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class TrackedRun:
    """A job that people compare with others and that is no model version: a trial of a tuning."""

    job_id: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    failed: bool = False


def claim_version(use_case_name: str, job_id: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]) -> str:
    """Return the version number of a job: the one it has, or else the next one.

    When two processes claim for the same job at the same moment, both get the lower number and the other is deleted.
    """
    client = _client()
    _create_model(client, use_case_name)
    if not _versions_of(client, use_case_name, job_id):
        run = _run_of(client, use_case_name, job_id, parameters, metrics)
        source = lake().uri(uris.package(use_case_name, ""))
        client.create_model_version(use_case_name, source, run, tags={JOB_TAG: job_id})
    first, *others = _versions_of(client, use_case_name, job_id)
    for other in others:
        client.delete_model_version(use_case_name, str(other))
    return str(first)


def reserve_versions(use_case_name: str, last: int) -> None:
    """Have the next version be numbered after ``last``, when MLflow has lost the versions up to it."""
    client = _client()
    _create_model(client, use_case_name)
    known = [int(one.version) for one in client.search_model_versions(f"name = '{use_case_name}'")]
    for number in range(max(known, default=0) + 1, last + 1):
        client.create_model_version(use_case_name, lake().uri(uris.package(use_case_name, str(number))))


def describe_version(model: ModelVersion, primary: str) -> None:
    """Write onto MLflow's version where its package is and which bytes it has."""
    client = _client()
    tags = {
        "driftgate.package": lake().uri(model.folder),
        "driftgate.package_sha256": model.package_hash,
        "driftgate.dataset_version": model.dataset_version,
    }
    for name, value in tags.items():
        client.set_model_version_tag(model.use_case, model.version, name, value)
    value = f"{metric(primary).title} {model.metrics[primary]:.4f} out of time"
    description = f"Trained by {model.job_id} on {model.dataset_version}; {value}."
    client.update_model_version(model.use_case, model.version, description)


def track_runs(use_case_name: str, runs: Sequence[TrackedRun]) -> None:
    """Show jobs among the runs of a use case; one that is shown already is left as it is."""
    client = _client()
    experiment = _experiment(client, use_case_name)
    for run in runs:
        found = client.search_runs([experiment], f"tags.`{JOB_TAG}` = '{run.job_id}'", max_results=1)
        if found and found[0].info.status != "RUNNING":
            continue
        made = found[0] if found else client.create_run(experiment, tags={JOB_TAG: run.job_id}, run_name=run.job_id)
        _log(client, made, run.parameters, run.metrics)
        for name, value in run.tags.items():
            client.set_tag(made.info.run_id, name, value)
        client.set_terminated(made.info.run_id, status="FAILED" if run.failed else "FINISHED")


def show_alias(use_case_name: str, alias: str, version: str) -> None:
    """Let MLflow's ``alias`` point at a version."""
    _client().set_registered_model_alias(use_case_name, alias, version)


def _client() -> "MlflowClient":
    # A laptop must not phone home, and MLflow starts a thread to do so when it is imported.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.WARNING)  # it announces every table that it creates
    address = settings().mlflow
    with _alone(address):
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        client.search_experiments(max_results=1)  # creates the tables of a new database
    return client


@contextmanager
def _alone(address: str) -> Iterator[None]:
    """Let one process at a time create the tables of an SQLite database."""
    if not address.startswith(SQLITE):
        yield
        return
    path = Path(f"{address.removeprefix(SQLITE)}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, also by the death of the process
        yield


def _create_model(client: "MlflowClient", name: str) -> None:
    with _existing_is_fine():
        client.create_registered_model(name)


def _versions_of(client: "MlflowClient", name: str, job_id: str) -> list[int]:
    found = client.search_model_versions(f"name = '{name}'")
    return sorted(int(version.version) for version in found if version.tags.get(JOB_TAG) == job_id)


def _run_of(
    client: "MlflowClient", use_case_name: str, job_id: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
) -> str:
    """Return the id of a new finished run; one that a crashed attempt left stays behind, without a version."""
    run = client.create_run(_experiment(client, use_case_name), tags={JOB_TAG: job_id}, run_name=job_id)
    run_id: str = run.info.run_id
    _log(client, run, parameters, metrics)
    client.set_terminated(run_id)
    return run_id


def _log(client: "MlflowClient", run: Any, parameters: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
    from mlflow.entities import Metric, Param

    client.log_batch(
        run.info.run_id,
        metrics=[Metric(name, value, run.info.start_time, 0) for name, value in metrics.items()],
        params=[Param(name, str(value)) for name, value in parameters.items()],
    )


def _experiment(client: "MlflowClient", name: str) -> str:
    # Without a server MLflow would choose ./mlruns of whoever runs first; with one, the server chooses.
    folder = (home() / "mlflow").as_uri() if settings().mlflow.startswith(SQLITE) else None
    with _existing_is_fine():
        client.create_experiment(name, artifact_location=folder)
    experiment_id: str = client.get_experiment_by_name(name).experiment_id
    return experiment_id


@contextmanager
def _existing_is_fine() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
