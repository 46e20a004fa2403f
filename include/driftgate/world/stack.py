"""Starts and stops the laptop's processes: four of Airflow and the endpoint, each in a process group of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from driftgate.errors import DriftgateError
from driftgate.settings import home, settings
from driftgate.world.environment import airflow_environment, airflow_home, password

AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
STARTUP_SECONDS = 120


def start(tell: Callable[[str], None]) -> None:
    """Start every process that is not running yet, and return when Airflow and the endpoint answer.

    :param tell: called with one line about what is being waited for
    :raises DriftgateError: a port is taken by another program, or a process does not come up
    """
    password()  # written before the api-server would make up one of its own
    environment = airflow_environment()
    _refuse_taken_ports()
    if not (airflow_home() / "airflow.db").exists():
        tell("creating Airflow's database")
        _migrate(environment)
    for name in AIRFLOW:
        _start(name, [sys.executable, "-m", "airflow", name], environment)
    _start("endpoint", [sys.executable, "-m", "driftgate.endpoint"], environment)
    tell("waiting for Airflow")
    _wait("api-server", _airflow_healthy)
    tell("waiting for the endpoint")
    _wait("endpoint", endpoint_answers)


def stop() -> list[str]:
    """Stop every process and wait for its end; return the names of those that were running."""
    stopped = [name for name in (*AIRFLOW, "endpoint") if running(name)]
    for name in stopped:
        _signal(name, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while any(running(name) for name in stopped) and time.monotonic() < deadline:
        time.sleep(0.1)
    for name in stopped:
        _signal(name, signal.SIGKILL)  # what is left of the group: workers that outlived their parent
        _pid_file(name).unlink(missing_ok=True)
    return stopped


def running(name: str) -> bool:
    """Return whether the process called ``name`` is alive; a recycled process id does not count."""
    return _process(name) is not None


def endpoint_answers() -> bool:
    """Return whether the endpoint's HTTP server is up, with or without a model."""
    try:
        return httpx.get(f"{endpoint_url()}/ping", timeout=2).status_code in (200, 503)
    except httpx.TransportError:
        return False


def wait_for_model() -> None:
    """Wait until the endpoint serves a model.

    :raises DriftgateError: it does not within a minute
    """
    deadline = time.monotonic() + 60
    while httpx.get(f"{endpoint_url()}/ping", timeout=5).status_code != 200:
        if time.monotonic() > deadline:
            raise DriftgateError(f"The endpoint serves no model; its log is {log_file('endpoint')}.")
        time.sleep(0.25)


def endpoint_url() -> str:
    """Return the address of the prediction endpoint."""
    return f"http://{settings().endpoint.host}:{settings().endpoint.port}"


def log_file(name: str) -> Path:
    """Return where the process called ``name`` writes what it has to say."""
    return home() / "run" / f"{name}.log"


def _migrate(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        (airflow_home() / "airflow.db").unlink(missing_ok=True)
        raise DriftgateError(f"Airflow could not create its database: {done.stderr.strip().splitlines()[-1:]}")


def _start(name: str, command: list[str], environment: dict[str, str]) -> None:
    if running(name):
        return
    _signal(name, signal.SIGKILL)  # workers of a scheduler that was killed: they would wait for it for ever
    log_file(name).parent.mkdir(parents=True, exist_ok=True)
    with log_file(name).open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    started = psutil.Process(process.pid).create_time()
    _pid_file(name).write_text(json.dumps({"pid": process.pid, "started": started}))


def _process(name: str) -> psutil.Process | None:
    try:
        known = json.loads(_pid_file(name).read_text())
        process = psutil.Process(known["pid"])
        alive = process.create_time() == known["started"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return process if alive else None


def _signal(name: str, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.killpg(json.loads(_pid_file(name).read_text())["pid"], number)


def _pid_file(name: str) -> Path:
    return home() / "run" / f"{name}.json"


def _airflow_healthy() -> bool:
    """Return whether the api-server answers and the scheduler, DAG processor and triggerer have all reported."""
    try:
        health = httpx.get(f"{settings().airflow.url}/api/v2/monitor/health", timeout=5).json()
    except (httpx.TransportError, ValueError):
        return False
    return all(
        health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor", "triggerer")
    )


def _wait(name: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not ready():
        if not running(name) or time.monotonic() > deadline:
            raise DriftgateError(f"{name} did not come up; its log is {log_file(name)}. Run 'make stop' and try again.")
        time.sleep(0.25)


def _refuse_taken_ports() -> None:
    airflow = urlsplit(settings().airflow.url)
    wanted = {
        "api-server": (airflow.hostname or "127.0.0.1", airflow.port or 80),
        "endpoint": (settings().endpoint.host, settings().endpoint.port),
    }
    for name, address in wanted.items():
        if running(name):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError:
                raise DriftgateError(
                    f"Port {address[1]} on {address[0]} is taken by another program, and {name} needs it; stop that "
                    "program, or set another port in include/settings/local.yaml."
                ) from None
