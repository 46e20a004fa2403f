"""The endpoint as the process that people start: stopped, killed, started twice."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import httpx
import pytest

from driftgate.captures import read_captures
from driftgate.endpoint import __main__
from driftgate.settings import project_root

NAME, DAY = "flight_delays", "2013-03-14"


class Process:
    """One endpoint on a free port."""

    def __init__(self, home: Path, log: Path, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url, self.log = f"http://127.0.0.1:{self.port}", log
        settings = {"DRIFTGATE_HOME": str(home), "DRIFTGATE_ENDPOINT_PORT": str(self.port), **environment}
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "driftgate.endpoint"],
                env={**os.environ, **settings},
                stdout=output,
                stderr=output,
            )

    def wait_for_model(self) -> None:
        wait_until(self._pings, seconds=60)

    def _pings(self) -> bool:
        assert self.popen.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/ping", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def ask_until_gone(self, ids: list[str], rows: list[dict]) -> None:
        """Send rows one by one, noting the id of every answer that arrived, until the endpoint is gone."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            for row in rows:
                try:
                    connection.request("POST", "/invocations", json.dumps({"use_case": NAME, "rows": [row]}))
                    answer = json.loads(connection.getresponse().read())
                except (OSError, HTTPException, ValueError):
                    return
                ids += [one["prediction_id"] for one in answer.get("predictions", [])]


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.05)


@pytest.fixture
def start(project_home, tmp_path):
    """Start endpoints; all are gone at the end of the test."""
    started = []

    def one(**environment):
        process = Process(project_home, tmp_path / "log", **environment)
        started.append(process.popen)
        return process

    yield one
    for popen in started:
        popen.kill()
        popen.wait()


def captured_ids(role: str) -> list[str]:
    rows = read_captures(NAME, DAY).select(["variant_role", "prediction_id"]).to_pylist()
    return [row["prediction_id"] for row in rows if row["variant_role"] == role]


def answered_while(process: Process, world, end, *, callers: int) -> set[str]:
    """Ask from several callers at once, call ``end`` in the middle, and return the ids of every answer that arrived."""
    ids: list[list[str]] = [[] for _ in range(callers)]
    threads = [threading.Thread(target=process.ask_until_gone, args=(mine, world.rows(50_000))) for mine in ids]
    for thread in threads:
        thread.start()
    wait_until(lambda: sum(map(len, ids)) > 600, seconds=30)
    end()
    for thread in threads:
        thread.join()
    return {one for mine in ids for one in mine}


def test_neither_a_kill_nor_a_stop_loses_an_answer_or_captures_one_twice(start, world, project_home):
    journal = project_home / "journal"
    world.deploy("1")
    first = start()
    first.wait_for_model()
    answered = answered_while(first, world, first.popen.kill, callers=3)
    first.popen.wait()
    assert len(list(journal.iterdir())) > 1, "the kill left nothing behind, so the test shows nothing"

    world.deploy("1", "2")
    second = start()
    second.wait_for_model()
    wait_until(lambda: answered <= set(captured_ids("champion")), seconds=30)
    answered |= answered_while(second, world, second.popen.terminate, callers=3)
    second.popen.wait(15)
    captured = captured_ids("champion")

    assert "Application shutdown complete" in second.log.read_text()
    assert [path.name for path in journal.iterdir()] == [".lock"]
    assert answered <= set(captured)
    assert len(captured) == len(set(captured))
    assert len(set(captured) - answered) <= 3  # written, and killed before the answer left
    assert set(captured_ids("shadow")) <= set(captured)


def test_a_swap_drops_no_request_and_a_second_endpoint_on_the_same_journal_does_not_start(start, world):
    world.deploy("1")
    process = start()
    process.wait_for_model()
    versions: list[str] = []

    def ask() -> None:
        with httpx.Client(base_url=process.url) as client:
            while versions.count("2") < 20:
                answer = client.post("/invocations", json=world.question(world.ROW))
                assert answer.status_code == 200
                versions.append(answer.json()["predictions"][0]["model_version"])

    caller = threading.Thread(target=ask)
    caller.start()
    wait_until(lambda: len(versions) > 20)
    world.deploy("2")
    caller.join(10)
    second = start()

    assert not caller.is_alive()
    assert versions == sorted(versions)  # first 1, then 2, never back
    assert second.popen.wait(30) == 1
    assert "Another endpoint writes the journal" in second.log.read_text()
    assert "Traceback" not in second.log.read_text()


def test_a_wrong_setting_is_a_sentence(start, tmp_path):
    assert start(DRIFTGATE_ENV="lokal").popen.wait(30) == 1
    log = (tmp_path / "log").read_text()

    assert "DRIFTGATE_ENV is 'lokal'" in log
    assert "Traceback" not in log


def test_a_listener_beyond_loopback_is_allowed_with_a_warning(tmp_path, monkeypatch, caplog):
    """docker-compose needs it: there the host's port is published on loopback only."""
    root = project_root()
    shutil.copytree(root / "include/use_cases", tmp_path / "include/use_cases")
    (tmp_path / "include/settings").mkdir()
    wide = (root / "include/settings/local.yaml").read_text().replace("host: 127.0.0.1", "host: 0.0.0.0")
    (tmp_path / "include/settings/local.yaml").write_text(wide)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: None)
    listened = []
    monkeypatch.setattr(__main__.uvicorn, "run", lambda server, **options: listened.append(options["host"]))
    with caplog.at_level("WARNING"):
        __main__.main()

    assert listened == ["0.0.0.0"]
    assert "The endpoint listens on 0.0.0.0 and has no authentication: let nobody reach it but you." in caplog.text


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.7", False),
        ("endpoint", False),
    ],
)
def test_loopback_is_known_by_its_address(host, loopback):
    assert __main__._is_loopback(host) is loopback


def test_sagemaker_names_the_port(monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "8080")
    assert __main__._port() == 8080
    monkeypatch.delenv("SAGEMAKER_BIND_TO_PORT")
    assert __main__._port() == 8810


@pytest.mark.parametrize("told", ["", "http", "0", "70000", "8080 ", "٨"])
def test_a_port_that_is_none_is_a_sentence(monkeypatch, told):
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", told)
    with pytest.raises(SystemExit, match=r"SAGEMAKER_BIND_TO_PORT is '.*'; it must be a port, 1 to 65535"):
        __main__.main()
