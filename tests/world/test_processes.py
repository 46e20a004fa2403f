"""Processes are started once, found again by another command, and ended with everything they started."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from processes import gone

from driftgate.world import processes

# A process that starts a worker, says the worker's process id, and waits; like a scheduler.
PARENT = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(worker.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def parent() -> Iterator[tuple[int, int]]:
    """The process ids of a running process called ``scheduler`` and of its worker."""
    processes.start("scheduler", [sys.executable, "-c", PARENT], dict(os.environ))
    wait_for(lambda: processes.log_file("scheduler").read_text().endswith("\n"))
    process = processes.find("scheduler")
    assert process
    yield process.pid, int(processes.log_file("scheduler").read_text())
    processes.stop(["scheduler"])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.02)


def remember(home: Path, text: str) -> None:
    (home / "run").mkdir(exist_ok=True)
    (home / "run" / "scheduler.json").write_text(text)


def test_starting_twice_starts_one(parent: tuple[int, int]) -> None:
    processes.start("scheduler", [sys.executable, "-c", PARENT], dict(os.environ))
    found = processes.find("scheduler")
    assert found and found.pid == parent[0]


def test_another_command_finds_it(parent: tuple[int, int]) -> None:
    script = "from driftgate.world.processes import find; print(find('scheduler').pid)"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(answer.stdout) == parent[0]


def test_stopping_ends_the_workers_too(parent: tuple[int, int]) -> None:
    assert processes.stop(["scheduler", "triggerer"]) == ["scheduler"]
    wait_for(lambda: all(map(gone, parent)))
    assert processes.stop(["scheduler", "triggerer"]) == []


def test_stopping_ends_the_workers_of_a_process_that_was_killed(parent: tuple[int, int]) -> None:
    os.kill(parent[0], signal.SIGKILL)
    wait_for(lambda: not processes.running("scheduler"))
    assert not gone(parent[1])
    assert processes.stop(["scheduler"]) == []
    wait_for(lambda: gone(parent[1]))


def test_starting_again_ends_the_workers_of_a_process_that_was_killed(parent: tuple[int, int]) -> None:
    os.kill(parent[0], signal.SIGKILL)
    os.waitpid(parent[0], 0)
    processes.start("scheduler", [sys.executable, "-c", PARENT], dict(os.environ))
    wait_for(lambda: gone(parent[1]))
    assert processes.running("scheduler")


def test_a_process_that_refuses_to_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    processes.start("scheduler", [sys.executable, "-c", stubborn], dict(os.environ))
    wait_for(lambda: bool(processes.log_file("scheduler").read_text()))
    found = processes.find("scheduler")
    assert found
    assert processes.stop(["scheduler"]) == ["scheduler"]
    wait_for(lambda: gone(found.pid))


def test_nothing_running_is_no_error() -> None:
    assert processes.stop(["scheduler", "endpoint"]) == []
    assert not processes.running("endpoint")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": 1}'])
def test_a_half_written_file_counts_as_no_process(project_home: Path, text: str) -> None:
    remember(project_home, text)
    assert not processes.running("scheduler")
    assert processes.stop(["scheduler"]) == []
    assert not (project_home / "run" / "scheduler.json").exists()


def test_the_file_of_a_dead_process_counts_as_no_process(project_home: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    started = psutil.Process(done.pid).create_time()
    done.wait()
    remember(project_home, json.dumps({"pid": done.pid, "started": started}))
    assert not processes.running("scheduler")
    assert processes.stop(["scheduler"]) == []


def test_a_process_id_that_was_given_to_another_program_is_left_alone(project_home: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    started = psutil.Process(other.pid).create_time() - 30
    remember(project_home, json.dumps({"pid": other.pid, "started": started}))
    assert not processes.running("scheduler")
    assert processes.stop(["scheduler"]) == []
    time.sleep(0.1)
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_group_of_another_program_is_left_alone_after_the_machine_was_started_again(
    parent: tuple[int, int], project_home: Path
) -> None:
    """The group has the remembered number and its leader is gone; only the boot tells that it is not ours."""
    os.kill(parent[0], signal.SIGKILL)
    os.waitpid(parent[0], 0)
    remember(project_home, json.dumps({"pid": parent[0], "started": psutil.boot_time() - 60}))
    assert processes.stop(["scheduler"]) == []
    time.sleep(0.1)
    assert not gone(parent[1])
    os.kill(parent[1], signal.SIGKILL)


def test_a_correction_of_the_systems_clock_does_not_lose_the_process(
    parent: tuple[int, int], project_home: Path
) -> None:
    path = project_home / "run" / "scheduler.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "started": known["started"] + 1}))
    found = processes.find("scheduler")
    assert found and found.pid == parent[0]
