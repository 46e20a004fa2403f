"""Append-only records: revisions 1, 2, 3 …, and of several writers exactly one takes each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from driftgate.errors import Conflict
from driftgate.metadata import Entry, RecordStore, metadata
from driftgate.metadata.records import _engine


def test_revisions_count_up_and_nothing_is_overwritten() -> None:
    first = metadata().append("verdict", "a/2013-04-01", {"decision": "watch"})
    second = metadata().append("verdict", "a/2013-04-01", {"decision": "retrain"})
    assert (first.revision, second.revision) == (1, 2)
    assert [entry.body["decision"] for entry in metadata().history("verdict", "a/2013-04-01")] == ["watch", "retrain"]
    assert metadata().latest("verdict", "a/2013-04-01") == second


def test_what_was_never_written_is_none() -> None:
    assert metadata().latest("verdict", "a") is None
    assert metadata().history("verdict", "a") == []
    assert metadata().all_latest("verdict") == []


def test_a_record_comes_back_as_it_was_written() -> None:
    body = {"sentence": "Ü „quoted“", "value": 0.1, "none": None, "nested": {"list": [1, {"a": True}]}}
    written = metadata().append("verdict", "a", body)
    assert metadata().latest("verdict", "a") == written
    assert written.body == body


def test_the_time_of_writing_has_its_zone() -> None:
    metadata().append("verdict", "a", {})
    found = metadata().latest("verdict", "a")
    assert found and abs(datetime.now(UTC) - found.written_at) < timedelta(seconds=10)


def test_a_swap_succeeds_on_the_revision_that_was_read() -> None:
    first = metadata().append("deployment", "a", {}, expected=0)
    assert metadata().append("deployment", "a", {}, expected=first.revision).revision == 2


@pytest.mark.parametrize("expected", [0, 2])
def test_a_swap_on_another_revision_is_refused_and_writes_nothing(expected: int) -> None:
    metadata().append("deployment", "a", {})
    with pytest.raises(Conflict, match=rf"deployment of a is at revision 1, not {expected}: someone was first"):
        metadata().append("deployment", "a", {}, expected=expected)
    assert len(metadata().history("deployment", "a")) == 1


def test_all_latest_is_the_newest_of_each_subject_with_the_prefix() -> None:
    for subject in ("b/2", "a/1", "a/2", "a_/9", "ab/3"):
        metadata().append("verdict", subject, {"n": 1})
        metadata().append("verdict", subject, {"n": 2})
    metadata().append("alarm", "a/3", {"n": 1})
    found = metadata().all_latest("verdict", "a/")
    assert [(entry.subject, entry.revision, entry.body["n"]) for entry in found] == [("a/1", 2, 2), ("a/2", 2, 2)]
    assert [entry.subject for entry in metadata().all_latest("verdict", "a_")] == ["a_/9"]
    assert len(metadata().all_latest("verdict")) == 5


def test_only_the_last_subjects_or_those_up_to_one() -> None:
    for night in ("a/2013-04-01", "a/2013-04-02", "a/2013-04-03", "b/2013-04-04"):
        metadata().append("verdict", night, {"n": 1})
        metadata().append("verdict", night, {"n": 2})
    assert [entry.subject for entry in metadata().all_latest("verdict", "a/", last=2)] == [
        "a/2013-04-02",
        "a/2013-04-03",
    ]
    found = metadata().all_latest("verdict", "a/", last=1, until="a/2013-04-02")
    assert [(entry.subject, entry.body["n"]) for entry in found] == [("a/2013-04-02", 2)]
    found = metadata().all_latest("verdict", "a/", since="a/2013-04-02")
    assert [(entry.subject, entry.body["n"]) for entry in found] == [("a/2013-04-02", 2), ("a/2013-04-03", 2)]


def test_when_something_was_last_written_whatever_it_is_about() -> None:
    assert metadata().newest_at("verdict", "a/") is None
    metadata().append("verdict", "a/2013-04-02", {})
    last = metadata().append("verdict", "a/2013-04-01", {})
    metadata().append("verdict", "b/2013-04-03", {})
    assert metadata().newest_at("verdict", "a/") == last.written_at


def test_kinds_do_not_mix() -> None:
    metadata().append("verdict", "a", {})
    assert metadata().latest("alarm", "a") is None
    assert metadata().append("alarm", "a", {}, expected=0).revision == 1


def test_of_many_swapping_at_once_exactly_one_wins_each_revision() -> None:
    def swap(_: int) -> bool:
        try:
            metadata().append("deployment", "a", {}, expected=0)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(swap, range(12))).count(True) == 1
    assert len(metadata().history("deployment", "a")) == 1


def test_of_many_appending_at_once_every_one_is_kept() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: metadata().append("alarm", "a", {"n": n}), range(40)))
    entries = metadata().history("alarm", "a")
    assert [entry.revision for entry in entries] == list(range(1, 41))
    assert sorted(entry.body["n"] for entry in entries) == list(range(40))


@pytest.mark.parametrize("attempt", range(20))
def test_processes_that_create_the_table_at_the_same_moment_all_write(
    project_home: Path, attempt: int, at_once: Callable[..., list[Any]]
) -> None:
    """``make up`` starts five processes on an empty folder."""
    url = f"sqlite:///{project_home}/deep/{attempt}.db"
    entries = at_once(*(partial(_append, url, number) for number in range(4)))
    assert sorted(entry.revision for entry in entries) == [1, 2, 3, 4]
    assert len(RecordStore(_engine(url)).history("alarm", "a")) == 4


def _append(url: str, number: int) -> Entry:
    return RecordStore(_engine(url)).append("alarm", "a", {"n": number})
