"""Reading for requests: what is cached, what is asked again, and what happens when the store is away."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from driftgate.online import Lookups, Snapshot
from driftgate.online.lookups import EXACT_SECONDS, MAX_PAUSE_SECONDS, OLDER_SECONDS
from driftgate.online.sqlite import SqliteStore
from driftgate.online.store import Key, Values

VIEW, DAY, NEXT = "flight_delays/carrier_recent/0123456789abcdef", "2013-04-01", "2013-04-02"
UA, B6 = ("UA",), ("B6",)


class Watched(SqliteStore):
    """A real store that counts its reads and can be away."""

    reads = 0
    away = False

    def newest(self, view: str, day: str) -> Snapshot | None:
        self._count()
        return super().newest(view, day)

    def get_many(self, snapshot: Snapshot, keys: Sequence[Key]) -> dict[Key, Values]:
        self._count()
        return super().get_many(snapshot, keys)

    def _count(self) -> None:
        self.reads += 1
        if self.away:
            raise sqlite3.OperationalError("unable to open database file")


class World:
    """A store, a clock that stands still, and lookups on both."""

    def __init__(self, path: Path) -> None:
        self.store, self.now = Watched(path), 1000.0
        self.seconds: list[float] = []
        self.lookups = Lookups(self.store, observe=self.seconds.append, clock=lambda: self.now)

    def put(self, day: str, as_of: str = "", **rows: Any) -> None:
        values = (((key,), {"n": value}) for key, value in rows.items())
        self.store.put_many(VIEW, day, values, key=["carrier"], as_of=as_of)

    def find(self, day: str, *keys: Key, max_age_days: int = 2) -> tuple[str, dict[Key, Values]]:
        found = self.lookups.find(VIEW, day, keys, max_age_days=max_age_days)
        return found.result, found.values


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "online.db")


def test_the_days_own_values_are_exact_and_read_once(world: World) -> None:
    world.put(DAY, UA=1)
    for _ in range(3):
        assert world.find(DAY, UA, B6) == ("exact", {UA: {"n": 1}})
    assert world.store.reads == 2
    assert len(world.seconds) == 2


def test_a_key_that_the_days_snapshot_lacks_is_remembered_too(world: World) -> None:
    world.put(DAY, UA=1)
    for _ in range(3):
        assert world.find(DAY, B6) == ("exact", {})
    assert world.store.reads == 2


def test_only_unknown_keys_are_read(world: World) -> None:
    world.put(DAY, UA=1, B6=2)
    world.find(DAY, UA)
    assert world.find(DAY, UA, B6) == ("exact", {UA: {"n": 1}, B6: {"n": 2}})
    assert world.store.reads == 3


def test_an_older_day_stands_in_until_the_days_own_comes(world: World) -> None:
    world.put(DAY, UA=1)
    assert world.find(NEXT, UA) == ("older", {UA: {"n": 1}})
    world.put(NEXT, UA=2)
    assert world.find(NEXT, UA) == ("older", {UA: {"n": 1}}), "for a moment"
    world.now += OLDER_SECONDS
    assert world.find(NEXT, UA) == ("exact", {UA: {"n": 2}})


@pytest.mark.parametrize(("age_days", "result"), [(0, "missing"), (1, "older"), (2, "older")])
def test_a_value_that_is_too_old_is_missing(world: World, age_days: int, result: str) -> None:
    world.put(DAY, UA=1)
    assert world.find(NEXT, UA, max_age_days=age_days)[0] == result


@pytest.mark.parametrize(("as_of", "result"), [(NEXT, "exact"), (DAY, "older"), ("2013-03-30", "missing")])
def test_how_old_it_is_counts_from_what_was_known(world: World, as_of: str, result: str) -> None:
    """The next day's own values may have been made ahead, and nothing has come in since."""
    world.put(NEXT, as_of, UA=1)
    assert world.find(NEXT, UA)[0] == result
    world.now += OLDER_SECONDS
    world.put(NEXT, NEXT, UA=1)
    world.find(NEXT, UA)
    world.now += EXACT_SECONDS
    assert world.find(NEXT, UA) == ("exact", {UA: {"n": 1}})


def test_without_any_snapshot_everything_is_missing(world: World) -> None:
    world.put(NEXT, UA=1)
    assert world.find(DAY, UA) == ("missing", {})


def test_an_erasure_is_seen_when_the_snapshot_is_looked_at_again(world: World) -> None:
    world.put(DAY, UA=1, B6=2)
    world.find(DAY, UA, B6)
    world.store.forget({"carrier": "UA"})
    world.now += EXACT_SECONDS
    assert world.find(DAY, UA, B6) == ("exact", {B6: {"n": 2}})


def test_a_store_that_is_away_is_said_and_left_alone_for_a_while(world: World) -> None:
    world.put(DAY, UA=1)
    world.store.away = True
    for _ in range(5):
        found = world.lookups.find(VIEW, DAY, [UA], max_age_days=2)
        assert (found.result, found.values, found.away) == ("missing", {}, True)
    assert world.store.reads == 1
    for _ in range(10):  # each pause is longer than the one before, up to a limit
        world.now += MAX_PAUSE_SECONDS
        world.find(DAY, UA)
    assert world.store.reads == 11
    world.store.away = False
    world.now += MAX_PAUSE_SECONDS
    assert world.find(DAY, UA) == ("exact", {UA: {"n": 1}})


def test_what_is_known_outlives_the_store(world: World) -> None:
    world.put(DAY, UA=1, B6=2)
    world.find(DAY, UA)
    world.store.away = True
    world.now += EXACT_SECONDS
    assert world.find(DAY, UA) == ("exact", {UA: {"n": 1}})
    assert world.lookups.find(VIEW, DAY, [B6], max_age_days=2).away


def test_the_caches_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftgate.online.lookups.MAX_VALUES", 10)
    monkeypatch.setattr("driftgate.online.lookups.MAX_SNAPSHOTS", 3)
    world.put(DAY, **{f"C{n}": n for n in range(100)})
    for n in range(100):
        assert world.find(DAY, (f"C{n}",)) == ("exact", {(f"C{n}",): {"n": n}})
    for n in range(1, 29):
        world.find(f"2013-03-{n:02}", UA)
    assert len(world.lookups._values) == 10
    assert len(world.lookups._snapshots) == 3
    assert world.find(DAY, ("C0",)) == ("exact", {("C0",): {"n": 0}})
