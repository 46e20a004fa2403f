"""Many small objects become few, and no reader ever sees anything else."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from driftgate.captures import compact_captures, read_captures, write_captures
from driftgate.captures import compaction as room
from driftgate.lake import lake

NAME, DAY = "flight_delays", "2013-04-02"
NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.fixture
def day(capture):
    """Five objects, written yesterday."""
    for number in range(5):
        write_captures([capture(number), capture(10 + number)])
    age(NOW - timedelta(days=1))
    return read_captures(NAME, DAY)


def age(moment: datetime) -> None:
    for path in lake().list("captures"):
        os.utime(lake().uri(path).removeprefix("file://"), (moment.timestamp(),) * 2)


def objects() -> list[str]:
    return [path.rpartition("/")[2] for path in lake().list("captures")]


def test_a_day_that_is_over_becomes_one_object(day):
    assert compact_captures(NAME, NOW) == 5
    assert len(objects()) == 1
    assert objects()[0].startswith("compacted-")
    assert read_captures(NAME, DAY).equals(day)


def test_what_is_compacted_is_left_alone_and_so_is_what_comes_late(day, capture):
    compact_captures(NAME, NOW)
    write_captures([capture(99)])
    age(NOW - timedelta(days=1))

    assert compact_captures(NAME, NOW) == 0
    assert read_captures(NAME, DAY).num_rows == 11


@pytest.mark.parametrize("days", [0, 3])
def test_today_is_not_over_and_an_old_object_would_be_kept_longer(day, days):
    age(NOW - timedelta(days=days))
    assert compact_captures(NAME, NOW) == 0
    assert len(objects()) == 5


@pytest.mark.parametrize("steps", range(6))
def test_a_kill_at_any_step_changes_nothing_that_is_read(day, monkeypatch, steps):
    store, left = lake(), [steps]

    def dying(name):
        real = getattr(type(store), name)

        def act(self, *given):
            if not left[0]:
                raise OSError("the power is gone")
            left[0] -= 1
            return real(self, *given)

        return act

    with monkeypatch.context() as patch, pytest.raises(OSError, match="power"):
        for name in ("write", "delete"):
            patch.setattr(type(store), name, dying(name))
        compact_captures(NAME, NOW)
    assert read_captures(NAME, DAY).equals(day)

    compact_captures(NAME, NOW)
    assert read_captures(NAME, DAY).equals(day)
    assert len([name for name in objects() if not name.startswith("compacted-")]) in (0, 1)


def test_who_is_erased_meanwhile_does_not_come_back(day, monkeypatch):
    store = lake()
    real, first = type(store).write, lake().list("captures")[0]

    def write(self, path, data):
        real(self, path, data)
        if "compacted-" in path:
            store.delete(first)

    monkeypatch.setattr(type(store), "write", write)
    assert compact_captures(NAME, NOW) == 0
    assert read_captures(NAME, DAY).num_rows == 8


def test_no_object_becomes_larger_than_can_be_read_at_once(day, monkeypatch):
    monkeypatch.setattr(room, "MAX_BYTES", 2 * max(item.bytes for item in lake().objects("captures")))
    assert compact_captures(NAME, NOW) == 4
    assert len(objects()) == 3
    assert read_captures(NAME, DAY).equals(day)
