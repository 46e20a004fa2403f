"""Running a backtest: a process per core, nights kept in chunks, so that a run that was killed goes on where it was."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple

import driftgate
from driftgate import uris
from driftgate.backtest.models import Models
from driftgate.backtest.monitors import REPLAYED
from driftgate.backtest.policies import Policy
from driftgate.backtest.replay import PlayedNight, Replay
from driftgate.backtest.rows import Rows, published_rows
from driftgate.lake import lake
from driftgate.records import canonical_json, parse_record, sha256
from driftgate.use_cases import UseCase

POLL_SECONDS = 0.2
CHUNK = len("2013-03")  # a chunk is the nights of a month

Say = Callable[[str, int], None]  # the policy, and how many of its nights are played now


class Asked(NamedTuple):
    """What is to be replayed; it goes to other processes as it is."""

    use_case: UseCase
    first: str
    last: str
    policies: tuple[Policy, ...]


def replayed(
    asked: Asked, *, processes: int = 1, say: Say = lambda policy, nights: None
) -> dict[str, list[PlayedNight]]:
    """Return the nights of each policy; those that an earlier run has played are read.

    :raises ConfigError: the range reaches beyond the data, or no model can serve at its beginning
    """
    rows = published_rows(asked.use_case, asked.first, asked.last)
    if processes == 1 or len(asked.policies) == 1:
        models = Models(rows)
        return {policy.name: _played(rows, policy, models, say) for policy in asked.policies}
    Models(rows).of(rows.day_before)  # or every process would train the first champion, or fail to
    return _in_processes(asked, processes, say)


def run_digest(rows: Rows) -> str:
    """Return the hash of what all policies have in common: code, use case, features and the data of every day."""
    use_case = rows.use_case
    about = use_case.model_dump(mode="json", exclude={"monitor", "retrain"})
    days = {
        day: [rows.known.revisions(dataset, day)[-1].manifest for dataset in use_case.datasets] for day in rows.days
    }
    return sha256(canonical_json([_code(), about, sha256(use_case.features_sql.encode()), rows.first, days]))


def _played(rows: Rows, policy: Policy, models: Models, say: Say) -> list[PlayedNight]:
    """Return the nights of one policy, chunk by chunk; a chunk that is there ends what must be played before it."""
    folder, nights = _folder(rows, policy), list[PlayedNight]()
    replay = Replay(rows, policy, models, REPLAYED)
    for chunk in _chunks(rows.nights):
        path = f"{folder}/{chunk[0]}_{chunk[-1]}.json"
        found = _kept(path)
        if found is None:
            found = []
            for night in replay.play(chunk):
                found.append(night)
                say(policy.name, len(nights) + len(found))
            lake().write(path, canonical_json([night.model_dump(mode="json") for night in found]))
        else:
            replay.resume(found)
        nights += found
        say(policy.name, len(nights))
    return nights


def _chunks(nights: list[str]) -> Iterator[list[str]]:
    for _, chunk in groupby(nights, key=lambda night: night[:CHUNK]):
        yield list(chunk)


def _kept(path: str) -> list[PlayedNight] | None:
    if not lake().exists(path):
        return None
    return [parse_record(night, PlayedNight, where=path) for night in json.loads(lake().read(path))]


def _folder(rows: Rows, policy: Policy) -> str:
    """Return where the nights of a policy are; two that change the same thing share them, whatever they are called."""
    sections = [policy.changes, policy.monitor.model_dump(mode="json"), policy.retrain.model_dump(mode="json")]
    digest = sha256(canonical_json([run_digest(rows), sections]))
    return f"{uris.backtest_work(rows.use_case.name, 'nights')}/{digest}"


@cache
def _code() -> str:
    """Return the hash of this package's own code: nights that other code played are no answer."""
    folder = Path(driftgate.__file__).parent
    return sha256(canonical_json({str(file.relative_to(folder)): sha256(file.read_bytes())
                                  for file in sorted(folder.rglob("*.py"))}))  # fmt: skip


# What follows runs the policies in several processes.


@dataclass
class _Here:
    """What a process has: set when it begins."""

    asked: Asked
    rows: Rows
    models: Models
    told: Any
    parent: int


_here: list[_Here] = []


def _begin(asked: Asked, told: Any, parent: int) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # one core each
    rows = published_rows(asked.use_case, asked.first, asked.last)
    _here.append(_Here(asked, rows, Models(rows), told, parent))


def _play(place: int) -> list[PlayedNight]:
    here = _here[0]

    def say(policy: str, nights: int) -> None:
        if os.getppid() != here.parent:
            os._exit(1)  # whoever asked is gone; the chunks that are written stay
        here.told.put((policy, nights))

    return _played(here.rows, here.asked.policies[place], here.models, say)


def _in_processes(asked: Asked, processes: int, say: Say) -> dict[str, list[PlayedNight]]:
    context = get_context("spawn")  # a fork would inherit the threads of libraries
    told = context.Queue()
    with ProcessPoolExecutor(processes, context, _begin, (asked, told, os.getpid())) as pool:
        order = sorted(range(len(asked.policies)), key=lambda place: _expected(asked.policies[place]))
        futures = {asked.policies[place].name: pool.submit(_play, place) for place in order}
        try:
            _watch(list(futures.values()), told, say)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return {policy.name: futures[policy.name].result() for policy in asked.policies}


def _watch(futures: list["Future[list[PlayedNight]]"], told: Any, say: Say) -> None:
    """Pass on what the processes tell until all are done; the first error ends it."""
    while True:
        done = [future for future in futures if future.done()]
        for future in done:
            future.result()
        try:
            while True:
                say(*told.get(timeout=POLL_SECONDS))
        except Empty:
            if len(done) == len(futures):
                return


def _expected(policy: Policy) -> int:
    """Return how many nights a policy may take between trainings: those that train most begin first."""
    schedule = policy.retrain.schedule
    return schedule.every_days if schedule else 7 if policy.retrain.on else 10_000
