"""Processes of their own that begin together, for what must hold between processes.

They are not forked: this process has threads of libraries by then, and what they hold would stay held in a fork.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import psutil
import pytest

from driftgate.errors import Conflict

MOST = 4
SECONDS = 120

_starts: dict[int, Any] = {}  # in such a process: for so many calls, where they wait for each other


@pytest.fixture(scope="module")
def _processes() -> Iterator[ProcessPoolExecutor]:
    context = get_context("spawn")
    starts = {count: context.Barrier(count) for count in range(2, MOST + 1)}
    with ProcessPoolExecutor(MOST, context, _begin, (starts,)) as pool:
        yield pool


@pytest.fixture
def at_once(_processes: ProcessPoolExecutor) -> Callable[..., list[Any]]:
    """Make calls, each in a process of its own, at the same moment; return their answers, or the Conflict."""

    def make(*calls: Callable[[], Any]) -> list[Any]:
        started = [_processes.submit(_together, dict(os.environ), len(calls), call) for call in calls]
        return [_outcome(future) for future in started]

    return make


def gone(pid: int) -> bool:
    """Return whether a process has ended, be it that nobody has asked yet how."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _begin(starts: dict[int, Any]) -> None:
    _starts.update(starts)


def _together(environment: dict[str, str], count: int, call: Callable[[], Any]) -> Any:
    os.environ.clear()
    os.environ.update(environment)
    _starts[count].wait(SECONDS)
    return call()


def _outcome(future: Future[Any]) -> Any:
    try:
        return future.result(SECONDS)
    except Conflict as conflict:
        return conflict
