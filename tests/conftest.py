"""Every test gets its own empty state folder, so nothing leaks from one test to the next."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import hypothesis
import pyarrow as pa
import pytest
import yaml
from sqlalchemy import Engine, create_engine

from driftgate import uris
from driftgate.datasets import prepare
from driftgate.lake import lake, publish
from driftgate.metadata import metadata, records
from driftgate.partition_keys import keys_between
from driftgate.problems import DeviationCosts, Metric
from driftgate.promotion import deployment, served
from driftgate.settings import project_root
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

pytest_plugins = ["local_aws.fixtures", "whole_run", "model_packages", "processes"]
hypothesis.settings.load_profile("ci")  # the same examples each time, and no deadline of 0.2 seconds
_opened: list[Engine] = []
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # two workers on two cores: LightGBM's threads would spin for cores


@pytest.fixture(autouse=True)
def project_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of this test; ``settings()``, ``lake()`` and ``metadata()`` point into it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    monkeypatch.setenv("DRIFTGATE_ENV", "local")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    yield home
    records._engine.cache_clear()
    while _opened:  # forgotten alone, it would be closed at any time later, under whoever copies its folder then
        _opened.pop().dispose()


def _open(url: str) -> Engine:
    _opened.append(create_engine(url))
    return _opened[-1]


records.create_engine = _open


@pytest.fixture(autouse=True)
def endpoint_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count only the packages of an endpoint in this process as its memory: thousands of tests leave gigabytes."""
    monkeypatch.setattr("driftgate.endpoint.packages.process_bytes", lambda: 0)


@pytest.fixture(autouse=True)
def signals_are_given_back() -> Iterator[None]:
    """A handler that a test leaves behind would keep the processes of later tests from ending."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Any]], Any]:
    """Return what a function returns once that is true, or fail after two minutes."""

    def wait(answer: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 120
        while not (found := answer()):
            assert time.monotonic() < deadline, "waited for two minutes"
            time.sleep(0.03)
        return found

    return wait


@pytest.fixture
def compute_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write ``compute.yaml`` of a project of this test's own, which shares everything else with the real one.

    What is made takes the targets by name, and before them the section ``auto``.
    """
    real, root = project_root(), tmp_path / "project"
    (root / "include").mkdir(parents=True)
    for name in ("data_contracts", "dvc.yaml", "params.yaml", "include/use_cases"):
        (root / name).symlink_to(real / name)
    for name in ("governance", "price_table.yaml"):
        (root / "include" / name).symlink_to(real / "include" / name)
    shutil.copytree(real / "include" / "settings", root / "include" / "settings")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))

    def write(auto: dict[str, Any] | None = None, /, **targets: dict[str, Any]) -> None:
        whole = {"targets": targets} if auto is None else {"targets": targets, "auto": auto}
        (root / "include" / "compute.yaml").write_text(yaml.safe_dump(whole))

    return write


@pytest.fixture(scope="session")
def january(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A state folder with a dataset version of eleven real days, three of them to validate on, and its name."""
    home, days = tmp_path_factory.mktemp("january"), keys_between("2013-01-01", "2013-01-12")
    whole = load_use_case("flight_delays")
    train = whole.train.model_copy(update={"window_days": 11, "validation_days": 3})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        patch.setenv("DVC_NO_ANALYTICS", "1")
        for dataset in whole.datasets:
            for day in days:
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
        return home, prepare(whole.model_copy(update={"train": train}), days[-1]).name


@pytest.fixture
def january_version(january: tuple[Path, str], project_home: Path) -> str:
    """That dataset version, in the state folder of this test."""
    shutil.copytree(january[0], project_home, dirs_exist_ok=True)
    return january[1]


@pytest.fixture
def rides() -> Callable[..., pa.Table]:
    """Make a day's rides of ``tests/governance/project``, of the passengers named."""

    def make(key: str, *passengers: str, note: str = "fine") -> pa.Table:
        count = len(passengers)
        return pa.table(
            {
                "ride": pa.array(range(count), pa.int32()),
                "started_at": pa.array([datetime.fromisoformat(f"{key}T08:00")] * count, pa.timestamp("us")),
                "passenger": pa.array(passengers),
                "note": pa.array([note] * count),
                "distance_km": pa.array([1.5 + place for place in range(count)]),
                "fare_usd": pa.array([10.0 + 5 * place for place in range(count)]),
            }
        )

    return make


@pytest.fixture
def as_regression() -> Callable[..., UseCase]:
    """Turn a binary use case into one that asks how many minutes late, with limits of its own kind."""

    def turned(
        whole: UseCase, *, expression: str = "arr_delay_minutes", max_mae_increase: float = 1, max_increase: float = 1
    ) -> UseCase:
        costs = DeviationCosts(over=1, under=2)
        lost = {"max_log_loss_increase": None, "max_alarm_rate_shift": None, "max_mae_increase": max_mae_increase}
        guardrails = whole.promote.guardrails.model_copy(update=lost)
        limits = {"max_auc_drop": None, "max_increase": max_increase}
        performance = whole.monitor.performance.model_copy(update=limits)
        changes = {
            "problem": "regression",
            "fairness": None,  # its metrics are those of decisions, and people are asked about those
            "review": None,
            "label": whole.label.model_copy(update={"expression": expression, "unit": "minutes"}),
            "metric": Metric(primary="rmse", costs_usd=costs),
            "train": whole.train.model_copy(update={"baselines": ("rule", "linear")}),
            "promote": whole.promote.model_copy(update={"guardrails": guardrails}),
            "monitor": whole.monitor.model_copy(update={"performance": performance}),
        }
        written = whole.model_copy(update=changes).model_dump(exclude_none=True, exclude_unset=True)
        written["train"].pop("max_single_feature_auc", None)
        written["gates"].pop("training_data", None)
        return UseCase.model_validate(written)

    return turned


class Follower:
    """Answers as an endpoint does that follows the deployment records, without models; or as the test says."""

    def __init__(self) -> None:
        self.says: dict[str, Any] | None = None

    def deployments(self) -> dict[str, Any]:
        """Return what ``GET /deployments`` answers."""
        if self.says is not None:
            return self.says
        states = (deployment(entry.subject) for entry in metadata().all_latest("deployment"))
        return {
            state.use_case: {
                "variants": [variant.model_dump(mode="json") for variant in state.variants],
                "step": state.step,
                "revision": state.revision,
                "problem": None,
            }
            for state in states
            if state
        }


@pytest.fixture
def endpoint(project_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Follower]:
    """An HTTP server on the endpoint's port that follows the records; moves that it does not follow wait no longer."""
    follower = Follower()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(follower.deployments()).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", str(server.server_port))
        monkeypatch.setattr(served, "FOLLOW_SECONDS", 0.3)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield follower
        server.shutdown()
        thread.join()
