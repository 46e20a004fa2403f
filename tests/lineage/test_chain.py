"""Parallel writers must never lose a record or fork a chain."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.lineage import DatasetRef, emit, read_stream, streams, verify

WRITERS, RECORDS = 8, 25


def write_many(writer: int) -> None:
    for number in range(RECORDS):
        emit(
            "nycflights",
            job="nycflights.ingest.publish",
            run_id=f"{writer}/{number}",
            inputs=[],
            outputs=[DatasetRef(f"validated/flights/{writer}-{number}", "v")],
        )


def written() -> set[str]:
    return {output.name for record in read_stream("nycflights") for output in record.outputs}


def expected() -> set[str]:
    return {f"validated/flights/{writer}-{number}" for writer in range(WRITERS) for number in range(RECORDS)}


def test_eight_threads_keep_one_whole_chain() -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write_many, range(WRITERS)))

    assert written() == expected()
    assert [record.sequence for record in read_stream("nycflights")] == list(range(1, WRITERS * RECORDS + 1))
    assert verify("nycflights") == []


def test_eight_processes_keep_one_whole_chain() -> None:
    script = f"import runpy, sys; runpy.run_path({__file__!r})['write_many'](int(sys.argv[1]))"
    processes = [subprocess.Popen([sys.executable, "-c", script, str(writer)]) for writer in range(WRITERS)]

    assert [process.wait(60) for process in processes] == [0] * WRITERS
    assert written() == expected()
    assert verify("nycflights") == []


def test_streams_are_chains_of_their_own() -> None:
    for stream in ("flight_delays", "nycflights", "flight_delays"):
        emit(stream, job="job", run_id="run", inputs=[], outputs=[])

    assert streams() == ["flight_delays", "nycflights"]
    assert [record.sequence for record in read_stream("flight_delays")] == [1, 2]
    assert [record.sequence for record in read_stream("nycflights")] == [1]


def test_the_chain_goes_on_when_its_head_was_lost_or_is_old() -> None:
    for number in range(3):
        emit("nycflights", job="job", run_id=str(number), inputs=[], outputs=[])
        if number == 0:
            old = lake().read("lineage/nycflights/head.json")
    lake().write("lineage/nycflights/head.json", old)
    emit("nycflights", job="job", run_id="3", inputs=[], outputs=[])
    lake().delete("lineage/nycflights/head.json")
    emit("nycflights", job="job", run_id="4", inputs=[], outputs=[])

    assert [record.sequence for record in read_stream("nycflights")] == [1, 2, 3, 4, 5]
    assert verify("nycflights") == []


@pytest.mark.parametrize("stream", ["", "../models", "a/b", ".hidden"])
def test_a_stream_that_is_no_folder_name_is_refused(stream: str) -> None:
    with pytest.raises(ConfigError, match="is no folder name; use letters"):
        emit(stream, job="job", run_id="run", inputs=[], outputs=[])
