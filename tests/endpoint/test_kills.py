"""The guarantee of the captures, tried on the running endpoint: killed at random moments, under load, again and again.

Every kill needs an endpoint that has started, loaded its model and answered: two hundred of them are a soak.
"""

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException

import pytest

from driftgate.captures import count_captures
from driftgate.lake import lake

NAME, DAY = "flight_delays", "2013-03-14"
CALLERS, MOST_AT_ONCE = 3, 10
# What takes seconds to import is imported once; each line that it reads is another endpoint, in a process of its own.
FORKING = """
import os, sys
import driftgate.captures, driftgate.contracts, driftgate.endpoint.server, driftgate.lake.parquet, lightgbm, pyarrow
from driftgate.endpoint.__main__ import main
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        main()
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class Endpoint:
    """One address at which an endpoint lives, dies and lives again, and the callers who do not care."""

    def __init__(self, home, log) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log, self.answered, self.over = log, set[str](), threading.Event()
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", FORKING],
                env={**os.environ, "DRIFTGATE_HOME": str(home), "DRIFTGATE_ENDPOINT_PORT": str(self.port)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def start(self) -> int:
        """Start one, wait until it answers and return its process."""
        in_flight = CALLERS * MOST_AT_ONCE  # answers of the last one, whose callers may note them only now
        before = len(self.answered) + in_flight
        assert self.popen.stdin and self.popen.stdout
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()
        child = int(self.popen.stdout.readline())
        deadline = time.monotonic() + 60
        while len(self.answered) <= before:
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.002)
        return child

    def end(self, child: int, how: signal.Signals) -> None:
        os.kill(child, how)
        assert self.popen.stdout
        assert self.popen.stdout.readline() == "ended\n"

    def call(self, row: dict, flights) -> None:
        """Ask one thing after the other, and note every answer that arrived; several rows now and then."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            while not self.over.is_set():
                flight = next(flights)
                places = range(MOST_AT_ONCE if flight % 20 == 0 else 1)
                rows = [{**row, "flight": MOST_AT_ONCE * flight + place} for place in places]
                try:
                    connection.request("POST", "/invocations", json.dumps({"use_case": NAME, "rows": rows}))
                    answer = json.loads(connection.getresponse().read())
                except (OSError, HTTPException, ValueError):
                    connection.close()
                    time.sleep(0.005)
                    continue
                self.answered |= {one["prediction_id"] for one in answer.get("predictions", [])}


@contextlib.contextmanager
def callers(endpoint: Endpoint, row: dict):
    flights = itertools.count()
    threads = [threading.Thread(target=endpoint.call, args=(row, flights)) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        endpoint.over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_every_answer_is_in_the_lake_exactly_once_however_often_the_endpoint_is_killed(
    world, project_home, tmp_path, kills
):
    world.deploy("1")
    endpoint, chance = Endpoint(project_home, tmp_path / "log"), random.Random(kills)
    try:
        with callers(endpoint, world.ROW):
            for _ in range(kills):
                child = endpoint.start()
                time.sleep(chance.uniform(0, 0.4))
                endpoint.end(child, signal.SIGKILL)
            child = endpoint.start()
        endpoint.end(child, signal.SIGTERM)
    finally:
        endpoint.popen.kill()
        endpoint.popen.communicate()
    lines = [
        json.loads(line)
        for path in lake().list(f"captures/{NAME}")
        if path.endswith(".jsonl")
        for line in lake().read(path).splitlines()
    ]
    captured = [line["prediction_id"] for line in lines]

    assert len(endpoint.answered) > 20 * kills, "too few answers to show anything"
    assert endpoint.answered <= set(captured)
    assert len(captured) == len(set(captured))
    assert (
        len(set(captured) - endpoint.answered) <= MOST_AT_ONCE * CALLERS * kills
    )  # written, and killed before the answer left
    assert {line["run"] for line in lines} and len({line["run"] for line in lines}) == kills + 1
    assert count_captures(NAME, DAY).sentence is None
    assert [path.name for path in (project_home / "journal").iterdir()] == [".lock"]
