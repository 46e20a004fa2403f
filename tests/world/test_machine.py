"""What the machine lacks is said in one sentence before anything starts."""

import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from driftgate.cli import app
from driftgate.errors import DriftgateError
from driftgate.world import machine, processes

LISTENER = """
import os, socket, time
server = socket.create_server(("127.0.0.1", int(os.environ["DRIFTGATE_ENDPOINT_PORT"])))
print(1, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def plenty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Free ports, and a machine that is large enough."""
    for name in ("DRIFTGATE_AIRFLOW_PORT", "DRIFTGATE_EXECUTION_PORT", "DRIFTGATE_ENDPOINT_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    monkeypatch.setattr(machine, "FREE_DISK_BYTES", 1)
    monkeypatch.setattr(machine, "FREE_MEMORY_BYTES", 1)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_machine_with_room_is_fit() -> None:
    machine.require_fit()


@pytest.mark.parametrize(
    ("variable", "process"),
    [
        ("DRIFTGATE_AIRFLOW_PORT", "api-server"),
        ("DRIFTGATE_EXECUTION_PORT", "execution-api"),
        ("DRIFTGATE_ENDPOINT_PORT", "endpoint"),
    ],
)
def test_a_taken_port_is_named_with_the_variable_to_set(
    variable: str, process: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(taken))
    assert list(machine.ports()) == [
        f"Port {taken} on 127.0.0.1 is taken by another program, and {process} needs it; stop that program, or set "
        f"{variable} to a free port."
    ]


def test_the_port_of_our_own_running_process_is_no_problem() -> None:
    processes.start("endpoint", [sys.executable, "-c", LISTENER], dict(os.environ))
    deadline = time.monotonic() + 10
    while not processes.log_file("endpoint").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(machine.ports()) == []
    processes.stop(["endpoint"])


def test_too_little_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "FREE_DISK_BYTES", 2**60)
    with pytest.raises(DriftgateError, match=r"Only .* GiB of disk is free at .*; make room"):
        machine.require_fit()


def test_too_little_memory_is_a_sentence_unless_our_own_processes_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "FREE_MEMORY_BYTES", 2**60)
    with pytest.raises(DriftgateError, match=r"Only .* GiB of memory is free, .*; close other programs"):
        machine.require_fit()
    processes.start("scheduler", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    machine.require_fit()
    processes.stop(["scheduler"])


@pytest.mark.parametrize("command", ["up", "demo"])
def test_up_and_demo_stop_with_the_sentence_before_they_start_anything(
    command: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(taken))
    answer = CliRunner().invoke(app, [command])
    assert answer.exit_code == 1
    assert "set DRIFTGATE_ENDPOINT_PORT to a free port" in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.output
    assert not processes.log_file("api-server").exists()
