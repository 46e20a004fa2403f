"""A command outlives its starter, keeps its limits, and leaves a note of how it ended."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from processes import gone

from driftgate.compute import supervised
from driftgate.compute.supervised import Limits, Outcome

Until = Callable[[Callable[[], Any]], Any]
LIMITS = Limits(seconds=60, memory_mib=1000)
SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def start(folder: Path, code: str, limits: Limits = LIMITS) -> None:
    with supervised.exclusive(folder):
        supervised.start(folder, [sys.executable, "-c", code], limits, os.environ)


def ended(folder: Path, until: Until) -> Outcome:
    until(lambda: not supervised.is_running(folder))
    found = supervised.outcome(folder)
    assert found is not None
    return found


def pid(folder: Path, until: Until) -> int:
    """The process id that the command ``SLEEP`` prints first."""
    return int(until(lambda: (folder / "log.txt").exists() and supervised.last_lines(folder, 1))[0])


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("print('done')", Outcome("succeeded", "it ended", 0)),
        ("raise SystemExit(3)", Outcome("failed", "it ended with status 3", 3)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Outcome("failed", "it was ended by SIGSEGV", -11)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Outcome("lost", "it was ended by SIGKILL", -9)),
    ],
)
def test_how_a_command_ended_is_noted(tmp_path: Path, until: Until, code: str, outcome: Outcome) -> None:
    start(tmp_path, code)
    assert ended(tmp_path, until) == outcome


def test_a_folder_in_which_nothing_ran_has_no_outcome(tmp_path: Path) -> None:
    assert not supervised.is_running(tmp_path)
    assert supervised.outcome(tmp_path) is None


def test_the_time_limit_is_kept_and_the_whole_group_ends(tmp_path: Path, until: Until) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with supervised.exclusive(tmp_path):
        supervised.start(tmp_path, [sys.executable, "-c", child, SLEEP], Limits(1.5, 1000), os.environ)
    grandchild = pid(tmp_path, until)
    assert ended(tmp_path, until) == Outcome("failed", "it ran longer than 0.025 minutes, its time limit", -15)
    until(lambda: gone(grandchild))


def test_the_memory_limit_is_kept(tmp_path: Path, until: Until) -> None:
    start(tmp_path, "import time; held = b'x' * 200_000_000; time.sleep(60)", Limits(60, 100))
    found = ended(tmp_path, until)
    assert (found.state, found.status) == ("failed", -9)
    assert re.fullmatch(r"it used \d{3} MiB of memory; its limit is 100 MiB", found.reason)


SAVES = """
import os, signal, sys, time
from pathlib import Path
def save(*_):
    Path('saved').touch()
    if len(sys.argv) > 1:
        sys.exit(75)
signal.signal(signal.SIGTERM, save)
print(os.getpid(), flush=True)
while True: time.sleep(0.05)
"""


@pytest.mark.parametrize(("obeys", "grace_seconds", "status"), [(["obeys"], 30, 75), ([], 0.5, -9)])
def test_a_command_that_must_end_has_a_moment_to_save(
    tmp_path: Path,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    obeys: list[str],
    grace_seconds: float,
    status: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    with supervised.exclusive(tmp_path):
        supervised.start(tmp_path, [sys.executable, "-c", SAVES, *obeys], Limits(60, 1000, grace_seconds), os.environ)
    pid(tmp_path, until)
    supervised.request_stop(tmp_path)
    assert ended(tmp_path, until) == Outcome("cancelled", "it was cancelled", status)
    assert (tmp_path / "saved").exists()


def test_a_command_saves_when_its_machine_goes_down(
    tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start(tmp_path, SAVES.replace("if len(sys.argv) > 1", "if True"))
    supervisor = psutil.Process(pid(tmp_path, until)).parent()
    assert supervisor is not None
    supervisor.terminate()
    assert ended(tmp_path, until) == Outcome("lost", "its machine went down", 75)
    assert (tmp_path / "saved").exists()


def test_a_stop_is_obeyed_and_forgotten_at_the_next_start(tmp_path: Path, until: Until) -> None:
    start(tmp_path, SLEEP)
    supervised.request_stop(tmp_path)
    assert ended(tmp_path, until).state == "cancelled"
    start(tmp_path, "pass")
    assert ended(tmp_path, until).state == "succeeded"


def test_the_killed_starter_leaves_a_running_command(tmp_path: Path, until: Until) -> None:
    starter = (
        "import os, signal, sys; from pathlib import Path; from driftgate.compute import supervised as s\n"
        "with s.exclusive(Path(sys.argv[1])):\n"
        "    s.start(Path(sys.argv[1]), [sys.executable, '-c', sys.argv[2]], s.Limits(60, 1000), os.environ)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    code = "import time; from pathlib import Path\nwhile not Path('go').exists(): time.sleep(0.02)"
    killed = subprocess.run([sys.executable, "-c", starter, str(tmp_path), code], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert supervised.is_running(tmp_path)
    with supervised.exclusive(tmp_path):  # its lock died with it
        (tmp_path / "go").touch()
    assert ended(tmp_path, until).state == "succeeded"


def test_a_command_whose_supervisor_was_killed_still_counts_as_running(tmp_path: Path, until: Until) -> None:
    start(tmp_path, SLEEP)
    command = psutil.Process(pid(tmp_path, until))
    supervisor = command.parent()
    assert supervisor is not None
    supervisor.kill()
    supervisor.wait(10)
    assert supervised.is_running(tmp_path)
    command.kill()
    until(lambda: not supervised.is_running(tmp_path))
    assert supervised.outcome(tmp_path) is None


def test_of_many_who_start_at_once_one_does(tmp_path: Path, until: Until) -> None:
    def start_unless_running() -> None:
        with supervised.exclusive(tmp_path):
            if not supervised.is_running(tmp_path):
                supervised.start(tmp_path, [sys.executable, "-c", SLEEP], LIMITS, os.environ)

    threads = [threading.Thread(target=start_unless_running) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pid(tmp_path, until)
    supervised.request_stop(tmp_path)
    ended(tmp_path, until)
    assert len(supervised.last_lines(tmp_path, 8)) == 1


def test_the_log_is_read_from_its_end(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("".join(f"line {n}\n" for n in range(100_000)))
    assert supervised.last_lines(tmp_path, 2) == ["line 99998", "line 99999"]


def test_a_start_has_its_name_only_while_it_counts_as_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever finds the name in between takes the command for lost and starts it again."""
    seen: list[tuple[str | None, bool]] = []

    def looking(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            seen.append((supervised.name_of_start(tmp_path), supervised.is_running(tmp_path)))
            return real(*arguments, **keywords)

        return call

    with supervised.exclusive(tmp_path), monkeypatch.context() as patch:
        patch.setattr(supervised, "_forget", looking(supervised._forget))
        patch.setattr(supervised.subprocess, "Popen", looking(subprocess.Popen))
        supervised.start(tmp_path, [sys.executable, "-c", SLEEP], LIMITS, os.environ, name="first")
    assert seen == [(None, True), ("first", True)]
    supervised.request_stop(tmp_path)
