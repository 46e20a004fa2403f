"""Small real LightGBM packages in the lake, a deployment state that names them, and endpoints that serve them."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import httpx
import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
import yaml
from starlette.testclient import TestClient

from driftgate.captures import read_captures
from driftgate.endpoint.server import Server
from driftgate.evaluation.feature_baseline import feature_baseline
from driftgate.metadata import metadata
from driftgate.models import Preprocessing, Signature, View
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.profiles import profile_table
from driftgate.promotion.state import KIND, variants
from driftgate.registry import ModelVersion
from driftgate.settings import project_root
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"
KEY = ("carrier", "flight", "origin", "scheduled_departure")
FEATURES = ("carrier", "origin", "distance_miles", "departure_hour", "temperature_f")
ROW: dict[str, Any] = {
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "scheduled_departure": "2013-03-14T05:15:00",
    "distance_miles": 1400,
    "departure_hour": 5,
    "temperature_f": 39.02,
}


@pytest.fixture(scope="session")
def train() -> Callable[[int], dict[str, bytes]]:
    """Train a small model and return the files of its package; another seed gives another model."""

    def trained(seed: int, count: int = 600, views: tuple[View, ...] = ()) -> dict[str, bytes]:
        chance = np.random.default_rng(seed)
        departures = np.datetime64("2013-03-01T00:00", "us") + 3600 * 10**6 * chance.integers(0, 240, count)
        hour = chance.integers(0, 24, count)
        table = pa.table(
            {
                "carrier": pa.array(chance.choice(["UA", "B6", "AA"], count)),
                "flight": pa.array(range(count), pa.int32()),
                "origin": pa.array(chance.choice(["EWR", "JFK", "LGA"], count)),
                "scheduled_departure": pa.array(departures, pa.timestamp("us")),
                "distance_miles": pa.array(chance.integers(100, 3000, count), pa.int32()),
                "departure_hour": pa.array(hour, pa.int64()),
                "temperature_f": pa.array(chance.normal(40, 10, count), mask=chance.random(count) < 0.1),
            }
        )
        joined = [name for view in views for name in view.columns]
        for name in joined:
            table = table.append_column(name, pa.array(chance.random(count)))
        preprocessing = Preprocessing.fit(table, [*FEATURES, *joined])
        labels = chance.random(count) < sum((table.column(name).to_numpy() / 2 for name in joined), hour / 30)
        names = {"feature_name": preprocessing.names, "categorical_feature": preprocessing.categorical}
        data = lgb.Dataset(preprocessing.encode_table(table), label=labels, **names)
        parameters = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "seed": seed, "num_threads": 1}
        booster = lgb.train(parameters, data, num_boost_round=10)
        scorer = LightgbmScorer.load(booster.model_to_string(), preprocessing)
        profile, judged = profile_table(table, columns=preprocessing.names), table.append_column("label", [labels])
        return {
            "model.txt": booster.model_to_string().encode(),
            "preprocessing.json": preprocessing.canonical(),
            "signature.json": Signature.of(table, preprocessing, KEY, views).canonical(),
            "feature_baseline.json": feature_baseline(untiered(), scorer, table, judged, profile).canonical(),
        }

    return trained


def untiered() -> UseCase:
    """The shipped use case without tiers of features that these small models do not have."""
    whole = load_use_case(NAME)
    return whole.model_copy(update={"monitor": whole.monitor.model_copy(update={"tiers": {}})})


@pytest.fixture(scope="session")
def files(train: Callable[[int], dict[str, bytes]]) -> dict[str, dict[str, bytes]]:
    """The files of two models, by version."""
    return {"1": train(1), "2": train(2)}


@dataclass
class World:
    """The lake, the metadata and the callers of one test."""

    put_package: Callable[..., ModelVersion]

    NAME = NAME
    ROW = ROW
    DAY = "2013-03-14"

    def rows(self, count: int) -> list[dict[str, Any]]:
        """Requests that differ in their key."""
        return [{**ROW, "flight": flight, "departure_hour": flight % 24} for flight in range(count)]

    def question(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """The body of a request."""
        return {"use_case": NAME, "rows": list(rows)}

    def register(self, version: str, files: dict[str, bytes]) -> None:
        """Put a package into the lake and make it visible."""
        self.put_package(version, files)

    def deploy(self, champion: str, candidate: str | None = None, *, share: int = 0, control: int = 0) -> int:
        """Write the next deployment state and return its revision; a candidate with no share is a shadow."""
        step = "serving" if candidate is None else f"canary_{share}" if share else "shadow"
        state = {
            "use_case": NAME,
            "step": step,
            "champion": champion,
            "candidate": candidate,
            "variants": [one.model_dump() for one in variants(champion, candidate, step, control)],
            "actor": "test",
            "reason": "a test",
        }
        return metadata().append(KIND, NAME, state).revision

    def captures(self, server: Server) -> list[dict[str, Any]]:
        """The captures of the day, shipped now."""
        server.journal.close_segment(older_than_seconds=0)
        server.shipper.ship()
        found: list[dict[str, Any]] = read_captures(NAME, self.DAY).to_pylist()
        return found


@pytest.fixture(scope="session")
def registered(
    files: dict[str, dict[str, bytes]],
    put_package: Callable[..., ModelVersion],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A state folder in which both versions are registered."""
    home = tmp_path_factory.mktemp("registered")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        for version, content in files.items():
            put_package(version, content)
    return home


