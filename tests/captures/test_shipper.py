"""The thread that moves segments into the lake."""

import shutil
import time

import pytest

from driftgate.captures import Journal, Shipper, read_captures
from driftgate.captures.segments import segment_lines
from driftgate.captures.shipper import ROUND_SECONDS
from driftgate.lake import lake


class AwayLake:
    """A lake that refuses every write until it is back."""

    def __init__(self) -> None:
        self.away = True
        self.tries = 0

    def write(self, path: str, data: bytes) -> None:
        self.tries += 1
        if self.away:
            raise ConnectionError("no route to the object store")
        lake().write(path, data)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def captured() -> int:
    return read_captures("flight_delays", "2013-04-02").num_rows


def wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.02)


def test_captures_reach_the_lake_by_themselves_within_a_second(journal, capture, monkeypatch):
    shipper, ship, in_vain = Shipper(journal, lake()), Shipper._round, []

    def counted(*arguments):
        pause = ship(*arguments)
        in_vain.extend([pause] if journal.waiting_bytes else [])
        return pause

    monkeypatch.setattr(Shipper, "_round", counted)
    journal.append(segment_lines([capture(1)]))
    shipper.start()

    wait_until(lambda: captured() == 1)
    wait_until(lambda: journal.waiting_bytes == 0)
    shipper.stop()
    assert ROUND_SECONDS + sum(in_vain) < 1


def test_stopping_ships_what_is_still_open(journal, capture):
    shipper = Shipper(journal, lake())
    shipper.start()
    journal.append(segment_lines([capture(1)]))
    shipper.stop()

    assert captured() == 1
    assert journal.segments() == []


def test_what_a_killed_process_left_open_and_what_it_closed_reach_the_same_day(journal, capture, tmp_path):
    for number in (1, 2):
        journal.append(segment_lines([capture(number)]), "flight_delays.2013-04-02")
        journal.close_segment(older_than_seconds=60 * (number - 1))
    (left,) = journal.folder.glob("*.open")
    left.rename(left.with_suffix(".segment"))
    Shipper(journal, lake()).ship()

    assert captured() == 2


def test_a_crash_between_shipping_and_removing_captures_nothing_twice(journal, capture, monkeypatch):
    journal.append(segment_lines([capture(1)]))
    journal.close_segment(older_than_seconds=0)
    with monkeypatch.context() as crash:
        crash.setattr(Journal, "remove", lambda *_: None)
        Shipper(journal, lake()).ship()
    assert captured() == 1
    Shipper(journal, lake()).ship()

    assert captured() == 1
    assert len(lake().list("captures")) == 1
    assert journal.segments() == []


def test_while_the_lake_is_away_captures_wait_and_then_arrive(journal, capture, caplog):
    away = AwayLake()
    shipper = Shipper(journal, away)
    shipper.start()
    journal.append(segment_lines([capture(1)]))
    wait_until(lambda: away.tries >= 2)
    assert journal.waiting_bytes > 0
    assert 0 < shipper.lag_seconds < 5
    assert "The lake does not take captures (no route to the object store); they wait in" in caplog.text
    away.away = False

    wait_until(lambda: captured() == 1)
    wait_until(lambda: shipper.lag_seconds == 0)
    shipper.stop()


def test_the_shipper_outlives_a_folder_that_vanishes_under_it(journal, capture, caplog):
    shipper = Shipper(journal, lake())
    journal.append(segment_lines([capture(1)]))
    shutil.rmtree(journal.folder)
    shipper.start()
    wait_until(lambda: "The lake does not take captures" in caplog.text)
    journal.folder.mkdir()
    journal.append(segment_lines([capture(2)]))

    wait_until(lambda: captured() == 1)
    shipper.stop()


def test_stopping_while_the_lake_is_away_keeps_the_captures(journal, capture, tmp_path):
    shipper = Shipper(journal, AwayLake())
    shipper.start()
    journal.append(segment_lines([capture(1)]))
    shipper.stop()
    journal.close()

    Shipper(Journal(tmp_path / "journal"), lake()).ship()
    assert captured() == 1


def test_a_broken_segment_is_set_aside_and_stops_no_other(journal, capture, caplog):
    (journal.folder / "1-broken.segment").write_bytes(b"\0\0\0\n")
    journal.append(segment_lines([capture(1)]))
    journal.close_segment(older_than_seconds=0)
    Shipper(journal, lake()).ship()

    assert captured() == 1
    assert journal.segments() == []
    assert (journal.folder / "1-broken.broken").exists()
    assert "has a line that no endpoint wrote" in caplog.text
