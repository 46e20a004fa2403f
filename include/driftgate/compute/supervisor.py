"""The program that runs one command, keeps its limits and writes down how it ended.

    python -P supervisor.py FOLDER LOCK_FD SECONDS MEMORY_MIB GRACE_SECONDS COMMAND...

It uses the standard library and psutil only. The command's standard input is a pipe that closes when this program dies,
however it dies; a command that reads it can end too (see ``--end-with-stdin`` of the training entry point). A command
that must end gets SIGTERM and some seconds to save what it has.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ALIVE = "alive.lock"
EXIT = "exit.json"
STOP = "stop"
GOING = "going"
INTERRUPTED = 75  # EXIT_INTERRUPTED of jobs.py
POLL_SECONDS = 0.2

# What the machine or a person does to a process. Any other signal (a segmentation fault) is the command's own fault.
FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


@dataclass(frozen=True)
class Limits:
    """When the command must end; memory is resident memory of the command and its children."""

    seconds: float
    memory_mib: float
    grace_seconds: float


def supervise(folder: Path, lock: int, limits: Limits, command: list[str]) -> None:
    """Run ``command`` to its end or to a limit, and write ``exit.json`` into ``folder``."""
    signal.signal(signal.SIGTERM, lambda *_: (folder / GOING).touch())  # the machine goes down
    deadline = time.monotonic() + limits.seconds
    process = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, pass_fds=[lock])
    ended = None
    while not ended and not _has_ended(process, POLL_SECONDS):
        ended = _crossed(folder, process.pid, deadline, limits)
    if ended:
        _end(process, 0 if "memory" in ended[1] else limits.grace_seconds)
    status = process.wait()
    state, reason = ended or _own_end(status)
    _write(folder, {"state": state, "reason": reason, "status": status})


def _end(process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    """End the command and its children; what it publishes is published atomically, so nothing needs tidying up."""
    if grace_seconds:
        os.killpg(process.pid, signal.SIGTERM)
        _has_ended(process, grace_seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _has_ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _crossed(folder: Path, pid: int, deadline: float, limits: Limits) -> tuple[str, str] | None:
    """Return the state and the reason for which the command must end now, or None."""
    if (folder / STOP).exists():
        return "cancelled", "it was cancelled"
    if (folder / GOING).exists():
        return "lost", "its machine went down"
    if time.monotonic() > deadline:
        return "failed", f"it ran longer than {limits.seconds / 60:g} minutes, its time limit"
    if (used := _memory_mib(pid)) > limits.memory_mib:
        return "failed", f"it used {used:.0f} MiB of memory; its limit is {limits.memory_mib:g} MiB"
    return None


def _memory_mib(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20
    except psutil.Error:  # it has just ended
        return 0.0


def _own_end(status: int) -> tuple[str, str]:
    if status == 0:
        return "succeeded", "it ended"
    if status == INTERRUPTED:
        return "lost", "it was interrupted and has saved a checkpoint"
    if status > 0:
        return "failed", f"it ended with status {status}"
    name = signal.Signals(-status).name
    return ("lost" if -status in FROM_OUTSIDE else "failed"), f"it was ended by {name}"


def _write(folder: Path, content: dict[str, object]) -> None:
    staged = folder / f".{EXIT}"
    staged.write_text(json.dumps(content))
    staged.replace(folder / EXIT)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]), Limits(*map(float, sys.argv[3:6])), sys.argv[6:])