@pytest.fixture
def world(
    files: dict[str, dict[str, bytes]], put_package: Callable[..., ModelVersion], registered: Path, project_home: Path
) -> World:
    """Both versions are registered; nothing is deployed."""
    made = World(put_package)
    if os.environ["DRIFTGATE_ENV"] == "local" and not any(project_home.iterdir()):
        shutil.copytree(registered, project_home, dirs_exist_ok=True)
        return made
    for version, content in files.items():
        made.register(version, content)
    return made


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """An endpoint whose threads do not run: tests poll and ship when they want it."""
    made = Server()
    yield made
    made.journal.close()


@pytest.fixture
def client(server: Server) -> TestClient:
    """Sends requests to the endpoint."""
    return TestClient(server)


@pytest.fixture
def ask(client: TestClient, server: Server, world: World) -> Callable[..., Any]:
    """Ask about rows, with the newest deployment state; returns the HTTP answer."""

    def asked(*rows: Any) -> Any:
        server.watcher.poll()
        return client.post("/invocations", json=world.question(*rows))

    return asked


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
        self.wait_until(self._pings, seconds=60)

    @staticmethod
    def wait_until(condition: Callable[[], Any], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition did not become true in time"
            time.sleep(0.05)

    def _pings(self) -> bool:
        assert self.popen.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.url}/ping", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def ask_until_gone(self, ids: list[str], rows: list[dict[str, Any]]) -> None:
        """Send rows one by one, noting the id of every answer that arrived, until the endpoint is gone."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            for row in rows:
                try:
                    connection.request("POST", "/invocations", json.dumps({"use_case": NAME, "rows": [row]}))
                    answer = json.loads(connection.getresponse().read())
                except (OSError, HTTPException, ValueError):
                    return
                ids += [one["prediction_id"] for one in answer.get("predictions", [])]


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., str]:
    """Make a project whose endpoint has other settings, and return its folder."""

    def made(**endpoint: Any) -> str:
        root, include = project_root(), tmp_path / "project" / "include"
        (include / "settings").mkdir(parents=True)
        (include / "use_cases").symlink_to(root / "include" / "use_cases")
        (include.parent / "data_contracts").symlink_to(root / "data_contracts")
        written = yaml.safe_load((root / "include/settings/local.yaml").read_text())
        written["endpoint"] |= endpoint
        (include / "settings" / "local.yaml").write_text(yaml.safe_dump(written))
        return str(include.parent)

    return made


@pytest.fixture
def start(project_home: Path, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start endpoints; all are gone at the end of the test."""
    started = []

    def one(**environment: str) -> Process:
        process = Process(project_home, tmp_path / "log", **environment)
        started.append(process.popen)
        return process

    yield one
    for popen in started:
        popen.kill()
        popen.wait()
