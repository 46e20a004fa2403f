"""The program that runs one command, keeps its limits and writes down how it ended.

    python -P supervisor.py FOLDER LOCK_FD SECONDS MEMORY_MIB COMMAND...

It uses the standard library and psutil only. The command's standard input is a pipe that closes when this program dies,
however it dies; a command that reads it can end too (see ``--end-with-stdin`` of the training entry point).
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ALIVE = "alive.lock"
EXIT = "exit.json"
STOP = "stop"
POLL_SECONDS = 0.2

# What the machine or a person does to a process. Any other signal (a segmentation fault) is the command's own fault.
FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def supervise(folder: Path, lock: int, seconds: float, memory_mib: int, command: list[str]) -> None:
    """Run ``command`` to its end or to a limit, and write ``exit.json`` into ``folder``."""
    deadline = time.monotonic() + seconds
    process = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, pass_fds=[lock])
    ended = None
    while not ended and not _has_ended(process):
        ended = _crossed(folder, process.pid, deadline, seconds, memory_mib)
    if ended:
        os.killpg(process.pid, signal.SIGKILL)  # nothing to tidy up: whatever it publishes is published atomically
    status = process.wait()
    state, reason = ended or _own_end(status)
    _write(folder, {"state": state, "reason": reason, "status": status})


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    try:
        process.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _crossed(folder: Path, pid: int, deadline: float, seconds: float, memory_mib: int) -> tuple[str, str] | None:
    """Return the state and the reason for which the command must end now, or None."""
    if (folder / STOP).exists():
        return "cancelled", "it was cancelled"
    if time.monotonic() > deadline:
        return "failed", f"it ran longer than {seconds / 60:g} minutes, its time limit"
    if _memory_mib(pid) > memory_mib:
        return "failed", f"it used more than {memory_mib} MiB of memory, its limit"
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
    if status > 0:
        return "failed", f"it ended with status {status}"
    name = signal.Signals(-status).name
    return ("lost" if -status in FROM_OUTSIDE else "failed"), f"it was ended by {name}"


def _write(folder: Path, content: dict[str, object]) -> None:
    staged = folder / f".{EXIT}"
    staged.write_text(json.dumps(content))
    staged.replace(folder / EXIT)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
