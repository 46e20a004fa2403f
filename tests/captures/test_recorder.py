"""Numbers of captures: without a gap, whatever happens."""

import json
import threading

import pytest

from driftgate.captures import Journal, JournalFull, Recorder, Shipper, read_captures
from driftgate.lake import lake

NAME, DAY, NEXT = "flight_delays", "2013-04-02", "2013-04-03"


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def numbers(journal: Journal, day: str = DAY) -> list[int]:
    journal.close_segment(older_than_seconds=0)
    Shipper(journal, lake()).ship()
    return sorted(read_captures(NAME, day).column("sequence").to_pylist())


def test_each_use_case_and_day_is_numbered_from_one(journal, capture):
    recorder = Recorder(journal)
    recorder.record([capture(1), capture(2, event_time=f"{NEXT}T01:00:00"), capture(3)])
    recorder.record([capture(4), capture(5, use_case="other")])

    assert recorder.last_numbers() == {(NAME, DAY): 3, (NAME, NEXT): 1, ("other", DAY): 1}
    assert (numbers(journal), numbers(journal, NEXT)) == ([1, 2, 3], [1])


def test_a_capture_says_run_and_number_before_what_it_always_said(journal, capture):
    recorder = Recorder(journal)
    recorder.record([capture(1)])
    (line,) = next(journal.folder.glob("*.open")).read_bytes().splitlines()

    assert line == f'{{"run":"{recorder.run}","sequence":1,'.encode() + capture(1).line()[1:]
    assert len(recorder.run) == 12
    assert Recorder(journal).run != recorder.run


def test_what_the_journal_refuses_uses_up_no_number(journal, capture):
    recorder = Recorder(journal)
    recorder.record([capture(1)])
    room, journal.max_waiting_bytes = journal.max_waiting_bytes, 0
    with pytest.raises(JournalFull):
        recorder.record([capture(2), capture(3)])
    journal.max_waiting_bytes = room
    recorder.record([capture(4)])

    assert numbers(journal) == [1, 2]


def test_nothing_to_record_writes_nothing(journal):
    Recorder(journal).record([])
    assert not list(journal.folder.glob("*.open"))


def test_threads_number_without_gaps_in_the_order_of_the_journal(journal, capture):
    recorder = Recorder(journal)

    def write(thread: int) -> None:
        for place in range(100):
            recorder.record([capture(1000 * thread + place), capture(1000 * thread + 500 + place)])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = next(journal.folder.glob("*.open")).read_bytes().splitlines()

    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, 801))
