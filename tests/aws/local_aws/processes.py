"""One container as a process of its own: lines of its log as they come, SIGTERM, a grace period, SIGKILL."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

# What the image gives a container; everything else comes from the job definition and the submit.
IMAGE = (
    *("PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"),
    *("DRIFTGATE_PROJECT", "DVC_NO_ANALYTICS", "GIT_CONFIG_GLOBAL", "HOME"),
)
POLL_SECONDS = 0.05
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"

_alive: set["Container"] = set()


class Container:
    """A running command in a new, empty folder."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        memory_mib: int,
        on_line: Callable[[str], None],
    ) -> None:
        self._on_line, self._memory_mib = on_line, memory_mib
        self._next_look = 0.0
        self.reason: str | None = None
        self._process = subprocess.Popen(
            command,
            env=image_environment() | dict(environment),
            cwd=tempfile.mkdtemp(prefix="container-", dir=work_folder()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        _alive.add(self)
        self._pump = threading.Thread(target=self._read, daemon=True)
        self._pump.start()

    def ended(self) -> bool:
        """Return whether it has ended; ends it when it uses more memory than it asked for."""
        if self._process.poll() is not None:
            return True
        if time.monotonic() > self._next_look:
            self._next_look = time.monotonic() + 0.2
            if self._used_mib() > self._memory_mib:
                self.reason = OUT_OF_MEMORY
                self.kill()
        return False

    def stop(self, grace_seconds: float) -> None:
        """End it as a host does that shuts down; with no grace period, as a host that vanishes."""
        if grace_seconds > 0:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End it and everything that it started at once."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def exit_code(self) -> int:
        """Return its exit status as a container's: 128 and the signal's number."""
        self._signal(signal.SIGKILL)  # a container ends with its first process
        self._pump.join(5)
        _alive.discard(self)
        status: int = self._process.wait()
        return 128 - status if status < 0 else status

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._on_line(line.rstrip("\n"))

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _used_mib(self) -> float:
        try:
            process = psutil.Process(self._process.pid)
            return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20
        except psutil.Error:
            return 0.0


def kill_all() -> None:
    """End every container: the tests start anew, or the server ends."""
    for container in list(_alive):
        container.kill()
        _alive.discard(container)


def work_folder() -> Path:
    """Return the folder that holds the containers' folders."""
    return Path(os.environ["LOCAL_AWS_WORK"])


def image_environment() -> dict[str, str]:
    """Return what every container has."""
    return {name: os.environ[name] for name in IMAGE if name in os.environ}


def as_variables(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return AWS's list of names and values as a dictionary."""
    return {pair["name"]: pair["value"] for pair in pairs}
