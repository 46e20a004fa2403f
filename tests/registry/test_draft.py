"""Whoever writes a package, however often and beside whom, its files are of one package."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from driftgate.errors import Conflict, Tampered
from driftgate.lake import Store, lake
from driftgate.registry import draft as draft_module
from driftgate.registry import find_model, verified_files
from driftgate.registry import writing as writing_module
from driftgate.registry.draft import drafted
from driftgate.registry.versions import ModelVersion
from driftgate.registry.writing import package_files, write_package

STEPS = 9  # two looks, the draft, four files, the registration, the draft's removal


class Stopped(Exception):
    """The process of a writer is killed."""


class Writers:
    """Writers of the same version that take their next step only when it is their turn."""

    def __init__(self, work: Callable[[str], Any]) -> None:
        self.work, self.killed, self.ended = work, "", {}
        self.turn = {name: threading.Semaphore(0) for name in "ab"}
        self.back = {name: threading.Semaphore(0) for name in "ab"}
        self.threads = [threading.Thread(target=self._run, args=(name,), name=name) for name in "ab"]

    def run(self, turns: str, *, killed: str = "") -> dict[str, Any]:
        """Let the writers take steps in this order, kill one of them, and return what became of each."""
        for thread in self.threads:
            thread.start()
        self._give(turns)
        self.killed = killed
        self._give("a" * 2 * STEPS + "b" * 2 * STEPS)
        for thread in self.threads:
            thread.join()
        return self.ended

    def step(self) -> None:
        """Wait for the next turn."""
        name = threading.current_thread().name
        if name not in self.turn:
            return
        self.back[name].release()
        self.turn[name].acquire()
        if name == self.killed:
            raise Stopped

    def _give(self, turns: str) -> None:
        for name in turns:
            if name not in self.ended:
                self.turn[name].release()
                self.back[name].acquire()

    def _run(self, name: str) -> None:
        self.turn[name].acquire()
        try:
            self.ended[name] = self.work(name)
        except (Conflict, Stopped) as problem:
            self.ended[name] = problem
        self.back[name].release()


class SteppedStore:
    """A lake in which each change is a step."""

    def __init__(self, store: Store, step: Callable[[], None]) -> None:
        self.store, self.step = store, step

    def __getattr__(self, name: str) -> Any:
        if name in ("write", "create", "delete"):
            self.step()
        return getattr(self.store, name)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, Any]]]:
    """Write one version twice at the same time, with contents that differ."""

    def race(version: str, turns: str, *, killed: str = "") -> dict[str, Any]:
        writers = Writers(lambda name: write_package(*contents(version, name)))
        with monkeypatch.context() as patch:
            for module in (writing_module, draft_module):
                patch.setattr(module, "lake", lambda: SteppedStore(lake(), writers.step))
            for name in ("registration_of", "record_registration"):
                patch.setattr(writing_module, name, stepped(getattr(writing_module, name), writers.step))
            return writers.run(turns, killed=killed)

    return race


def stepped(work: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def stepping(*args: Any, **options: Any) -> Any:
        step()
        return work(*args, **options)

    return stepping


def contents(version: str, writer: str) -> tuple[ModelVersion, dict[str, bytes]]:
    files = {"model.txt": b"trees", "feature_baseline.json": f'"measured by {writer}"'.encode()}
    model = ModelVersion(
        use_case="flight_delays",
        version=version,
        job_id="job-1",
        job_spec_sha256="5" * 64,
        dataset_version="flight_delays/2013-03-31-3f9c2a1",
        trainer="lightgbm",
        seed=7,
        parameters={},
        metrics={"auc": 0.7},
        files=package_files(files),
    )
    return model, files


def whole(version: str) -> ModelVersion:
    """Return a version whose files and signature are all of one package."""
    model = find_model("flight_delays", version)
    verified_files(model)
    return model


def test_two_writers_leave_one_package_wherever_they_overtake_each_other(at_once) -> None:
    for first in range(STEPS + 1):
        for second in range(STEPS + 1):
            version = str(100 + first * 10 + second)
            ended = at_once(version, "a" * first + "b" * second)
            model = whole(version)
            assert [made for made in ended.values() if not isinstance(made, Conflict)] == [model]
            assert lake().list("drafts") == []


def test_a_writer_that_dies_anywhere_is_finished_by_the_other(at_once) -> None:
    for step in range(STEPS + 1):
        version = str(100 + step)
        at_once(version, "a" * step, killed="a")
        assert whole(version).job_id == "job-1"


def test_the_first_draft_counts(at_once) -> None:
    first, files = contents("1", "a")
    drafted(first, files)
    assert write_package(*contents("1", "b")) == first
    assert verified_files(first)["feature_baseline.json"] == b'"measured by a"'


@pytest.mark.parametrize("changed", ["another job", "another file", "no archive"])
def test_a_draft_that_somebody_else_put_there_is_not_published(changed: str) -> None:
    model, files = contents("1", "a")
    path = "drafts/flight_delays/1/job-1.zip"
    if changed == "another job":
        drafted(model.model_copy(update={"job_id": "job-2"}), files)
        lake().write(path, lake().read("drafts/flight_delays/1/job-2.zip"))
    else:
        drafted(model, files)
        lake().write(path, lake().read(path).replace(b"trees", b"bombs") if changed == "another file" else b"PK")
    with pytest.raises(Tampered, match="remove it, and register the job again"):
        write_package(model, files)
    assert not lake().exists(f"{model.folder}/package.json")
