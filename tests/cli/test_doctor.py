"""``driftgate doctor`` says what is wrong with this machine in one sentence each, and ends with exit code 1."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from driftgate.cli import doctor
from driftgate.settings import settings

# A program of somebody else: it is neither started in the project's folder nor from a file in it.
LISTENER = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(60)
"""


@pytest.fixture
def taken_port(tmp_path: Path) -> Iterator[int]:
    """A port on which another program listens."""
    other = subprocess.Popen(
        [os.path.realpath(sys.executable), "-I", "-c", LISTENER], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    yield int(other.stdout.readline())
    other.kill()
    other.wait()
    other.stdout.close()


def test_a_port_in_use_is_named_with_the_setting_to_change(taken_port: int) -> None:
    assert list(doctor._taken("the endpoint", taken_port, "endpoint.port")) == [
        f"Port {taken_port}, meant for the endpoint, is used by another program; stop that program or change "
        "endpoint.port in the settings file."
    ]


def test_a_free_port_is_no_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    assert list(doctor._taken("the endpoint", free, "endpoint.port")) == []


def test_our_own_process_is_no_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert list(doctor._taken("the endpoint", server.getsockname()[1], "endpoint.port")) == []


def test_a_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "file" / "state"))

    (problem,) = doctor.home_writable()
    assert "cannot be written" in problem
    assert "set DRIFTGATE_HOME" in problem


def test_too_little_disk_and_memory_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_DISK_BYTES", 2**60)
    monkeypatch.setattr(doctor, "FREE_MEMORY_BYTES", 2**60)

    assert "make room" in next(doctor.disk_space())
    assert "close other programs" in next(doctor.memory())


def test_a_machine_without_git_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert "git is not installed" in next(doctor.git_present())


def test_an_unsupported_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SUPPORTED", ((3, 99),))

    assert "is not supported; install Python 3.11" in next(doctor.python_version())


def test_one_problem_ends_with_exit_code_one(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (("settings", doctor.settings_parse),))
    assert run("doctor").exit_code == 0
    monkeypatch.setenv("DRIFTGATE_ENV", "nowhere")
    answer = run("doctor")

    assert answer.exit_code == 1
    assert "DRIFTGATE_ENV is 'nowhere'" in answer.stderr


def test_the_shipped_settings_are_the_ports_that_are_checked() -> None:
    assert settings().endpoint.port == 8810
