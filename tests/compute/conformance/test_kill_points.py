"""Whoever submits, tends or cancels is killed at every instant that matters; then all is asked again.

Each time there is one job that ran to its end, and after two sweeps nothing is left that runs.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.compute import JobSpec, backends, cancel, job_records, status, steps, submit, tend
from driftgate.compute.job_records import Noted
from driftgate.compute.services import backend_of

KILLED = 99
Make = Callable[..., JobSpec]
Wait = Callable[..., Any]

# (who is replaced, which of its calls, whether the process dies before or after it)
SUBMITS = {
    "before the look-up": ("find_record", 1, "before"),
    "before the record": ("note", 1, "before"),
    "after the record": ("note", 1, "after"),
    "after the lease": ("swap", 1, "after"),
    "before the service is asked": ("found", 1, "before"),
    "after the service was asked": ("found", 1, "after"),
    "after the spec was written": ("write_spec", 1, "after"),
    "after the service's answer": ("start", 1, "after"),
    "after the id was noted": ("swap", 2, "after"),
}
RESTARTS = {
    "after the loss was noted": ("swap", 1, "after"),
    "after the service's answer": ("start", 1, "after"),
}
MOVES = {
    "after the move was noted": ("swap", 1, "after"),
    "after the stop": ("stop", 1, "after"),
    "between stop and next start": ("swap", 2, "after"),
    "after the answer of the next service": ("start", 1, "after"),
}
CANCELS = {
    "before it was noted": ("swap", 1, "before"),
    "after it was noted": ("swap", 1, "after"),
    "after the stop": ("stop", 1, "after"),
}


def dying(point: tuple[str, int, str], targets: list[str], action: Callable[[], Any]) -> Callable[[], None]:
    """Return the action of a process that dies at that point."""
    name, number, side = point
    calls = 0

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number and side == "before":
                os._exit(KILLED)
            answer = real(*arguments, **keywords)
            if calls == number:
                os._exit(KILLED)
            return answer

        return call

    def run() -> None:
        job_records.LEASE_SECONDS = 0.3
        places: list[Any] = {
            "find_record": [backends],
            "note": [backends],
            "swap": [Noted],
            "write_spec": [steps],
        }.get(name) or list({type(backend_of(target)) for target in targets})
        for place in places:
            setattr(place, name, deadly(getattr(place, name)))
        action()

    return run


@pytest.mark.parametrize("point", SUBMITS.values(), ids=SUBMITS)
def test_a_submitter_is_killed(
    place: Any, make: Make, told: Any, wait: Wait, forked: Any, nothing_runs: Any, point: tuple[str, int, str]
) -> None:
    spec = make("succeed", place.target())
    assert forked(dying(point, ["main"], lambda: submit(spec)))() == KILLED
    submit(spec)
    wait(spec, "succeeded")
    nothing_runs()
    assert (told("started"), told("done")) == (1, 1)


@pytest.mark.parametrize("point", RESTARTS.values(), ids=RESTARTS)
def test_who_starts_a_job_again_is_killed(
    place: Any,
    make: Make,
    told: Any,
    wait: Wait,
    forked: Any,
    nothing_runs: Any,
    until: Any,
    go: Any,
    point: tuple[str, int, str],
) -> None:
    if place.name == "batch":
        pytest.skip("Batch starts a job again by itself")
    spec = make("wait", place.target())
    submit(spec)
    wait(spec, "running")
    until(lambda: told("started"))
    place.reclaim(status(spec.job_id, "main"))
    until(lambda: status(spec.job_id, "main").state == "lost")
    assert forked(dying(point, ["main"], lambda: tend(spec.job_id, "main")))() == KILLED
    go()
    wait(spec, "succeeded")
    nothing_runs()
    assert (told("started"), told("done")) == (2, 1)


@pytest.mark.parametrize("point", MOVES.values(), ids=MOVES)
def test_who_moves_a_job_to_its_next_target_is_killed(
    place: Any, make: Make, told: Any, wait: Wait, forked: Any, nothing_runs: Any, point: tuple[str, int, str]
) -> None:
    if not place.queues:
        pytest.skip("a process of this machine never waits")
    spec = make("succeed", {**place.held(), "max_queue_minutes": 0.005, "then": ["other"]}, other=place.fallback())

    def tend_for_ever() -> None:
        while True:
            tend(spec.job_id, "main")

    submit(spec)
    assert forked(dying(point, ["main", "other"], tend_for_ever))() == KILLED
    assert wait(spec).target == "other"
    assert status(spec.job_id, "main").state == "succeeded"
    nothing_runs()
    assert (told("started"), told("done")) == (1, 1)


@pytest.mark.parametrize("point", CANCELS.values(), ids=CANCELS)
def test_who_cancels_a_job_is_killed(
    place: Any, make: Make, told: Any, wait: Wait, forked: Any, nothing_runs: Any, point: tuple[str, int, str]
) -> None:
    spec = make("wait", place.target())
    submit(spec)
    wait(spec, "running")
    assert forked(dying(point, ["main"], lambda: cancel(spec.job_id, "main")))() == KILLED
    nothing_runs()
    assert status(spec.job_id, "main").state == "cancelled"
    assert told("done") == 0
