"""The journal on the local disk."""

import os
import shutil
import threading

import pytest

from driftgate.captures import Journal, JournalFull
from driftgate.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


def contents(journal: Journal) -> list[bytes]:
    return [segment.read_bytes() for segment in journal.segments()]


def test_what_was_appended_is_on_disk_before_append_returns(folder):
    Journal(folder).append(b"one\n")

    assert [path.read_bytes() for path in folder.glob("*.open")] == [b"one\n"]


def test_a_segment_is_closed_when_it_is_old_enough_and_never_while_empty(folder):
    journal = Journal(folder)
    journal.close_segment(older_than_seconds=0)
    assert journal.segments() == []
    journal.append(b"one\n")
    journal.close_segment(older_than_seconds=60)
    assert journal.segments() == []
    journal.close_segment(older_than_seconds=0)
    assert contents(journal) == [b"one\n"]


def test_a_segment_of_one_place_is_named_after_it(folder):
    journal = Journal(folder)
    for places in (
        ["shop.2013-04-01", "shop.2013-04-01"],
        ["shop.2013-04-01", "shop.2013-04-02"],
        ["shop.2013-04-01", ""],
    ):
        for place in places:
            journal.append(b"line\n", place)
        journal.close_segment(older_than_seconds=0)

    assert [segment.stem.split(".")[1:] for segment in journal.segments()] == [["shop", "2013-04-01"], [], []]


def test_a_large_segment_is_closed_at_once(folder):
    journal = Journal(folder)
    journal.append(b"x" * 16_000_001)
    journal.append(b"next\n")

    assert len(journal.segments()) == 1


def test_what_a_killed_process_left_is_closed_by_the_next(folder):
    folder.mkdir()
    (folder / "1-dead.open").write_bytes(b"one\ntorn")
    journal = Journal(folder)

    assert contents(journal) == [b"one\ntorn"]
    assert journal.waiting_bytes == 8


def test_two_processes_cannot_write_one_journal(folder):
    first = Journal(folder)
    with pytest.raises(ConfigError, match=f"Another endpoint writes the journal {folder}; stop it, or give this one"):
        Journal(folder)
    first.close()
    Journal(folder)


def test_the_bound_refuses_before_anything_is_written_and_shipping_lifts_it(folder):
    journal = Journal(folder, max_waiting_bytes=10)
    journal.append(b"12345\n")
    with pytest.raises(JournalFull, match="is full: 10 bytes wait for the lake; make it reachable"):
        journal.append(b"67890\n")
    journal.close_segment(older_than_seconds=0)
    assert contents(journal) == [b"12345\n"]
    journal.remove(journal.segments()[0])
    journal.append(b"67890\n")
    assert journal.waiting_bytes == 6


def test_a_full_disk_leaves_no_half_line(folder, monkeypatch):
    journal = Journal(folder)
    journal.append(b"whole\n")
    real = os.write
    with (
        monkeypatch.context() as full,
        pytest.raises(JournalFull, match=r"The disk of the journal .* is full; make room"),
    ):
        full.setattr(os, "write", lambda file, data: real(file, data[:3]))
        journal.append(b"half a line\n")
    journal.append(b"next\n")
    journal.close_segment(older_than_seconds=0)

    assert contents(journal) == [b"whole\nnext\n"]


def test_a_disk_that_refuses_is_a_sentence(folder, monkeypatch):
    journal = Journal(folder)
    journal.append(b"whole\n")

    def refuse(file, data):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(JournalFull, match=r"cannot be written .*Input/output error.*mend its disk"):
        journal.append(b"more\n")


def test_a_folder_that_is_gone_is_a_sentence(folder):
    journal = Journal(folder)
    shutil.rmtree(folder)
    with pytest.raises(JournalFull, match=r"cannot be written .*No such file"):
        journal.append(b"one\n")


def test_a_closed_journal_takes_nothing(folder):
    journal = Journal(folder)
    journal.append(b"one\n")
    journal.close()

    assert contents(journal) == [b"one\n"]
    with pytest.raises(JournalFull, match="is closed: the endpoint is stopping"):
        journal.append(b"two\n")


def test_threads_never_tear_each_others_lines(folder):
    journal = Journal(folder)

    def write(letter: str) -> None:
        for _ in range(300):
            journal.append(f"{letter * 200}\n".encode())
            journal.close_segment(older_than_seconds=0.001)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    lines = b"".join(contents(journal)).decode().splitlines()

    assert len(lines) == 1200
    assert {line for line in lines} == {letter * 200 for letter in "abcd"}
