"""Starts and stops the laptop's stack: five processes of Airflow, and the endpoint."""

import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from driftgate.consumers import client_tls
from driftgate.errors import DriftgateError
from driftgate.settings import settings
from driftgate.world import machine, processes
from driftgate.world.environment import airflow_environment, airflow_home, execution_url, password

# Task logs are files that the api-server reads itself; the servers that would offer them listen on every address.
AIRFLOW = {
    "api-server": ["api-server", "--apps", "core"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
# A process of its own: what a person does is logged by the loop that serves everybody, which stands still until SQLite
# lets it write. A task's request that is writing at that moment could not end, and both would wait for LOCK_SECONDS.
EXECUTION = "execution-api"
STARTUP_SECONDS = 120
MODEL_SECONDS = 60


def start(tell: Callable[[str], None]) -> None:
    """Start every process that is not running yet, and return when Airflow and the endpoint answer.

    :param tell: called with one line about what is being waited for
    :raises DriftgateError: the machine has no room for them, or a process does not come up
    """
    machine.require_fit()
    password()  # written before the api-server would make up one of its own
    environment = airflow_environment()
    if not _migrated().exists() or _migrated().read_text() != version("apache-airflow-core"):
        tell("creating Airflow's database")
        _migrate(environment)
    for name, arguments in {**AIRFLOW, EXECUTION: _execution_api()}.items():
        processes.start(name, [sys.executable, "-m", "airflow", *arguments], environment)
    processes.start("endpoint", [sys.executable, "-m", "driftgate.endpoint"], environment)
    tell("waiting for Airflow")
    _wait("api-server", _airflow_healthy)
    _wait(EXECUTION, _execution_answers)
    tell("waiting for the endpoint")
    _wait("endpoint", endpoint_answers)


def stop() -> list[str]:
    """Stop every process and wait for its end; return the names of those that were running."""
    return processes.stop((*AIRFLOW, EXECUTION, "endpoint"))


def endpoint_answers() -> bool:
    """Return whether the endpoint's HTTP server is up, with or without a model."""
    answer = _ping()
    return answer is not None and answer.status_code in (200, 503)


def wait_for_model(use_case: str) -> None:
    """Wait until the endpoint serves a model of the use case.

    :raises DriftgateError: it does not within a minute
    """
    deadline = time.monotonic() + MODEL_SECONDS
    while use_case not in _served():
        if time.monotonic() > deadline:
            log = processes.log_file("endpoint")
            raise DriftgateError(f"The endpoint serves no model of {use_case}; its log is {log}.")
        time.sleep(0.25)


def endpoint_url() -> str:
    """Return the address of the prediction endpoint."""
    return settings().endpoint.own_address


def _ping() -> httpx.Response | None:
    """Return the endpoint's answer to a ping, None when there is none."""
    try:
        return httpx.get(f"{endpoint_url()}/ping", timeout=5, verify=client_tls() or True)
    except httpx.TransportError:
        return None


def _served() -> list[str]:
    answer = _ping()
    return list(answer.json()["use_cases"]) if answer and answer.status_code == 200 else []


def _migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DriftgateError(f"Airflow could not create its database: {done.stderr.strip()[-300:]}")
    _migrated().write_text(version("apache-airflow-core"))


def _migrated() -> Path:
    """The file that says for which Airflow the database was made; it is written after a whole migration only."""
    return airflow_home() / "migrated"


def _execution_api() -> list[str]:
    return ["api-server", "--apps", "execution", "--port", str(urlsplit(execution_url()).port)]


def _execution_answers() -> bool:
    try:
        return httpx.get(f"{execution_url()}/execution/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _airflow_healthy() -> bool:
    """Return whether the api-server answers and the scheduler, DAG processor and triggerer have all reported."""
    try:
        health = httpx.get(f"{settings().airflow.url}/api/v2/monitor/health", timeout=5).json()
    except (httpx.TransportError, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
    return all(health.get(part, {}).get("status") == "healthy" for part in parts)


def _wait(name: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not ready():
        if not processes.running(name) or time.monotonic() > deadline:
            log = processes.log_file(name)
            raise DriftgateError(f"{name} did not come up; its log is {log}. Run 'make stop' and try again.")
        time.sleep(0.25)
