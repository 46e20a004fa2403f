"""What holds for a whole run of the tests: where temporary files are, and which worker runs what, in which order."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30
GARBAGE = 5_000  # new objects after which some of them are looked at; by Python's own 700, 6 % of the time goes there
# The longest first, so that no worker is left with one of them at the end, when the other has nothing more to do.
LONG = ("compute", "datasets", "training", "endpoint", "cli", "tuning", "monitoring", "backtest", "experiments", "dags")
LONG += ("evaluation", "contracts", "promotion", "sources", "use_cases", "plugins", "registry", "online", "recovery")


def pytest_configure() -> None:
    """Put temporary folders into memory where it has room: on a disk, SQLite waits for it at each record.

    Each run has a folder of its own, shared by its workers. A failed run's stays until the next run.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH:
        for left in MEMORY.glob("driftgate-tests-*"):
            if not psutil.pid_exists(int(left.name.rpartition("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
        _folder_in_memory().mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(_folder_in_memory())


def pytest_sessionfinish(exitstatus: int) -> None:
    """Give the memory back."""
    if exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(_folder_in_memory(), ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among thousands of tests again and again, which takes half of the time of collecting them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(GARBAGE)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the rooms that take longest first."""
    place = {f"tests/{room}": number for number, room in enumerate(LONG)}
    items.sort(key=lambda item: place.get(_room(item.nodeid), len(LONG)))


class ByRoom(LoadScopeScheduling):
    """Gives whole rooms to workers: what the tests of a room share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return _room(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRoom | None:
    """Let ``--dist loadscope`` go by rooms."""
    return ByRoom(config, log) if config.getoption("dist") == "loadscope" else None


def _room(nodeid: str) -> str:
    return "/".join(nodeid.partition("::")[0].split("/")[:2])


def _folder_in_memory() -> Path:
    return MEMORY / f"driftgate-tests-{os.getpid()}"
