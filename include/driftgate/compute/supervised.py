"""One command in one folder, run by a supervisor that outlives whoever started it.

The kernel keeps the truth about what runs: supervisor and command hold a lock on ``alive.lock`` for as long as they
live, inherited from the starter, so there is no instant at which the starter's death leaves a process that nobody
knows of, and no process id that could be another process's by now.
"""

import fcntl
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from driftgate.compute import supervisor

LOG = "log.txt"
START = "start.json"


@dataclass(frozen=True)
class Limits:
    """When the supervisor ends the command; memory is resident memory of the command and its children.

    A command that must end gets SIGTERM, and SIGKILL after ``grace_seconds``; for too much memory, SIGKILL at once.
    """

    seconds: float
    memory_mib: int
    grace_seconds: float = 10


@dataclass(frozen=True)
class Outcome:
    """How a command ended. ``lost``: killed from outside, by no fault of its code; ``status``: its exit status."""

    state: Literal["succeeded", "failed", "cancelled", "lost"]
    reason: str
    status: int


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Let one process at a time decide whether to start the command of ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "submit.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget(folder: Path) -> None:
    """Remove how the last command of ``folder`` ended, and what was asked of its supervisor."""
    for leftover in (supervisor.EXIT, supervisor.STOP, supervisor.GOING):
        (folder / leftover).unlink(missing_ok=True)


def start(
    folder: Path, command: Sequence[str], limits: Limits, environment: Mapping[str, str], *, name: str = ""
) -> None:
    """Start ``command`` in the background; the caller is inside :func:`exclusive` and knows that it does not run.

    :param name: of this start; whoever reads it finds the command running, ended, or killed
    """
    with (folder / supervisor.ALIVE).open("a") as alive, (folder / LOG).open("ab") as log:
        fcntl.flock(alive, fcntl.LOCK_EX)
        _forget(folder)  # before the name: a starter that is killed here must not leave the last ending as this one's
        (folder / START).write_text(name)
        arguments = [folder, alive.fileno(), limits.seconds, limits.memory_mib, limits.grace_seconds, *command]
        # Run as a file (-P: its folder stays off sys.path): starts in 50 ms, where the package takes 240 ms.
        process = subprocess.Popen(
            [sys.executable, "-P", supervisor.__file__, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # a signal to the starter's group does not reach it
            pass_fds=[alive.fileno()],
        )
    threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie while the starter lives


def name_of_start(folder: Path) -> str | None:
    """Return the name of the last start, None where there was none."""
    try:
        return (folder / START).read_text()
    except FileNotFoundError:
        return None


def is_running(folder: Path) -> bool:
    """Return whether supervisor or command live: an open of one file and one system call."""
    try:
        with (folder / supervisor.ALIVE).open() as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def outcome(folder: Path) -> Outcome | None:
    """Return how the command ended; None when it runs, never ran, or its supervisor was killed."""
    try:
        return Outcome(**json.loads((folder / supervisor.EXIT).read_text()))
    except FileNotFoundError:
        return None


def request_stop(folder: Path) -> None:
    """Ask the supervisor to end the command; it looks several times a second."""
    (folder / supervisor.STOP).touch()


def last_lines(folder: Path, count: int) -> list[str]:
    """Return the last lines of the log, at most 8 KiB of them."""
    with (folder / LOG).open("rb") as log:
        log.seek(max(0, log.seek(0, 2) - 8192))
        return log.read().decode(errors="replace").splitlines()[-count:]
