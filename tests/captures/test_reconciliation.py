"""The nightly count: what is lost is found and named, what is not lost is no alarm."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driftgate.captures import (
    Journal,
    Recorder,
    Shipper,
    Tally,
    compact_captures,
    count_captures,
    read_captures,
    reconcile_captures,
)
from driftgate.captures.erased import record_erased
from driftgate.lake import lake
from driftgate.metadata import metadata

NAME, DAY = "flight_delays", "2013-04-02"
FOLDER = f"captures/{NAME}/{DAY}"


class Run:
    """One run of an endpoint that answers, and whose captures arrive in segments of two."""

    def __init__(self, folder: Path, capture) -> None:
        self.journal, self.capture = Journal(folder), capture
        self.recorder = Recorder(self.journal)
        self.shipper = Shipper(self.journal, lake(), lambda: [self.tally])
        self.answers = self.left_out = 0

    @property
    def tally(self) -> Tally:
        last = self.recorder.last_numbers()[NAME, DAY]
        return Tally(
            run=self.recorder.run,
            use_case=NAME,
            day=DAY,
            answers=self.answers,
            left_out=self.left_out,
            captures=last,
        )

    def answer(self, number: int, **changes) -> None:
        self.recorder.record([self.capture(self.answers + place, **changes) for place in range(number)])
        self.answers += number

    def arrive(self) -> list[str]:
        before = set(lake().list(FOLDER))
        self.shipper.write_tallies()
        self.journal.close_segment(older_than_seconds=0)
        self.shipper.ship()
        return [path for path in lake().list(FOLDER) if path.endswith(".jsonl") and path not in before]


@pytest.fixture
def endpoint(tmp_path, capture):
    return Run(tmp_path / "journal", capture)


def written(days_ago: float = 0, hours_ago: float = 0) -> datetime:
    """Make all objects so old, and return now."""
    now = datetime.now(UTC)
    for path in lake().list(FOLDER):
        seconds = (now - timedelta(days=days_ago, hours=hours_ago)).timestamp()
        os.utime(lake().uri(path).removeprefix("file://"), (seconds, seconds))
    return now


def test_what_arrived_is_whole(endpoint):
    for _ in range(3):
        endpoint.answer(2)
        endpoint.arrive()
    (count,) = reconcile_captures(NAME, written(hours_ago=2))

    assert (count.answers, count.captures, count.missing, count.uncaptured, count.sentence) == (6, 6, 0, 0, None)
    assert metadata().latest("alarm", f"captures_lost/{NAME}/{DAY}") is None
    assert metadata().latest("capture_count", f"{NAME}/{DAY}").body["captures"] == 6


def test_a_lost_segment_is_an_alarm_that_names_run_and_numbers(endpoint):
    endpoint.answer(2)
    endpoint.arrive()
    endpoint.answer(3)
    (gone,) = endpoint.arrive()
    lake().delete(gone)
    (count,) = reconcile_captures(NAME, written(hours_ago=2))
    run = endpoint.recorder.run

    assert (count.missing, count.uncaptured) == (3, 3)
    assert count.examples == (f"{run}/3", f"{run}/4", f"{run}/5")
    sentence = metadata().latest("alarm", f"captures_lost/{NAME}/{DAY}").body["sentence"]
    assert sentence.startswith(f"Captures of {NAME} on {DAY} got lost: 3 of 5 numbered ones are not in the lake (")


def test_the_newest_captures_are_missed_too_when_their_tally_arrived(endpoint):
    endpoint.answer(2)
    endpoint.shipper.write_tallies()
    for left in endpoint.journal.folder.glob("*.open"):
        left.unlink()

    assert count_captures(NAME, DAY).missing == 2


def test_an_answer_that_nothing_captured_is_found_by_the_other_count(endpoint):
    endpoint.answer(2)
    endpoint.answers += 1
    endpoint.arrive()
    count = count_captures(NAME, DAY)

    assert (count.missing, count.uncaptured) == (0, 1)
    assert "1 of 3 answers have none" in (count.sentence or "")


def test_what_the_share_leaves_out_is_not_lost(endpoint):
    endpoint.answer(2, share=0.4)
    endpoint.answers += 3
    endpoint.left_out += 3
    endpoint.arrive()

    assert count_captures(NAME, DAY).sentence is None


def test_failures_and_shadows_are_numbered_and_no_answers(endpoint):
    endpoint.answer(1)
    endpoint.recorder.record(
        [endpoint.capture(7, variant_role="shadow"), endpoint.capture(8, score=None, error="ValueError: no")]
    )
    endpoint.arrive()

    assert count_captures(NAME, DAY).sentence is None


def test_the_controls_answers_are_answers(endpoint):
    endpoint.answer(2, variant_role="control")
    endpoint.arrive()

    assert count_captures(NAME, DAY).sentence is None


def test_a_kill_that_loses_the_newest_tally_is_no_alarm(endpoint, tmp_path, capture):
    endpoint.answer(2)
    endpoint.arrive()
    endpoint.answer(2)  # numbered and shipped by the next run; counted by nobody
    endpoint.journal.close()
    after = Run(tmp_path / "journal", capture)
    after.answers = 10
    after.recorder.record([capture(20)])
    after.shipper.ship()

    assert count_captures(NAME, DAY).sentence is None


def test_a_kill_does_not_hide_a_loss_of_another_run(endpoint, tmp_path, capture):
    endpoint.answer(4)
    endpoint.arrive()
    other = Run(tmp_path / "other", capture)
    other.answer(2)
    (gone,) = other.arrive()
    lake().delete(gone)
    lake().write(endpoint.tally.path, endpoint.tally.model_copy(update={"answers": 2}).canonical())

    assert count_captures(NAME, DAY).uncaptured == 2


def test_what_was_erased_is_not_lost(endpoint):
    endpoint.answer(3)
    (path,) = endpoint.arrive()
    erased = [row for row in read_captures(NAME, DAY).to_pylist() if row["sequence"] == 2]
    record_erased(FOLDER, erased)
    lines = lake().read(path).splitlines(keepends=True)
    lake().write(path, lines[0] + lines[2])
    count = count_captures(NAME, DAY)

    assert (read_captures(NAME, DAY).num_rows, count.missing, count.uncaptured) == (2, 0, 0)


def test_a_day_is_counted_when_it_is_quiet_once(endpoint):
    endpoint.answer(2)
    endpoint.arrive()
    assert reconcile_captures(NAME, written()) == []
    assert reconcile_captures(NAME, written(days_ago=3)) == []
    assert len(reconcile_captures(NAME, written(hours_ago=2))) == 1
    assert reconcile_captures(NAME, written(hours_ago=3)) == []
    endpoint.answer(1)
    endpoint.arrive()
    assert [one.answers for one in reconcile_captures(NAME, written(hours_ago=2))] == [3]


def test_a_day_that_was_captured_without_an_endpoint_is_not_counted(capture):
    from driftgate.captures import write_captures

    write_captures([capture(1)])
    assert reconcile_captures(NAME, written(hours_ago=2)) == []
    assert count_captures(NAME, DAY).sentence is None


def test_a_compacted_day_counts_the_same(endpoint):
    for _ in range(3):
        endpoint.answer(2)
        endpoint.arrive()
    before = count_captures(NAME, DAY)
    assert compact_captures(NAME, written(days_ago=1)) == 3
    assert count_captures(NAME, DAY) == before
