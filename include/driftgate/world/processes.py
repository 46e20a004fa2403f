"""Processes that outlive the command that started them: each in a process group of its own, remembered in a file."""

import json
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from driftgate.settings import home

STOP_SECONDS = 20
# A start time is the boot time plus seconds since; the system corrects its boot time by a second now and then.
CLOCK_SECONDS = 5


@dataclass(frozen=True)
class _Known:
    """What is remembered of a process."""

    pid: int
    started: float  # unix time in seconds


def start(name: str, command: list[str], environment: dict[str, str]) -> None:
    """Start a process under ``name`` unless it is running already; what it says goes to :func:`log_file`."""
    if running(name):
        return
    _signal(name, signal.SIGKILL)  # workers of a scheduler that was killed: they would wait for it for ever
    log_file(name).parent.mkdir(parents=True, exist_ok=True)
    files = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log_file(name)), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    )
    # Not by subprocess, which wants to be asked about the end of what it started: these outlive us.
    pid = os.posix_spawn(command[0], command, environment, file_actions=files, setsid=True)
    known = _Known(pid, psutil.Process(pid).create_time())
    _file(name).write_text(json.dumps(asdict(known)))


def stop(names: Sequence[str]) -> list[str]:
    """Stop the processes and wait for their end; return the names of those that were running."""
    stopped = [name for name in names if running(name)]
    for name in stopped:
        _signal(name, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(running(name) for name in stopped) and time.monotonic() < deadline:
        time.sleep(0.1)
    for name in names:
        _signal(name, signal.SIGKILL)  # what is left of the group: workers that outlived their parent
        _file(name).unlink(missing_ok=True)
    return stopped


def running(name: str) -> bool:
    """Return whether the process called ``name`` is alive; a recycled process id does not count."""
    return find(name) is not None


def find(name: str) -> psutil.Process | None:
    """Return the living process called ``name``, or None."""
    known = _known(name)
    if known is None:
        return None
    try:
        process = psutil.Process(known.pid)
        alive = _is(process, known) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if alive else None


def log_file(name: str) -> Path:
    """Return where the process called ``name`` writes what it has to say."""
    return home() / "run" / f"{name}.log"


def _signal(name: str, number: signal.Signals) -> None:
    """Signal the whole group of a process, dead or alive, but never a group that has got its id since."""
    known = _known(name)
    if known is None or known.started + CLOCK_SECONDS < psutil.boot_time():
        return
    with suppress(psutil.NoSuchProcess):  # the leader is gone; while its group lives, its id is given to nobody else
        if not _is(psutil.Process(known.pid), known):
            return
    with suppress(ProcessLookupError):
        os.killpg(known.pid, number)


def _is(process: psutil.Process, known: _Known) -> bool:
    return bool(abs(process.create_time() - known.started) < CLOCK_SECONDS)


def _known(name: str) -> _Known | None:
    """Return what was written when the process started; None when nothing was, or not to its end."""
    try:
        return _Known(**json.loads(_file(name).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _file(name: str) -> Path:
    return home() / "run" / f"{name}.json"
