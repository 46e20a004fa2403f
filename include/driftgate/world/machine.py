"""Can this machine hold the laptop's stack? Disk, memory and ports, one sentence for each thing that is missing."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from driftgate.errors import DriftgateError
from driftgate.settings import home, settings
from driftgate.world.environment import execution_url
from driftgate.world.processes import running

# What the demo may use, rounded up generously; the benchmark page says what it really used.
FREE_DISK_BYTES = 3 * 2**30
FREE_MEMORY_BYTES = 3 * 2**30


def require_fit() -> None:
    """Return when there is room for the stack.

    :raises DriftgateError: with the first thing that is missing
    """
    for check in (disk_space, memory, ports):
        for problem in check():
            raise DriftgateError(problem)


def disk_space() -> Iterator[str]:
    """Room for the state folder."""
    folder: Path = next(folder for folder in (home(), *home().parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    if free < FREE_DISK_BYTES:
        yield f"Only {_gib(free)} of disk is free at {folder}, {_gib(FREE_DISK_BYTES)} are needed; make room."


def memory() -> Iterator[str]:
    """Room for Airflow, the endpoint and one training; they have it already when they run."""
    import psutil

    free = psutil.virtual_memory().available
    if free < FREE_MEMORY_BYTES and not running("scheduler"):
        yield f"Only {_gib(free)} of memory is free, {_gib(FREE_MEMORY_BYTES)} are needed; close other programs."


def ports() -> Iterator[str]:
    """The addresses of those of our processes that do not run yet."""
    airflow, execution = urlsplit(settings().airflow.url), urlsplit(execution_url())
    endpoint = settings().endpoint
    wanted = (
        ("api-server", airflow.hostname or "127.0.0.1", airflow.port or 80, "DRIFTGATE_AIRFLOW_PORT"),
        ("execution-api", execution.hostname or "127.0.0.1", execution.port or 80, "DRIFTGATE_EXECUTION_PORT"),
        ("endpoint", endpoint.host, endpoint.port, "DRIFTGATE_ENDPOINT_PORT"),
    )
    for name, host, port, variable in wanted:
        if not running(name) and _answers(host, port):
            yield (
                f"Port {port} on {host} is taken by another program, and {name} needs it; stop that program, or set "
                f"{variable} to a free port."
            )


def _answers(host: str, port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        try:
            return probe.connect_ex((host, port)) == 0
        except OSError:  # a host of another network, which is not there or not yet
            return False


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
