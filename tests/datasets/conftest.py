"""Twelve real days of the sample, published in the lake, and the use case on a window of that size."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.datasets import DatasetVersion, known_history, list_versions, prepare
from driftgate.errors import ConfigError
from driftgate.lake import lake, publish
from driftgate.partition_keys import keys_before, keys_between
from driftgate.settings import settings
from driftgate.sources import sample
from driftgate.use_cases import Problem, UseCase, load_use_case

DAYS = keys_between("2013-03-20", "2013-03-31")
DATASETS = ("flights", "weather", "planes")


@pytest.fixture(scope="session")
def days() -> list[str]:
    """The days of the window, oldest first."""
    return DAYS


@pytest.fixture(scope="session")
def shaped() -> Callable[..., UseCase]:
    """Return ``flight_delays`` with a window of twelve days, four of them to validate on, or as the arguments say."""
    whole = load_use_case("flight_delays")

    def changed(*, label: str = whole.label.expression, problem: Problem = "binary", **train: Any) -> UseCase:
        policy = {"window_days": len(DAYS), "validation_days": 4, **train}
        update = {
            "train": whole.train.model_copy(update=policy),
            "label": whole.label.model_copy(update={"expression": label}),
            "problem": problem,
        }
        return whole.model_copy(update=update)

    return changed


@pytest.fixture
def use_case(shaped: Callable[..., UseCase]) -> UseCase:
    return shaped()


@pytest.fixture
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make a project of this test's own, with another ``features.sql`` or another command in ``dvc.yaml``."""
    whole, own = Path(__file__).resolve().parents[2], "python -m driftgate.datasets.stage"

    def make(features_sql: str, *, command: str = own) -> None:
        folder = tmp_path / "project" / "include" / "use_cases" / "flight_delays"
        folder.mkdir(parents=True)
        (folder / "features.sql").write_text(features_sql)
        (folder.parents[1] / "settings").symlink_to(whole / "include" / "settings")
        shutil.copy(whole / "params.yaml", tmp_path / "project")
        (tmp_path / "project" / "dvc.yaml").write_text((whole / "dvc.yaml").read_text().replace(own, command))
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path / "project"))

    return make


@pytest.fixture(scope="session")
def publish_days() -> Callable[..., None]:
    """Publish days of the sample into the lake of the moment."""

    def publish_them(days: list[str] = DAYS, datasets: tuple[str, ...] = DATASETS) -> None:
        for dataset in datasets:
            for day in days:
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))

    return publish_them


@pytest.fixture(scope="session")
def request_tables() -> Callable[[str], dict[str, pa.Table]]:
    """Return what is there when a day's requests come: no outcomes, a day more of the others, and the history."""

    def tables(day: str) -> dict[str, pa.Table]:
        known = {name: [_with_key(name, key) for key in keys_before(day, 2)] for name in DATASETS[1:]}
        requests = sample.requests_of(day)
        keyed = requests.append_column("partition_key", pa.repeat(day, requests.num_rows))
        history = known_history(load_use_case("flight_delays"), day, sample.table_of("flights", day).schema)
        others = {name: pa.concat_tables(parts) for name, parts in known.items()}
        return {"flights": keyed, "flights_history": history, **others}

    return tables


def _with_key(dataset: str, day: str) -> pa.Table:
    table = sample.table_of(dataset, day)
    return table.append_column("partition_key", pa.repeat(day, table.num_rows))


# Run in a process of its own that can be killed; the window is the one of the fixture `use_case`.
PREPARE = """
from driftgate.datasets import prepare
from driftgate.use_cases import load_use_case
whole = load_use_case("flight_delays")
train = whole.train.model_copy(update={"window_days": 12, "validation_days": 4})
prepare(whole.model_copy(update={"train": train}), "2013-03-31")
"""


@dataclass
class Story:
    """What happened to one state folder, step by step; each test reads its own part."""

    home: Path
    scratch: Path
    after_kill: list[DatasetVersion]
    refusal: str
    after_refusal: list[DatasetVersion]
    at_once: list[DatasetVersion]
    left_in_scratch: int

    @property
    def version(self) -> DatasetVersion:
        return self.at_once[0]


@pytest.fixture(scope="session")
def story(
    tmp_path_factory: pytest.TempPathFactory, shaped: Callable[..., UseCase], publish_days: Callable[..., None]
) -> Iterator[Story]:
    """One preparation is killed, the next is refused by the remote, then two run at the same time."""
    home, scratch = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        patch.setenv("TMPDIR", str(scratch))
        patch.setattr(tempfile, "tempdir", str(scratch))
        publish_days()
        kill_while_preparing(scratch)
        after_kill = list_versions("flight_delays")
        remote = Path(settings().dvc_remote)
        remote.write_text("a file where DVC needs a folder")
        with pytest.raises(ConfigError) as refused:
            prepare(shaped(), DAYS[-1])
        after_refusal = list_versions("flight_delays")
        remote.unlink()
        with ThreadPoolExecutor(2) as pool:
            at_once = list(pool.map(lambda _: prepare(shaped(), DAYS[-1]), range(2)))
        left = len(list(scratch.glob("driftgate-prepare-*")))
        yield Story(home, scratch, after_kill, str(refused.value), after_refusal, at_once, left)


def kill_while_preparing(scratch: Path) -> None:
    """Start a preparation and kill it with all its children as soon as its stage has written something."""
    process = subprocess.Popen([sys.executable, "-c", PREPARE], start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(scratch.glob("*/clone/data/version.json")):
        assert process.poll() is None, "the preparation ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
